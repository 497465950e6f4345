#include "service/gate/content.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "service/base/errors.h"

namespace kiyome::gate {

std::shared_ptr<const Content> Content::map(int folder, const std::string& name) {
  const Descriptor file(::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw_errno("blobs/" + name);
  return map(file);
}

std::shared_ptr<const Content> Content::map(const Descriptor& file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_errno("fstat");
  auto out = std::make_shared<Content>(std::string());
  if (status.st_size == 0) return out;
  const auto size = static_cast<std::size_t>(status.st_size);
  void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (mapped == MAP_FAILED) throw_errno("mmap");
  out->mapped_ = mapped;
  out->view_ = {static_cast<const char*>(mapped), size};
  return out;
}

Content::~Content() {
  if (mapped_ != nullptr) ::munmap(mapped_, view_.size());
}

}  // namespace kiyome::gate

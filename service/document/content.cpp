#include "service/document/content.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/sockets.h"

namespace kiyome::document {
namespace {

constexpr auto kWritePatience = std::chrono::seconds(60);  // memory is slow only when there is none left

}  // namespace

Content::Content() : file_(::memfd_create("kiyome-part", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
  if (!file_) throw_errno("memfd_create");
}

void Content::append(std::string_view octets) {
  if (!write_all(file_.get(), octets, Steady::now() + kWritePatience)) throw_errno("memfd write");
  hash_->add(octets);
  size_ += octets.size();
}

void Content::seal() {
  sha256_ = hash_->finish();
  hash_.reset();
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  if (::fcntl(file_.get(), F_ADD_SEALS, kSeals) != 0) throw_errno("seal");
}

}  // namespace kiyome::document

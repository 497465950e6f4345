// Several clean files as one ZIP, written while it is sent: stored entries, UTF-8 names, nothing else
// (APPNOTE.TXT 4.3). Sizes and checksums are known before, so the length of the whole is. What 32 bits cannot
// say stands in 64-bit records (4.5.3), and only that, for old readers know none. The files were proved when
// they came.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "service/gate/content.h"
#include "service/http/http.h"

namespace kiyome::gate {

struct ZipEntry {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint32_t crc = 0;
  std::function<std::shared_ptr<const Content>()> content;  // asked when its turn has come; may throw
};

// Names that differ when ASCII case is ignored: "a.pdf", "a (2).pdf".
std::string unlike(const std::string& name, std::set<std::string>& taken);

// One thread.
class ZipStream : public http::Source {
 public:
  explicit ZipStream(std::vector<ZipEntry> entries);
  std::uint64_t size() const override { return size_; }
  std::size_t read(char* into, std::size_t size) override;  // throws TemporaryFailure: an entry is gone

 private:
  enum class Step : std::uint8_t { local, content, central, end };
  bool next();
  std::vector<ZipEntry> entries_;
  std::uint64_t size_ = 0;
  std::uint64_t directory_ = 0;       // where the central records begin
  std::uint64_t directory_size_ = 0;  // of all of them
  Step step_ = Step::local;
  std::size_t entry_ = 0;
  std::uint64_t place_ = 0;  // of the entry whose central record comes next
  std::string piece_;
  std::shared_ptr<const Content> content_;
  std::string_view rest_;
};

// One file.
class FileStream : public http::Source {
 public:
  explicit FileStream(std::shared_ptr<const Content> content)
      : content_(std::move(content)), rest_(content_->view()) {}
  std::uint64_t size() const override { return content_->view().size(); }
  std::size_t read(char* into, std::size_t size) override;

 private:
  std::shared_ptr<const Content> content_;
  std::string_view rest_;
};

}  // namespace kiyome::gate

// Several clean files as one ZIP, written while it is sent: stored entries, UTF-8 names, nothing else
// (APPNOTE.TXT 4.3). Sizes and checksums are known before, so the length of the whole is. The files were
// proved when they came.
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
  // Whether a ZIP without its 64-bit records can hold them.
  static bool fits(const std::vector<ZipEntry>& entries);
  explicit ZipStream(std::vector<ZipEntry> entries);
  std::uint64_t size() const override { return size_; }
  std::size_t read(char* into, std::size_t size) override;  // throws TemporaryFailure: an entry is gone

 private:
  bool next();
  std::vector<ZipEntry> entries_;
  std::uint64_t size_ = 0, offset_ = 0;
  std::size_t entry_ = 0;
  std::string records_, piece_;
  std::shared_ptr<const Content> content_;
  std::string_view rest_;
  bool ended_ = false;
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

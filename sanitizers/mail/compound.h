// An OLE2 compound file ([MS-CFB]) read whole: its storages and the octets of its streams. Chains that loop
// or leave the file end where they do, and damaged() tells. Hostile input; bounded by its own size.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiyome::sanitizer::mail {

class Compound {
 public:
  explicit Compound(std::string_view octets);

  struct Entry {
    std::string name;  // ASCII of UTF-16, other characters as '?'
    bool storage = false;
    std::uint32_t left = 0, right = 0, child = 0, start = 0;
    std::uint64_t size = 0;
  };
  static constexpr std::uint32_t kRoot = 0;

  // What lies in a storage, as numbers of entries. A whole file's entries are looked at a few times each:
  // when storages share one tree, which makes a square of it, the rest stays empty.
  std::vector<std::uint32_t> children(std::uint32_t storage);
  const Entry& at(std::uint32_t entry) const { return entries_[entry]; }
  // A stream's octets. All streams together give at most kMailDerivedBytes.
  std::string read(std::uint32_t entry);
  bool damaged() const { return damaged_; }

 private:
  std::string_view sector(std::uint32_t index) const;
  std::vector<std::uint32_t> table_sectors() const;
  std::string chain(std::uint32_t start, std::uint64_t size);
  std::string mini_chain(std::uint32_t start, std::uint64_t size);
  void read_entries(std::string_view octets);

  std::string_view s_;
  std::size_t sector_size_;
  std::vector<std::uint32_t> table_, mini_table_;  // of each sector: the next one
  std::vector<Entry> entries_;
  std::string mini_;
  std::uint64_t given_ = 0;
  std::size_t listed_ = 0;  // entries that children() told, the same ones again and again
  bool damaged_ = false;
};

}  // namespace kiyome::sanitizer::mail

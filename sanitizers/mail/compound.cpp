// See compound.h.
#include "sanitizers/mail/compound.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::mail {
namespace {

using type::le16, type::le32, type::le64, type::slice;

constexpr std::uint32_t kEndOfChain = 0xfffffffa;  // and what is larger: free, end, the tables themselves
constexpr std::size_t kMiniSector = 64;

void append_numbers(std::string_view octets, std::vector<std::uint32_t>& out) {
  for (std::size_t at = 0; at + 4 <= octets.size(); at += 4) out.push_back(le32(octets, at));
}

}  // namespace

std::string_view Compound::sector(std::uint32_t index) const {
  return slice(s_, (static_cast<std::size_t>(index) + 1) * sector_size_, sector_size_);
}

// The sectors of the allocation table: 109 are named in the header, the others in a chain of their own.
std::vector<std::uint32_t> Compound::table_sectors() const {
  const std::size_t most = s_.size() / sector_size_ / (sector_size_ / 4) + 1;
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < 109 && out.size() < most; ++i)
    if (const std::uint32_t index = le32(s_, 76 + i * 4); index < kEndOfChain) out.push_back(index);
  std::uint32_t at = le32(s_, 68);
  for (std::size_t n = 0; n < most && at < kEndOfChain && out.size() < most; ++n) {
    std::vector<std::uint32_t> more;
    append_numbers(sector(at), more);
    if (more.empty()) break;
    at = more.back();
    more.pop_back();
    for (const std::uint32_t index : more)
      if (index < kEndOfChain && out.size() < most) out.push_back(index);
  }
  return out;
}

Compound::Compound(std::string_view octets) : s_(octets), sector_size_(le16(octets, 30) == 12 ? 4096 : 512) {
  for (const std::uint32_t index : table_sectors()) append_numbers(sector(index), table_);
  read_entries(chain(le32(s_, 48), limits::kOleStreams * 128));
  damaged_ = entries_.empty();  // the directory's size is not told: its end is no damage
  append_numbers(chain(le32(s_, 60), std::uint64_t{le32(s_, 64)} * sector_size_), mini_table_);
  if (!entries_.empty()) mini_ = chain(entries_[kRoot].start, entries_[kRoot].size);
}

void Compound::read_entries(std::string_view octets) {
  for (std::size_t at = 0; at + 128 <= octets.size() && entries_.size() < limits::kOleStreams; at += 128) {
    const std::size_t name_octets = std::min<std::uint32_t>(le16(octets, at + 64), 64);
    Entry entry;
    for (std::size_t i = 0; i + 2 < name_octets; i += 2) {
      const std::uint32_t c = le16(octets, at + i);
      entry.name += c > 0 && c < 0x80 ? static_cast<char>(c) : '?';
    }
    entry.storage = octets[at + 66] == 1 || octets[at + 66] == 5;
    entry.left = le32(octets, at + 68);
    entry.right = le32(octets, at + 72);
    entry.child = le32(octets, at + 76);
    entry.start = le32(octets, at + 116);
    // Files of 512-octet sectors leave the upper half undefined.
    entry.size = sector_size_ == 512 ? le32(octets, at + 120) : le64(octets, at + 120);
    entries_.push_back(std::move(entry));
  }
}

std::vector<std::uint32_t> Compound::children(std::uint32_t storage) {
  std::vector<std::uint32_t> out, open;
  std::vector<bool> seen(entries_.size(), false);
  if (storage < entries_.size()) open.push_back(entries_[storage].child);
  while (!open.empty()) {
    const std::uint32_t index = open.back();
    open.pop_back();
    if (index >= entries_.size() || seen[index]) continue;
    if (listed_ == limits::kOleLooks * entries_.size()) {
      damaged_ = true;
      return {};
    }
    ++listed_;
    seen[index] = true;
    out.push_back(index);
    open.push_back(entries_[index].left);
    open.push_back(entries_[index].right);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string Compound::chain(std::uint32_t start, std::uint64_t size) {
  std::string out;
  const std::uint64_t most = std::min<std::uint64_t>(size, s_.size());
  std::uint32_t at = start;
  while (out.size() < most && at < kEndOfChain) {
    const std::string_view one = sector(at);
    if (one.empty()) break;
    out += one.substr(0, most - out.size());
    at = at < table_.size() ? table_[at] : kEndOfChain;
  }
  damaged_ = damaged_ || out.size() < size;
  return out;
}

std::string Compound::mini_chain(std::uint32_t start, std::uint64_t size) {
  std::string out;
  std::uint32_t at = start;
  while (out.size() < size && at < kEndOfChain) {
    const std::string_view one = slice(mini_, static_cast<std::size_t>(at) * kMiniSector, kMiniSector);
    if (one.empty()) break;
    out += one.substr(0, static_cast<std::size_t>(size) - out.size());
    at = at < mini_table_.size() ? mini_table_[at] : kEndOfChain;
  }
  damaged_ = damaged_ || out.size() < size;
  return out;
}

std::string Compound::read(std::uint32_t entry) {
  const Entry& stream = entries_[entry];
  if (stream.storage || stream.size == 0) return {};
  if (stream.size > limits::kMailDerivedBytes - given_) {
    damaged_ = true;
    return {};
  }
  std::string out =
      stream.size < le32(s_, 56) ? mini_chain(stream.start, stream.size) : chain(stream.start, stream.size);
  given_ += out.size();
  return out;
}

}  // namespace kiyome::sanitizer::mail

// See zip_walk.h. The directory is read and checked as a whole before the first entry is told.
#include "sanitizers/archive/zip_walk.h"

#include <new>
#include <optional>

#include "proto/base/limits.h"
#include "sanitizers/archive/unpack.h"
#include "sanitizers/archive/zip_crypto.h"
#include "sanitizers/archive/zip_directory.h"

namespace kiyome::sanitizer::archive {
namespace {

using clean::Finding;

class ZipWalk : public Walk {
 public:
  ZipWalk(std::string_view octets, const std::vector<std::string>& passwords)
      : directory_(read_zip_directory(octets)), passwords_(password_octets(passwords)) {
    for (std::size_t i = 0; i < passwords_.size(); ++i) order_.push_back(i);
    fitting_.assign(directory_.entries.size(), kUntried);
  }

  WalkEnd walk(Visitor& visitor) override {
    if (directory_.refusal) return {directory_.refusal, {}};
    if (const auto refusal = limit()) return {refusal, {}};
    for (std::size_t i = 0; i < directory_.entries.size(); ++i)
      if (!directory_.entries[i].folder() && !visit(i, visitor)) break;
    return {std::nullopt, directory_.notes};
  }
  bool has_directory() const override { return true; }

 private:
  static constexpr std::size_t kUntried = ~std::size_t{0}, kNone = kUntried - 1;

  std::optional<Finding> limit() const;
  bool visit(std::size_t index, Visitor& visitor);
  std::optional<Finding> open(std::size_t index, std::string& opened);
  bool fits(const ZipEntry& entry, const std::string& opened) const;

  const ZipDirectory directory_;
  const std::vector<std::string> passwords_;
  std::vector<std::size_t> order_;    // into passwords_, the one that fitted last first
  std::vector<std::size_t> fitting_;  // by entry: into passwords_
  std::size_t tries_ = 0;
};

Packed packed(const ZipEntry& entry, std::string_view octets) {
  return {octets, entry.method, entry.flags, entry.size, entry.crc, entry.aes && entry.aes->version != 1};
}

// What the directory claims is known before anything is unpacked.
std::optional<Finding> ZipWalk::limit() const {
  std::uint64_t files = 0, octets = 0;
  for (const ZipEntry& entry : directory_.entries) {
    if (entry.folder()) continue;
    if (++files > limits::kArchiveEntries) return Finding::kLimitEntries;
    if (entry.size > limits::kArchiveExpanded - octets) return Finding::kLimitExpanded;
    octets += entry.size;
  }
  return std::nullopt;
}

bool ZipWalk::visit(std::size_t index, Visitor& visitor) {
  const ZipEntry& entry = directory_.entries[index];
  EntryHead head;
  const bool renamed = !entry.unicode_name.empty() && entry.unicode_name != entry.name;
  head.name = renamed ? entry.unicode_name : entry.name;
  head.utf8 = renamed || entry.utf8();
  if (renamed) head.other_name = entry.name;
  head.size = entry.size;
  std::string opened;
  if (entry.special()) {
    head.held = Finding::kLinkEntry;
  } else if (entry.encrypted()) {
    head.held = open(index, opened);
    if (!head.held) head.notes.push_back(Finding::kPasswordUsed);
  }
  const Visitor::Wish wish = visitor.entry(head);
  if (wish != Visitor::Wish::octets) return wish == Visitor::Wish::pass_over;
  const Unpacked end = unpack(packed(entry, entry.encrypted() ? std::string_view(opened) : entry.data),
                              [&](std::string_view some) { return visitor.octets(some); });
  visitor.end_of_entry(end.trouble);
  return true;
}

// The entry's packed octets by the first password that fits; or why there are none.
std::optional<Finding> ZipWalk::open(std::size_t index, std::string& opened) try {
  const ZipEntry& entry = directory_.entries[index];
  if (entry.size > limits::kArchiveEntryOctets) return Finding::kLimitExpanded;
  std::size_t& fitting = fitting_[index];
  for (std::size_t n = 0; n < order_.size() && fitting != kNone; ++n) {
    const std::size_t candidate = fitting == kUntried ? order_[n] : fitting;
    if (fitting == kUntried && tries_++ >= limits::kArchiveKeyTries) break;
    auto plain = decrypted(entry, passwords_[candidate]);
    if (!plain || (fitting == kUntried && !fits(entry, *plain))) continue;
    opened = std::move(*plain);
    fitting = candidate;
    std::swap(order_[0], order_[n]);
    return std::nullopt;
  }
  fitting = kNone;
  return Finding::kEncrypted;
} catch (const std::bad_alloc&) {
  return Finding::kLimitMemory;
}

// One octet of ZipCrypto fits by chance now and then: the CRC decides, unless the method is none of ours.
bool ZipWalk::fits(const ZipEntry& entry, const std::string& opened) const {
  if (entry.aes) return true;
  const auto trouble = unpack(packed(entry, opened), [](std::string_view) { return true; }).trouble;
  return !trouble || trouble == Finding::kUnsupportedType;
}

}  // namespace

std::unique_ptr<Walk> zip_walk(std::string_view octets, const std::vector<std::string>& passwords) {
  return std::make_unique<ZipWalk>(octets, passwords);
}

}  // namespace kiyome::sanitizer::archive

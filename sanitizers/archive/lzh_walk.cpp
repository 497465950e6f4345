// See lzh_walk.h.
#include "sanitizers/archive/lzh_walk.h"

#include <lha_decoder.h>

#include <algorithm>
#include <cstring>

#include "proto/base/limits.h"
#include "sanitizers/archive/blocks.h"
#include "sanitizers/archive/lzh_header.h"

namespace kiyome::sanitizer::archive {
namespace {

using clean::Finding;

std::size_t give_packed(void* to, std::size_t most, void* data) {
  auto& rest = *static_cast<std::string_view*>(data);
  const std::size_t count = std::min(most, rest.size());
  std::memcpy(to, rest.data(), count);
  rest.remove_prefix(count);
  return count;
}

struct FreeDecoder {
  void operator()(LHADecoder* decoder) const { lha_decoder_free(decoder); }
};

class LzhWalk : public Walk {
 public:
  explicit LzhWalk(std::string_view octets) : octets_(octets) {}
  WalkEnd walk(Visitor& visitor) override;
  bool has_directory() const override { return true; }

 private:
  static bool visit(LzhEntry& entry, Visitor& visitor);
  static std::optional<Finding> unpack(const LzhEntry& entry, Visitor& visitor);

  std::string_view octets_;
};

// Ends at a zero, at the end, or at what is no header: then something may be lost.
WalkEnd LzhWalk::walk(Visitor& visitor) {
  std::size_t at = 0;
  for (std::size_t n = 0; at < octets_.size() && octets_[at] != '\0'; ++n) {
    if (n == limits::kArchiveMembers) return {Finding::kLimitEntries, {}};
    auto entry = read_lzh_header(octets_, at);
    if (!entry) {
      if (n == 0) return {Finding::kDamagedPart, {}};
      return {std::nullopt, {Finding::kBrokenStructure}};
    }
    at = entry->next;
    if (!entry->folder() && !visit(*entry, visitor)) break;
    if (entry->cut) return {std::nullopt, {Finding::kBrokenStructure}};
  }
  // Behind the zero some programs would read on.
  if (octets_.find_first_not_of('\0', at) != octets_.npos && (at >= octets_.size() || octets_[at] == '\0'))
    return {std::nullopt, {Finding::kAmbiguousStructure}};
  return {};
}

bool LzhWalk::visit(LzhEntry& entry, Visitor& visitor) {
  EntryHead head;
  head.name = std::string_view(entry.name).substr(0, limits::kArchiveNameOctets);
  head.utf8 = entry.utf8;
  head.other_name = entry.other_name;
  head.size = entry.size;
  if (entry.special)
    head.held = Finding::kLinkEntry;
  else if (lha_decoder_for_name(entry.method.data()) == nullptr)
    head.held = Finding::kUnsupportedType;
  else if (entry.cut)
    head.held = Finding::kDamagedPart;
  const Visitor::Wish wish = visitor.entry(head);
  if (wish == Visitor::Wish::octets) visitor.end_of_entry(unpack(entry, visitor));
  return wish != Visitor::Wish::stop;
}

std::optional<Finding> LzhWalk::unpack(const LzhEntry& entry, Visitor& visitor) {
  std::string method = entry.method;
  std::string_view rest = entry.packed;
  const std::unique_ptr<LHADecoder, FreeDecoder> decoder(
      lha_decoder_new(lha_decoder_for_name(method.data()), give_packed, &rest, entry.size));
  if (!decoder) return Finding::kLimitMemory;
  std::uint64_t size = 0;
  std::uint16_t crc = 0;
  while (const std::size_t count = lha_decoder_read(decoder.get(), block().data(), block().size())) {
    const std::string_view some(reinterpret_cast<const char*>(block().data()), count);
    size += count;
    crc = lzh_crc(crc, some);
    if (!visitor.octets(some)) return std::nullopt;
  }
  return size == entry.size && crc == entry.crc ? std::nullopt : std::optional(Finding::kDamagedPart);
}

}  // namespace

std::unique_ptr<Walk> lzh_walk(std::string_view octets) { return std::make_unique<LzhWalk>(octets); }

}  // namespace kiyome::sanitizer::archive

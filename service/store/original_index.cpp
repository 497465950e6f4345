#include "service/store/original_index.h"

#include <algorithm>

#include "proto/base/bytes.h"

namespace kiyome::store::original {
namespace {
constexpr std::string_view kTakenMagic = "KIYOMTKN";
constexpr std::uint32_t kTakenVersion = 1;
}  // namespace

std::string encode_taken(const std::vector<TakenUpTo>& segments) {
  ByteWriter w;
  w.raw(kTakenMagic);
  w.u32(kTakenVersion);
  w.u32(static_cast<std::uint32_t>(segments.size()));
  for (const TakenUpTo& each : segments) {
    w.u64(each.segment);
    w.u64(each.offset);
    w.u8(each.used ? 1 : 0);
    w.u32(static_cast<std::uint32_t>(each.later.size()));
    for (const std::uint64_t offset : each.later) w.u64(offset);
  }
  w.u32(crc32_of(w.bytes()));
  return w.take();
}

Result<std::vector<TakenUpTo>> decode_taken(std::string_view octets) {
  constexpr std::size_t kCrc = 4, kEntryMin = 8 + 8 + 1 + 4;
  if (octets.size() < kCrc) return failure("too short");
  ByteReader crc(octets.substr(octets.size() - kCrc));
  const std::string_view body = octets.substr(0, octets.size() - kCrc);
  if (crc.u32() != crc32_of(body)) return failure("the sum is wrong");
  ByteReader in(body);
  if (in.raw(kTakenMagic.size()) != kTakenMagic || in.u32() != kTakenVersion)
    return failure("not a file of this kind");
  const std::uint32_t count = in.u32();
  if (count > in.left() / kEntryMin) in.fail();
  std::vector<TakenUpTo> out;
  for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
    TakenUpTo each;
    each.segment = in.u64();
    each.offset = in.u64();
    each.used = in.u8() == 1;
    const std::uint32_t later = in.u32();
    if (later > in.left() / sizeof(std::uint64_t)) in.fail();
    for (std::uint32_t k = 0; k < later && !in.failed(); ++k) each.later.push_back(in.u64());
    out.push_back(std::move(each));
  }
  if (!in.done()) return failure("octets are left over", in.offset());
  return out;
}

void Index::opened(std::uint64_t segment, const TakenUpTo& known) {
  Segment& mine = segments_[segment];
  mine.taken_up_to = known.offset;
  mine.used = known.used;
  dirty_ = true;
}

void Index::closed(std::uint64_t segment) {
  if (const auto at = segments_.find(segment); at != segments_.end()) at->second.closed = true;
}

void Index::writing(std::uint64_t segment) {
  Segment& mine = segments_[segment];
  ++mine.writers;
  mine.freed = false;
}

void Index::written(std::uint64_t segment) {
  if (const auto at = segments_.find(segment); at != segments_.end() && at->second.writers > 0)
    --at->second.writers;
}

void Index::committed(const ItemId& id, const Place& place, std::uint64_t segment,
                      const std::vector<std::uint64_t>& segments) {
  for (const std::uint64_t each : segments) {
    Segment& holder = segments_[each];
    holder.used = true;
    holder.freed = false;
    ++holder.waiting;
  }
  segments_[segment].records[place.offset] = {place.length, false};
  waiting_[id] = {segment, place.offset, segments};
  dirty_ = true;
}

void Index::was_taken(std::uint64_t segment, const Place& place, const std::vector<std::uint64_t>& segments) {
  for (const std::uint64_t each : segments) segments_[each].used = true;
  Segment& mine = segments_[segment];
  mine.records[place.offset] = {place.length, true};
  advance(mine);
}

void Index::taken(const ItemId& id) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  for (const std::uint64_t each : found->second.segments) --segments_[each].waiting;
  Segment& mine = segments_[found->second.segment];
  mine.records[found->second.offset].taken = true;
  advance(mine);
  waiting_.erase(found);
  dirty_ = true;
}

void Index::advance(Segment& segment) {
  auto& records = segment.records;
  while (!records.empty() && records.begin()->second.taken) {
    segment.taken_up_to = records.begin()->first + records.begin()->second.length;
    records.erase(records.begin());
  }
}

bool Index::free(std::uint64_t segment) {
  const auto found = segments_.find(segment);
  if (found == segments_.end()) return false;
  Segment& mine = found->second;
  // An announcement may be on its way while the cleaner, which does not know the item yet, says the segment
  // is free.
  if (mine.waiting > 0 || mine.writers > 0) return false;
  mine.freed = true;
  return mine.closed;
}

bool Index::unneeded(std::uint64_t segment) const {
  const auto found = segments_.find(segment);
  if (found == segments_.end()) return false;
  const Segment& mine = found->second;
  return mine.closed && mine.waiting == 0 && mine.writers == 0 && (!mine.used || mine.freed);
}

std::vector<std::uint64_t> Index::all_unneeded() const {
  std::vector<std::uint64_t> out;
  for (const auto& [segment, unused] : segments_)
    if (unneeded(segment)) out.push_back(segment);
  return out;
}

std::vector<TakenUpTo> Index::checkpoint() const {
  std::vector<TakenUpTo> out;
  for (const auto& [segment, mine] : segments_) {
    TakenUpTo each{segment, mine.taken_up_to, mine.used, {}};
    for (const auto& [offset, record] : mine.records)
      if (record.taken) each.later.push_back(offset);
    out.push_back(std::move(each));
  }
  return out;
}

}  // namespace kiyome::store::original

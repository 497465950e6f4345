#include "service/command/store_originals.h"

#include <fcntl.h>

#include <algorithm>
#include <set>
#include <vector>

#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/store/original_index.h"
#include "service/store/original_segment.h"
#include "service/store/originals_schema.h"
#include "service/store/place.h"
#include "service/store/row_values.h"

namespace kiyome::command {
namespace {

using store::Blob;
using store::postgres::Connection;
using store::postgres::Parameters;
namespace original = store::original;

struct Arrived {
  ItemId id;
  std::uint64_t first = 0, segment = 0, offset = 0;
  std::uint32_t length = 0;
  std::int64_t came_ms = 0;
};

// One walk over all segments, as the edge has it when it starts.
class Walk {
 public:
  Walk(const std::string& folder, const StillFile& items)
      : directory_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), items_(items) {
    if (!directory_) throw_errno("open " + folder);
    const auto taken = original::decode_taken(read_file(folder + "/taken").value_or(""));
    if (taken)
      for (const original::TakenUpTo& each : *taken) taken_[each.segment] = each;
    sqlite3_prepare_v2(items.handle(), "SELECT 1 FROM items WHERE id = ?", -1, &known_, nullptr);
    items.each("SELECT DISTINCT segment FROM item_segments", [&](sqlite3_stmt* row) {
      needed_.insert(static_cast<std::uint64_t>(sqlite3_column_int64(row, 0)));
    });
    for (const std::uint64_t segment : original::segments_in(directory_.get())) look(segment);
    for (const Arrived& each : arrived_)
      for (const std::uint64_t segment : there_)
        if (segment >= each.first && segment <= each.segment) needed_.insert(segment);
  }
  ~Walk() { sqlite3_finalize(known_); }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  MovedOriginals move(Connection& to);

 private:
  struct Found {
    std::int64_t created_ms = 0;
    std::uint64_t size = 0;  // up to the last whole record: behind it is what was preallocated
  };
  Descriptor open(std::uint64_t segment) const {
    Descriptor file(::openat(directory_.get(), original::segment_name(segment).c_str(),
                             O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file) throw_errno("open a segment of originals");
    return file;
  }
  void look(std::uint64_t segment);
  bool is_decided(const ItemId& id, std::uint64_t segment, std::uint64_t offset);
  void put_rows(Connection& to);
  std::uint64_t put_chunks(Connection& to);

  Descriptor directory_;
  const StillFile& items_;
  sqlite3_stmt* known_ = nullptr;
  std::map<std::uint64_t, original::TakenUpTo> taken_;
  std::set<std::uint64_t> there_, needed_;
  std::map<std::uint64_t, Found> found_;
  std::vector<Arrived> arrived_;
  std::set<ItemId> ids_;  // of them
};

// What was taken long ago may have left the items, too.
bool Walk::is_decided(const ItemId& id, std::uint64_t segment, std::uint64_t offset) {
  if (const auto at = taken_.find(segment); at != taken_.end())
    if (offset < at->second.offset ||
        std::find(at->second.later.begin(), at->second.later.end(), offset) != at->second.later.end())
      return true;
  sqlite3_bind_blob(known_, 1, id.bytes.data(), static_cast<int>(id.bytes.size()), SQLITE_STATIC);
  const int code = sqlite3_step(known_);
  sqlite3_reset(known_);
  if (code != SQLITE_ROW && code != SQLITE_DONE)
    throw TemporaryFailure(std::string("database: ") + sqlite3_errmsg(items_.handle()));
  return code == SQLITE_ROW;
}

// One without a header holds nothing: it was made in the last moment of a life.
void Walk::look(std::uint64_t segment) {
  there_.insert(segment);
  const Descriptor file = open(segment);
  const auto header =
      original::decode_segment_header(original::read_at(file.get(), 0, original::kSegmentHeader));
  if (!header || header->segment != segment) return;
  const original::ScanEnd end = original::scan_segment(
      file.get(), segment, original::kSegmentHeader,
      [&](const original::RecordHeader& record, const original::Place& at) {
        if (record.type != original::RecordType::commit || is_decided(record.id, segment, at.offset)) return;
        if (!ids_.insert(record.id).second) return;  // told twice: one of them is as good as the other
        arrived_.push_back(
            {record.id, record.first_segment, segment, at.offset, at.length, header->created_ms});
      });
  found_[segment] = {header->created_ms, end.torn ? end.size : end.good_end};
}

void Walk::put_rows(Connection& to) {
  Parameters values;
  Filling segments(to, store::schema::kOriginals, "segments",
                   {"segment", "created_ms", "pending", "in_folder"});
  for (const auto& [segment, each] : found_) {
    if (!needed_.contains(segment)) continue;
    values.put(1, static_cast<std::int64_t>(segment));
    values.put(2, each.created_ms);
    values.put(3, std::int64_t{0});
    values.put(4, std::int64_t{0});
    segments.row(values);
  }
  segments.finish();
  Filling arrivals(to, store::schema::kOriginals, "arrivals",
                   {"id", "first_segment", "segment", "offset", "length", "came_ms"});
  for (const Arrived& each : arrived_) {
    values.put(1, store::blob(each.id));
    values.put(2, static_cast<std::int64_t>(each.first));
    values.put(3, static_cast<std::int64_t>(each.segment));
    values.put(4, static_cast<std::int64_t>(each.offset));
    values.put(5, std::int64_t{each.length});
    values.put(6, each.came_ms);
    arrivals.row(values);
  }
  if (arrivals.finish() != arrived_.size()) throw TemporaryFailure("database: arrivals are missing");
}

std::uint64_t Walk::put_chunks(Connection& to) {
  std::uint64_t octets = 0;
  Parameters values;
  Filling chunks(to, store::schema::kOriginals, "chunks", {"segment", "number", "octets"});
  for (const auto& [segment, each] : found_) {
    if (!needed_.contains(segment)) continue;
    const Descriptor file = open(segment);
    for (std::uint64_t at = 0; at < each.size; at += store::kOriginalRow) {
      const std::string piece =
          original::read_at(file.get(), at, std::min<std::uint64_t>(store::kOriginalRow, each.size - at));
      values.put(1, static_cast<std::int64_t>(segment));
      values.put(2, static_cast<std::int64_t>(at / store::kOriginalRow));
      values.put(3, Blob{piece});
      chunks.row(values);
      octets += piece.size();
    }
  }
  chunks.finish();
  return octets;
}

// A number is never used twice, also not one whose segment is gone.
MovedOriginals Walk::move(Connection& to) {
  put_rows(to);
  MovedOriginals out;
  out.octets = put_chunks(to);
  out.arrivals = arrived_.size();
  for (const std::uint64_t segment : needed_) ++(found_.contains(segment) ? out.segments : out.missing);
  std::uint64_t last = static_cast<std::uint64_t>(items_.number("SELECT max(segment) FROM items"));
  for (const auto& [segment, each] : taken_) last = std::max(last, segment);
  if (!there_.empty()) last = std::max(last, *there_.rbegin());
  if (last > 0)
    to.command(("SELECT setval(pg_get_serial_sequence('kiyome_originals.segments', 'segment'), " +
                std::to_string(last) + ")")
                   .c_str());
  return out;
}

}  // namespace

MovedOriginals move_originals(const std::string& folder, const StillFile& items, Connection& to) {
  return Walk(folder, items).move(to);
}

}  // namespace kiyome::command

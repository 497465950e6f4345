#include "service/store/audit_book.h"

#include <fmt/format.h>

#include <algorithm>

#include "service/base/hex.h"
#include "service/base/log.h"
#include "service/store/row_values.h"

namespace kiyome::store {
namespace {

constexpr std::int64_t kClockStepMs = 3'600'000;  // how far back a clock may have been set without harm
constexpr std::int64_t kCutAtOnce = 20'000;       // rows a turn, so that the relay is not kept waiting

constexpr const char* kColumns = "SELECT sequence, unix_ms, event, item, actor, detail, hash FROM audit ";
constexpr const char* kMarks =
    "SELECT trail, kind, sequence, unix_ms, head, key, signature, told_ms FROM checkpoints ";

audit::Linked linked_of(const Row& row) {
  audit::Linked out;
  out.entry.sequence = static_cast<std::uint64_t>(row.integer(0));
  out.entry.unix_ms = row.integer(1);
  out.entry.event = row.text(2);
  if (!row.null(3)) out.entry.item = item_id(row.blob(3));
  out.entry.actor = row.text(4);
  out.entry.detail = row.text(5);
  out.hash = sha256_of(row.blob(6));
  out.sound =
      (row.null(3) || row.blob(3).size() == sizeof(ItemId::bytes)) && row.blob(6).size() == out.hash.size();
  return out;
}

template <std::size_t N>
void fill(std::array<std::uint8_t, N>& out, std::string_view octets) {
  std::copy_n(octets.begin(), std::min(octets.size(), N), out.begin());
}

template <std::size_t N>
Blob octets(const std::array<std::uint8_t, N>& from) {
  return {{reinterpret_cast<const char*>(from.data()), N}};
}

KeptCheckpoint mark_of(const Row& row) {
  KeptCheckpoint out;
  out.checkpoint.trail = static_cast<audit::Trail>(row.integer(0));
  out.checkpoint.kind = static_cast<audit::CheckpointKind>(row.integer(1));
  out.checkpoint.sequence = static_cast<std::uint64_t>(row.integer(2));
  out.checkpoint.unix_ms = row.integer(3);
  fill(out.checkpoint.head, row.blob(4));
  fill(out.checkpoint.key, row.blob(5));
  fill(out.checkpoint.signature, row.blob(6));
  out.told_ms = row.integer(7);
  return out;
}

void insert(Database& database, const audit::Checkpoint& c, std::int64_t told_ms) {
  Statement(database, "INSERT INTO checkpoints VALUES (?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING")
      .run(c.trail, c.sequence, c.kind, c.unix_ms, octets(c.head), octets(c.key), octets(c.signature),
           told_ms);
}

void note_conflict(AuditLog& log, const audit::Checkpoint& came, const audit::Checkpoint& standing,
                   std::int64_t now_ms) {
  log::error("audit checkpoint: a second one for the same entry",
             {{"trail", audit::name_of(came.trail)}, {"sequence", static_cast<std::int64_t>(came.sequence)}});
  log.note(
      "checkpoint-conflict", nullptr, std::string(audit::name_of(came.trail)),
      fmt::format(
          R"({{"trail":"{}","sequence":{},"head":"{}","key":"{}","standing_sequence":{},"standing_head":"{}","standing_key":"{}"}})",
          audit::name_of(came.trail), came.sequence, hex(came.head), hex(came.key), standing.sequence,
          hex(standing.head), hex(standing.key)),
      now_ms);
}

}  // namespace

audit::Base audit_base(Database& database) {
  audit::Base out;
  Statement(database, "SELECT sequence, head FROM audit_base").one([&](const Row& row) {
    out = {static_cast<std::uint64_t>(row.integer(0)), sha256_of(row.blob(1))};
  });
  return out;
}

std::uint64_t audit_last(Database& database) {
  std::uint64_t out = 0;
  Statement(database, "SELECT last FROM audit_base").one([&](const Row& row) {
    out = static_cast<std::uint64_t>(row.integer(0));
  });
  return out;
}

std::vector<audit::Linked> audit_page(Database& database, std::uint64_t after, std::size_t max) {
  std::vector<audit::Linked> out;
  Statement(database, std::string(kColumns) + "WHERE sequence>? ORDER BY sequence LIMIT ?")
      .each([&](const Row& row) { out.push_back(linked_of(row)); }, after, max);
  return out;
}

std::optional<audit::Fault> walk_trail(Database& database,
                                       const std::function<void(const audit::Entry&)>& use,
                                       std::uint64_t& count) {
  constexpr std::size_t kPage = 1000;
  audit::Verifier verifier(audit_base(database));
  count = 0;
  for (;;) {
    const std::vector<audit::Linked> page = audit_page(database, verifier.last(), kPage);
    if (page.empty()) return std::nullopt;
    for (const audit::Linked& each : page) {
      if (auto fault = verifier.take(each)) return fault;
      ++count;
      if (use) use(each.entry);
    }
  }
}

std::vector<KeptCheckpoint> checkpoints_of(Database& database, audit::Trail trail, std::size_t max) {
  std::vector<KeptCheckpoint> out;
  const auto most = static_cast<std::int64_t>(std::min<std::size_t>(max, INT64_MAX));
  Statement(database, std::string(kMarks) + "WHERE trail=? ORDER BY sequence DESC, kind DESC LIMIT ?")
      .each([&](const Row& row) { out.push_back(mark_of(row)); }, trail, most);
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<audit::Checkpoint> untold_checkpoints(Database& database, std::span<const audit::Trail> trails,
                                                  std::size_t max) {
  std::vector<audit::Checkpoint> out;
  Statement untold(database, std::string(kMarks) + "WHERE told_ms=0 AND trail=? ORDER BY sequence LIMIT ?");
  for (const audit::Trail trail : trails)
    untold.each([&](const Row& row) { out.push_back(mark_of(row).checkpoint); }, trail, max - out.size());
  return out;
}

audit::Finding examine_trail(Database& database, audit::Trail trail, std::optional<audit::PublicKey> key,
                             std::span<const audit::Checkpoint> elsewhere) {
  // One snapshot: entries, count and checkpoints that belong together.
  struct Snapshot {
    Database& database;
    explicit Snapshot(Database& of) : database(of) { database.engine().begin_reading(); }
    ~Snapshot() { database.engine().rollback(); }
  } const snapshot(database);
  audit::Frame frame;
  frame.trail = trail;
  frame.base = audit_base(database);
  frame.last = audit_last(database);
  frame.key = key;
  std::vector<audit::Checkpoint> own;
  for (const KeptCheckpoint& each : checkpoints_of(database, trail)) own.push_back(each.checkpoint);
  audit::Examination examination(frame, own, elsewhere);
  Statement entries(database, std::string(kColumns) + "WHERE sequence>? ORDER BY sequence");
  entries.bind(1, frame.base.sequence);
  bool more = true;
  while (more && entries.step()) more = examination.take(linked_of(entries.row()));
  return examination.finish();
}

std::uint64_t audit_sequence_at(Database& database, std::int64_t unix_ms) {
  std::uint64_t low = audit_base(database).sequence + 1, high = audit_last(database) + 1;
  Statement at(database, "SELECT unix_ms, sequence FROM audit WHERE sequence>=? ORDER BY sequence LIMIT 1");
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    std::int64_t when = INT64_MAX;
    at.one([&](const Row& row) { when = row.integer(0); }, middle);
    if (when < unix_ms)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

// Each condition has an index but time, which the order of the entries stands for.
std::vector<audit::Entry> find_audit(Database& database, const AuditQuery& query) {
  std::uint64_t first = audit_base(database).sequence + 1, behind = audit_last(database) + 1;
  if (query.since_ms > 0)
    first = std::max(first,
                     audit_sequence_at(database, std::max<std::int64_t>(0, query.since_ms - kClockStepMs)));
  if (query.until_ms > 0)
    behind = std::min(behind, audit_sequence_at(database, query.until_ms + kClockStepMs));
  if (query.before > 0) behind = std::min(behind, query.before);
  const bool event = !query.event.empty(), actor = !query.actor.empty();
  std::string sql = "SELECT sequence, unix_ms, event, item, actor, detail, hash FROM audit ";
  if (query.item)
    sql += "INDEXED BY audit_item ";
  else if (event || actor)
    sql += event && actor ? "INDEXED BY audit_both "
           : event        ? "INDEXED BY audit_event "
                          : "INDEXED BY audit_actor ";
  sql += "WHERE sequence>=? AND sequence<? AND unix_ms>=? AND unix_ms<? ";
  if (query.item) sql += "AND item=? ";
  if (event) sql += "AND event=? ";
  if (actor) sql += "AND actor=? ";
  sql += "ORDER BY sequence DESC LIMIT " + std::to_string(query.max);
  Statement find(database, sql);
  int index = 0;
  find.bind(++index, first);
  find.bind(++index, behind);
  find.bind(++index, query.since_ms);
  find.bind(++index, query.until_ms > 0 ? query.until_ms : INT64_MAX);
  if (query.item) find.bind(++index, blob(*query.item));
  if (event) find.bind(++index, query.event);
  if (actor) find.bind(++index, query.actor);
  std::vector<audit::Entry> out;
  while (find.step()) out.push_back(linked_of(find.row()).entry);
  return out;
}

std::optional<audit::Checkpoint> make_checkpoint(Database& database, const AuditLog& log, audit::Trail trail,
                                                 const audit::Signer& signer, std::int64_t now_ms) {
  std::uint64_t covered = audit_base(database).sequence;
  Statement(database, "SELECT max(sequence) FROM checkpoints WHERE trail=?")
      .one([&](const Row& row) { covered = std::max(covered, static_cast<std::uint64_t>(row.integer(0))); },
           trail);
  // Notes about others' checkpoints alone call for none: each of ours makes one there, and back again.
  const bool something =
      Statement(database, "SELECT 1 FROM audit WHERE sequence>? AND event<>'checkpoint-kept' LIMIT 1")
          .one([](const Row&) {}, covered);
  if (!something) return std::nullopt;
  const audit::Base head = log.head();
  const audit::Checkpoint out =
      signer.sign(trail, audit::CheckpointKind::head, head.sequence, head.head, now_ms);
  insert(database, out, 0);
  return out;
}

Keeping keep_checkpoint(Database& database, AuditLog& log, const audit::Checkpoint& checkpoint,
                        std::int64_t now_ms, audit::Checkpoint& standing) {
  bool same = false, other = false;
  const auto look = [&](const Row& row) {
    const audit::Checkpoint each = mark_of(row).checkpoint;
    if (each.key == checkpoint.key && each.head == checkpoint.head) {
      if (each.kind == checkpoint.kind) same = true;
      return;
    }
    if (!other) standing = each;
    other = true;
  };
  Statement(database, std::string(kMarks) + "WHERE trail=? AND sequence=?")
      .each(look, checkpoint.trail, checkpoint.sequence);
  if (!other && !same)  // the first key of a trail is its key
    Statement(database, std::string(kMarks) + "WHERE trail=? AND key<>? ORDER BY sequence LIMIT 1")
        .each(look, checkpoint.trail, octets(checkpoint.key));
  if (other) {
    note_conflict(log, checkpoint, standing, now_ms);
    return Keeping::conflict;
  }
  if (same) return Keeping::known;
  insert(database, checkpoint, 0);
  log.note(checkpoint.kind == audit::CheckpointKind::cut ? "trail-cut-told" : "checkpoint-kept", nullptr,
           std::string(audit::name_of(checkpoint.trail)),
           fmt::format(R"({{"trail":"{}","sequence":{},"head":"{}"}})", audit::name_of(checkpoint.trail),
                       checkpoint.sequence, hex(checkpoint.head)),
           now_ms);
  return Keeping::fresh;
}

bool confirm_checkpoint(Database& database, AuditLog& log, const audit::Checkpoint& checkpoint,
                        std::int64_t now_ms) {
  std::optional<KeptCheckpoint> ours;
  Statement(database, std::string(kMarks) + "WHERE trail=? AND sequence=? AND kind=?")
      .each([&](const Row& row) { ours = mark_of(row); }, checkpoint.trail, checkpoint.sequence,
            checkpoint.kind);
  if (ours && ours->checkpoint.head == checkpoint.head && ours->checkpoint.key == checkpoint.key) {
    if (ours->told_ms == 0)
      Statement(database, "UPDATE checkpoints SET told_ms=? WHERE trail=? AND sequence=? AND kind=?")
          .run(now_ms, checkpoint.trail, checkpoint.sequence, checkpoint.kind);
    return true;
  }
  note_conflict(log, checkpoint, ours ? ours->checkpoint : audit::Checkpoint{}, now_ms);
  return false;
}

bool is_told(Database& database, const audit::Checkpoint& checkpoint) {
  return Statement(database,
                   "SELECT 1 FROM checkpoints WHERE trail=? AND sequence=? AND kind=? AND told_ms<>0")
      .one([](const Row&) {}, checkpoint.trail, checkpoint.sequence, checkpoint.kind);
}

std::optional<audit::Checkpoint> cut_trail(Database& database, AuditLog& log, audit::Trail trail,
                                           const audit::Signer& signer, std::int64_t before_ms,
                                           std::int64_t now_ms) {
  const audit::Base base = audit_base(database);
  Statement(database,
            "DELETE FROM audit WHERE sequence IN (SELECT sequence FROM audit WHERE sequence<=? LIMIT ?)")
      .run(base.sequence, kCutAtOnce);
  Statement(database, "DELETE FROM checkpoints WHERE unix_ms<? AND told_ms<>0 AND trail=? AND sequence<?")
      .run(before_ms, trail, base.sequence);
  Statement(database,
            "DELETE FROM checkpoints WHERE unix_ms<?1 AND trail<>?2 AND sequence<(SELECT max(sequence) FROM "
            "checkpoints AS later WHERE later.trail=checkpoints.trail)")
      .run(before_ms, trail);
  std::optional<KeptCheckpoint> at;
  Statement(database, std::string(kMarks) +
                          "WHERE trail=? AND sequence>? AND unix_ms<? AND told_ms<>0 AND kind=1 "
                          "ORDER BY sequence DESC LIMIT 1")
      .each([&](const Row& row) { at = mark_of(row); }, trail, base.sequence, before_ms);
  if (!at || at->checkpoint.sequence >= log.head().sequence)
    return std::nullopt;  // its last entry always stays
  const audit::Checkpoint& mark = at->checkpoint;
  const audit::Checkpoint cut =
      signer.sign(trail, audit::CheckpointKind::cut, mark.sequence, mark.head, now_ms);
  insert(database, cut, 0);
  Statement(database, "UPDATE audit_base SET sequence=?, head=?").run(mark.sequence, octets(mark.head));
  log.note(
      "trail-cut", nullptr, std::string(audit::name_of(trail)),
      fmt::format(R"({{"from":{},"to":{},"head":"{}"}})", base.sequence + 1, mark.sequence, hex(mark.head)),
      now_ms);
  return cut;
}

}  // namespace kiyome::store

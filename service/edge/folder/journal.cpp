#include "service/edge/folder/journal.h"

#include <charconv>

#include "proto/base/limits.h"

namespace kiyome::edge::folder {
namespace {

using store::blob;
using store::Blob;
using store::Row;

// The steps of the schema, from the first day on. A step that was ever released is never changed.
constexpr const char* kSchema[] = {
    R"(CREATE TABLE taken (
         item BLOB PRIMARY KEY, path BLOB NOT NULL, name TEXT NOT NULL,
         inode INTEGER NOT NULL, bytes INTEGER NOT NULL, changed_ns INTEGER NOT NULL, root INTEGER NOT NULL, sha256 BLOB NOT NULL,
         taken_ms INTEGER NOT NULL, stage INTEGER NOT NULL,
         state INTEGER NOT NULL,  -- transfer::DropProgress
         findings TEXT NOT NULL) WITHOUT ROWID;
       CREATE INDEX taken_unfinished ON taken (item) WHERE stage < 3;
       CREATE INDEX taken_moving ON taken (item) WHERE state IN (1, 2, 3, 6, 7);
       CREATE INDEX taken_by_age ON taken (taken_ms);)"};

#define KIYOME_TAKEN_COLUMNS                                                                                \
  "SELECT item, path, name, inode, bytes, changed_ns, root, sha256, taken_ms, stage, state, findings FROM " \
  "taken "

std::string joined(const std::vector<std::uint16_t>& codes) {
  std::string out;
  for (const std::uint16_t code : codes) out.append(out.empty() ? "" : " ").append(std::to_string(code));
  return out;
}

std::vector<std::uint16_t> parted(std::string_view text) {
  std::vector<std::uint16_t> out;
  for (const char *at = text.data(), *end = at + text.size(); at < end; ++at) {
    std::uint16_t code = 0;
    at = std::from_chars(at, end, code).ptr;
    out.push_back(code);
  }
  return out;
}

TakenFile file_in(const Row& row) {
  TakenFile out;
  out.item = store::item_id(row.blob(0));
  out.path = row.blob(1);
  out.name = row.text(2);
  out.identity = {static_cast<std::uint64_t>(row.integer(3)), static_cast<std::uint64_t>(row.integer(4)),
                  row.integer(5)};
  out.root = static_cast<std::uint64_t>(row.integer(6));
  out.sha256 = store::sha256_of(row.blob(7));
  out.taken_ms = row.integer(8);
  out.stage = static_cast<Stage>(row.integer(9));
  out.state = static_cast<transfer::DropProgress>(row.integer(10));
  out.findings = parted(row.text(11));
  return out;
}

}  // namespace

Journal::Journal(const std::string& folder) : database_(folder + "/folder.sqlite") {
  database_.migrate(kSchema);
}

void Journal::intend(const std::vector<TakenFile>& files) {
  store::Transaction all(database_);
  for (const TakenFile& file : files)
    database_.kept("INSERT INTO taken VALUES (?,?,?,?,?,?,?,?,?,?,?,'')")
        .run(blob(file.item), Blob{file.path}, file.name, static_cast<std::int64_t>(file.identity.inode),
             file.identity.bytes, file.identity.changed_ns, static_cast<std::int64_t>(file.root),
             blob(file.sha256), file.taken_ms, Stage::intended, file.state);
  all.commit();
}

void Journal::set_stage(const std::vector<ItemId>& items, Stage stage) {
  if (items.empty()) return;
  store::Transaction all(database_);
  for (const ItemId& item : items)
    database_.kept("UPDATE taken SET stage = ? WHERE item = ?").run(stage, blob(item));
  all.commit();
}

void Journal::forget(const std::vector<ItemId>& items) {
  if (items.empty()) return;
  store::Transaction all(database_);
  for (const ItemId& item : items) database_.kept("DELETE FROM taken WHERE item = ?").run(blob(item));
  all.commit();
}

std::vector<TakenFile> Journal::unfinished() {
  std::vector<TakenFile> out;
  database_.kept(KIYOME_TAKEN_COLUMNS "WHERE stage < 3 ORDER BY item").each([&](const Row& row) {
    out.push_back(file_in(row));
  });
  return out;
}

std::vector<TakenFile> Journal::hear(const std::vector<transfer::DropState>& states) {
  std::vector<TakenFile> out;
  if (states.empty()) return out;
  store::Transaction all(database_);
  for (const transfer::DropState& heard : states) {
    TakenFile file;
    const auto find = [&](const Row& row) { file = file_in(row); };
    if (!database_.kept(KIYOME_TAKEN_COLUMNS "WHERE item = ?").one(find, blob(heard.id))) continue;
    if (file.state == heard.state && file.findings == heard.findings) continue;
    file.state = heard.state;
    file.findings = heard.findings;
    database_.kept("UPDATE taken SET state = ?, findings = ? WHERE item = ?")
        .run(file.state, joined(file.findings), blob(heard.id));
    out.push_back(std::move(file));
  }
  all.commit();
  return out;
}

std::vector<ItemId> Journal::moving(const ItemId& after, std::size_t max) {
  std::vector<ItemId> out;
  database_
      .kept(
          "SELECT item FROM taken WHERE state IN (1, 2, 3, 6, 7) AND stage >= 2 AND item > ? "
          "ORDER BY item LIMIT ?")
      .each([&](const Row& row) { out.push_back(store::item_id(row.blob(0))); }, blob(after), max);
  return out;
}

void Journal::prune(std::int64_t before_ms) {
  database_
      .kept(
          "DELETE FROM taken WHERE item IN (SELECT item FROM taken WHERE taken_ms < ? AND stage = 3 "
          "ORDER BY taken_ms LIMIT ?)")
      .run(before_ms, limits::kDropSweep);
}

std::vector<TakenFile> Journal::page(const ItemId& after, std::size_t max) {
  std::vector<TakenFile> out;
  database_.kept(KIYOME_TAKEN_COLUMNS "WHERE item > ? ORDER BY item LIMIT ?")
      .each([&](const Row& row) { out.push_back(file_in(row)); }, blob(after), max);
  return out;
}

}  // namespace kiyome::edge::folder

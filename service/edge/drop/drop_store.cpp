// Uploads, and how files fare. Submissions: drop_store_submissions.cpp.
#include "service/edge/drop/drop_store.h"

#include "proto/base/limits.h"
#include "service/edge/drop/drop_rows.h"
#include "service/edge/drop/drop_schema.h"
#include "service/store/nodes.h"

namespace kiyome::edge::drop {
namespace {

using store::Database;
using store::Row;
using store::Transaction;

#define KIYOME_UPLOAD_COLUMNS \
  "SELECT id, account, name, metadata, size, offset, created_ms, touched_ms, state, host FROM uploads "

Upload upload_of(const Row& row) {
  Upload out;
  out.id = item_id(row.blob(0));
  out.account = row.integer(1);
  out.name = row.text(2);
  out.metadata = row.text(3);
  out.size = static_cast<std::uint64_t>(row.integer(4));
  out.offset = static_cast<std::uint64_t>(row.integer(5));
  out.created_ms = row.integer(6);
  out.touched_ms = row.integer(7);
  out.state = static_cast<UploadState>(row.integer(8));
  out.host = row.text(9);
  return out;
}

struct Used {
  std::uint64_t bytes = 0, begun = 0;
};

Used used_since(Database& database, std::int64_t account, std::int64_t since_ms) {
  Used out;
  database
      .kept(
          "SELECT COALESCE(SUM(CASE state WHEN 3 THEN offset ELSE size END), 0), COUNT(*) FROM uploads "
          "WHERE account=? AND created_ms>?")
      .one(
          [&](const Row& row) {
            out.bytes = static_cast<std::uint64_t>(row.integer(0));
            out.begun = static_cast<std::uint64_t>(row.integer(1));
          },
          account, since_ms);
  return out;
}

}  // namespace

DropStore::DropStore(const std::string& folder, const store::Place& place)
    : database_(std::make_unique<Database>(
          place.shared() || !place.file.empty() ? place : store::Place{folder + "/drop.sqlite", {}, {}})) {
  with([&](Database& database) {
    shared_ = database.shared();
    if (shared_) host_ = store::node_name(folder);
    // Passwords pass through here: what is deleted is overwritten.
    if (!shared_) database.execute("PRAGMA secure_delete=ON");
    database.migrate(kDropSchema);
    return 0;
  });
}

DropStore::Added DropStore::add_upload(const Upload& upload, std::uint64_t bytes_max, std::int64_t since_ms) {
  return with([&](Database& database) {
    Transaction transaction(database);
    const Used used = used_since(database, upload.account, since_ms);
    if (used.bytes > bytes_max || upload.size > bytes_max - used.bytes) return Added::too_many_bytes;
    std::uint64_t open = 0;
    database.kept("SELECT COUNT(*) FROM uploads WHERE account=? AND state=1")
        .one([&](const Row& row) { open = static_cast<std::uint64_t>(row.integer(0)); }, upload.account);
    if (used.begun >= limits::kDropUploadsDay || open >= limits::kDropUploadsOpen) return Added::too_many;
    database
        .kept(
            "INSERT INTO uploads (id, account, name, metadata, size, offset, created_ms, touched_ms, state, "
            "host) VALUES (?,?,?,?,?,?,?,?,?,?)")
        .run(blob(upload.id), upload.account, upload.name, upload.metadata, upload.size, upload.offset,
             upload.created_ms, upload.touched_ms, upload.state, host_);
    transaction.commit();
    any_ = true;
    return Added::added;
  });
}

std::optional<Upload> DropStore::find_upload(std::int64_t account, const ItemId& id) {
  return with([&](Database& database) {
    std::optional<Upload> out;
    database.kept(KIYOME_UPLOAD_COLUMNS "WHERE id=? AND account=?")
        .one([&](const Row& row) { out = upload_of(row); }, blob(id), account);
    return out;
  });
}

void DropStore::set_offset(const ItemId& id, std::uint64_t offset, std::int64_t now_ms) {
  with([&](Database& database) {
    database.kept("UPDATE uploads SET offset=?, touched_ms=? WHERE id=? AND state=1")
        .run(offset, now_ms, blob(id));
    return 0;
  });
}

bool DropStore::drop_upload(const ItemId& id) {
  return with([&](Database& database) {
    database.kept("UPDATE uploads SET state=3 WHERE id=? AND state=1").run(blob(id));
    return database.changes() == 1;
  });
}

std::uint64_t DropStore::begun_bytes(std::int64_t account, std::int64_t since_ms) {
  return with([&](Database& database) { return used_since(database, account, since_ms).bytes; });
}

void DropStore::open_uploads(const std::function<void(const Upload&)>& use) {
  std::vector<Upload> found;
  with([&](Database& database) {
    database.kept(KIYOME_UPLOAD_COLUMNS "WHERE state=1 AND host=?")
        .each([&](const Row& row) { found.push_back(upload_of(row)); }, host_);
    return 0;
  });
  for (const Upload& each : found) use(each);
}

std::vector<ItemId> DropStore::idle_uploads(std::int64_t before_ms) {
  return with([&](Database& database) {
    std::vector<ItemId> out;
    database
        .kept(
            "SELECT id FROM uploads WHERE state=1 AND touched_ms<? AND (host=? OR touched_ms<?) ORDER BY "
            "touched_ms LIMIT ?")
        .each([&](const Row& row) { out.push_back(item_id(row.blob(0))); }, before_ms, host_,
              before_ms - kDayMs, limits::kDropSweep);
    return out;
  });
}

void DropStore::hear(const std::vector<transfer::DropState>& states, std::int64_t now_ms) {
  if (states.empty()) return;
  with([&](Database& database) {
    Transaction transaction(database);
    for (const transfer::DropState& each : states) {
      const std::string findings = codes_text(each.findings);
      // Said again, it is no change: pages that ask with an ETag go on hearing 304.
      database
          .kept(
              "UPDATE files SET state=?1, pages=?2, findings=?3, changed_ms=?4, previews=?6 WHERE item=?5 "
              "AND "
              "(state<>?1 OR pages<>?2 OR findings<>?3 OR previews<>?6)")
          .run(each.state, each.pages, findings, now_ms, blob(each.id), each.pictures);
    }
    transaction.commit();
    return 0;
  });
}

std::vector<ItemId> DropStore::open_items(const ItemId& after, bool moving) {
  return with([&](Database& database) {
    std::vector<ItemId> out;
    const auto keep = [&](const Row& row) { out.push_back(item_id(row.blob(0))); };
    if (moving)
      database
          .kept(
              "SELECT item FROM files WHERE item>? AND state IN (1, 2, 3) AND committed=1 ORDER BY item "
              "LIMIT ?")
          .each(keep, blob(after), limits::kDropSweep);
    else
      database
          .kept(
              "SELECT item FROM files WHERE item>? AND state IN (1, 2, 3, 4, 6, 7) AND committed=1 ORDER "
              "BY item LIMIT ?")
          .each(keep, blob(after), limits::kDropSweep);
    return out;
  });
}

void DropStore::prune(std::int64_t history_ms, std::int64_t uploads_ms) {
  with([&](Database& database) {
    std::vector<ItemId> old;
    database.kept("SELECT id FROM submissions WHERE created_ms<? AND sent=1 LIMIT ?")
        .each([&](const Row& row) { old.push_back(item_id(row.blob(0))); }, history_ms, limits::kDropSweep);
    // A transaction of nothing costs the other hosts their turn.
    if (shared_ && old.empty() &&
        !database.kept("SELECT 1 FROM uploads WHERE state IN (2, 3) AND touched_ms<? LIMIT 1")
             .one([](const Row&) {}, uploads_ms))
      return 0;
    Transaction transaction(database);
    for (const ItemId& id : old) {
      database.kept("DELETE FROM files WHERE submission=?").run(blob(id));
      database.kept("DELETE FROM submissions WHERE id=?").run(blob(id));
    }
    database
        .kept(
            "DELETE FROM uploads WHERE id IN (SELECT id FROM uploads WHERE state IN (2, 3) AND touched_ms<? "
            "AND id NOT IN (SELECT upload FROM files WHERE submission IN (SELECT id FROM submissions WHERE "
            "sent=0)) LIMIT ?)")
        .run(uploads_ms, limits::kDropSweep);
    transaction.commit();
    database.kept("SELECT EXISTS (SELECT 1 FROM uploads) OR EXISTS (SELECT 1 FROM submissions)")
        .one([&](const Row& row) { any_ = row.integer(0) != 0; });
    return 0;
  });
}

}  // namespace kiyome::edge::drop

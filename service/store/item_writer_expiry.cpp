// What the writer does about time: originals, held items and records past their days, but for those that
// stand under legal hold. How many those are is
// said by the tenants of an item's recipients as they were when it was decided, and by the configuration of
// today.
#include <fmt/format.h>

#include <map>

#include "service/base/clock.h"
#include "service/base/hex.h"
#include "service/base/log.h"
#include "service/store/item_writer.h"

namespace kiyome::store {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::size_t kExpireAtOnce = 5000;  // items a turn, so that the relay is not kept waiting

// The days of each set of tenants, as they stand in the column.
class Days {
 public:
  Days(const ItemStore::RetentionOf& retention, std::int64_t now_ms)
      : retention_(retention), now_ms_(now_ms) {}

  // Received before that time, it is past its days.
  std::int64_t before(std::string_view tenants, double RetentionConfig::*key) {
    const auto found = known_.find(tenants);
    const RetentionConfig& days =
        found != known_.end()
            ? found->second
            : known_.emplace(std::string(tenants), retention_(parted_lines(tenants))).first->second;
    return now_ms_ - static_cast<std::int64_t>(days.*key * static_cast<double>(kDayMs));
  }

 private:
  const ItemStore::RetentionOf& retention_;
  const std::int64_t now_ms_;
  std::map<std::string, RetentionConfig, std::less<>> known_;
};

// Of each set of tenants in turn the items that `old` gives (tenants, before that time, at most so many).
// `next` gives the set after this one: one step in an index.
std::vector<ItemId> past_their_days(Database& database, const char* next, const char* old, Days& days,
                                    double RetentionConfig::*key) {
  Statement next_set(database, next), old_items(database, old);
  std::vector<ItemId> out;
  std::string tenants;
  for (bool more = true; more && out.size() < kExpireAtOnce;) {
    old_items.each([&](const Row& row) { out.push_back(item_id(row.blob(0))); }, tenants,
                   days.before(tenants, key), kExpireAtOnce - out.size());
    const std::string last = tenants;
    more = next_set.one([&](const Row& row) { tenants = row.text(0); }, last);
  }
  return out;
}

// There are few of them, and their index knows no time: one walk through all.
std::vector<ItemId> held_too_long(Database& database, Days& days) {
  Statement held(database,
                 "SELECT recipients.id, received_ms, tenants FROM recipients JOIN items USING (id) WHERE "
                 "state=1 AND NOT EXISTS (SELECT 1 FROM kept WHERE kept.id=recipients.id) ORDER BY "
                 "recipients.id");
  std::vector<ItemId> out;
  held.each([&](const Row& row) {
    const ItemId id = item_id(row.blob(0));
    if (out.size() == kExpireAtOnce || (!out.empty() && out.back() == id)) return;
    if (row.integer(1) < days.before(row.text(2), &RetentionConfig::held_days)) out.push_back(id);
  });
  return out;
}

}  // namespace

void ItemWriter::expire(const ItemStore::RetentionOf& retention, std::int64_t now_ms) {
  Days days(retention, now_ms);
  // Held items past their days are deleted, and said so.
  for (const ItemId& id : held_too_long(database_, days)) remove(id, "retention");
  expire_words(now_ms);
  // An original is needed while a copy is held or on its way.
  const std::vector<ItemId> served = past_their_days(
      database_, "SELECT tenants FROM items WHERE original_kept=1 AND tenants>? ORDER BY tenants LIMIT 1",
      "SELECT id FROM items WHERE original_kept=1 AND tenants=? AND received_ms<? AND NOT EXISTS "
      "(SELECT 1 FROM recipients WHERE recipients.id=items.id AND state IN (1,2)) AND NOT EXISTS (SELECT 1 "
      "FROM kept WHERE kept.id=items.id) LIMIT ?",
      days, &RetentionConfig::originals_days);
  Statement forget(database_, "UPDATE items SET original_kept=0 WHERE id=? RETURNING sha256, bytes");
  Statement unlink(database_, "DELETE FROM item_segments WHERE id=?");
  for (const ItemId& id : served) {
    std::string what = "{}";
    forget.one(
        [&](const Row& row) {
          what = fmt::format(R"({{"sha256":"{}","bytes":{}}})", hex(sha256_of(row.blob(0))), row.integer(1));
        },
        blob(id));
    unlink.run(blob(id));
    forget_locks(id);
    forget_standings(id);
    forget_pictures(id);
    append("original-erased", &id, "retention", what);
  }
  const std::vector<ItemId> gone = past_their_days(
      database_, "SELECT tenants FROM items WHERE original_kept=0 AND tenants>? ORDER BY tenants LIMIT 1",
      "SELECT id FROM items WHERE original_kept=0 AND tenants=? AND received_ms<? AND NOT EXISTS (SELECT 1 "
      "FROM kept WHERE kept.id=items.id) LIMIT ?",
      days, &RetentionConfig::records_days);
  Statement records(database_, "DELETE FROM items WHERE id=?");
  Statement drops(database_, "DELETE FROM drops WHERE id=?");
  Statement recipients(database_, "DELETE FROM recipients WHERE id=?");
  for (const ItemId& id : gone) {
    recipients.run(blob(id));
    drops.run(blob(id));
    records.run(blob(id));
    append("record-erased", &id, "retention", "{}");
  }
}

bool ItemWriter::is_kept(const ItemId& id) {
  return database_.kept("SELECT 1 FROM kept WHERE id=?").one([](const Row&) {}, blob(id));
}

Keep ItemWriter::keep(const ItemId& id, const std::string& by, const std::string& reason) {
  if (!is_known(id)) return Keep::no_item;
  database_.kept("INSERT INTO kept VALUES (?,?,?,?) ON CONFLICT DO NOTHING")
      .run(blob(id), by, reason, unix_ms_now());
  if (database_.changes() == 0) return Keep::as_before;
  append("legal-hold", &id, by, fmt::format(R"({{"reason":{}}})", log::json_string(reason)));
  return Keep::done;
}

Keep ItemWriter::unkeep(const ItemId& id, const std::string& by) {
  if (!is_known(id)) return Keep::no_item;
  database_.kept("DELETE FROM kept WHERE id=?").run(blob(id));
  if (database_.changes() == 0) return Keep::as_before;
  append("legal-hold-lifted", &id, by, "{}");
  return Keep::done;
}

}  // namespace kiyome::store

#include "service/store/audit_log.h"

#include "service/store/row_values.h"

namespace kiyome::store {
AuditLog::AuditLog(Database& database) : database_(database) {
  database_.kept("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1").one([&](const Row& row) {
    head_ = {static_cast<std::uint64_t>(row.integer(0)), sha256_of(row.blob(1))};
  });
  committed_ = head_;
}

void AuditLog::note(const std::string& event, const ItemId* item, const std::string& actor,
                    const std::string& detail, std::int64_t now_ms) {
  audit::Entry entry;
  entry.sequence = ++head_.sequence;
  entry.unix_ms = now_ms;
  entry.event = event;
  if (item != nullptr) entry.item = *item;
  entry.actor = actor;
  entry.detail = detail;
  head_.hash = audit::link(head_.hash, entry);
  Statement& add = database_.kept("INSERT INTO audit VALUES (?,?,?,?,?,?,?)");
  if (item != nullptr)
    add.run(entry.sequence, now_ms, event, blob(*item), actor, detail, blob(head_.hash));
  else
    add.run(entry.sequence, now_ms, event, Null{}, actor, detail, blob(head_.hash));
}

std::optional<std::string> AuditLog::verify(Database& database,
                                            const std::function<void(const audit::Entry&)>& use,
                                            std::uint64_t& count) {
  audit::Verifier verifier;
  std::optional<std::string> fault;
  Statement query(database,
                  "SELECT sequence, unix_ms, event, item, actor, detail, hash FROM audit ORDER BY sequence");
  while (!fault && query.step()) {
    const Row row = query.row();
    audit::Entry one;
    one.sequence = static_cast<std::uint64_t>(row.integer(0));
    one.unix_ms = row.integer(1);
    one.event = row.text(2);
    if (!row.null(3)) one.item = item_id(row.blob(3));
    one.actor = row.text(4);
    one.detail = row.text(5);
    fault = verifier.take(one, sha256_of(row.blob(6)));
    if (!fault && use) use(one);
  }
  count = verifier.last();
  return fault;
}

}  // namespace kiyome::store

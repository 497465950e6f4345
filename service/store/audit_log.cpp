#include "service/store/audit_log.h"

#include <algorithm>

#include "service/base/log.h"
#include "service/store/row_values.h"

namespace kiyome::store {

AuditLog::AuditLog(Database& database) : database_(database) {
  const std::uint64_t counted = read_head();
  // The checkpoints will tell it too, whatever is written from here on.
  if (counted != head_.sequence)
    log::error("audit trail: its end is not where it was",
               {{"last", static_cast<std::int64_t>(head_.sequence)},
                {"counted", static_cast<std::int64_t>(counted)}});
  go_on_from(counted);
}

void AuditLog::began() {
  if (database_.shared()) go_on_from(read_head());
}

std::uint64_t AuditLog::read_head() {
  std::uint64_t counted = 0;
  database_.kept("SELECT sequence, head, last FROM audit_base").one([&](const Row& row) {
    head_ = {static_cast<std::uint64_t>(row.integer(0)), sha256_of(row.blob(1))};
    counted = static_cast<std::uint64_t>(row.integer(2));
  });
  database_.kept("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1").one([&](const Row& row) {
    if (static_cast<std::uint64_t>(row.integer(0)) < head_.sequence) return;  // left of a cut
    head_ = {static_cast<std::uint64_t>(row.integer(0)), sha256_of(row.blob(1))};
  });
  return counted;
}

// No number is given twice: a gap stays to be seen.
void AuditLog::go_on_from(std::uint64_t counted) {
  head_.sequence = std::max(head_.sequence, counted);
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
  head_.head = audit::link(head_.head, entry);
  Statement& add = database_.kept("INSERT INTO audit VALUES (?,?,?,?,?,?,?)");
  if (item != nullptr)
    add.run(entry.sequence, now_ms, event, blob(*item), actor, detail, blob(head_.head));
  else
    add.run(entry.sequence, now_ms, event, Null{}, actor, detail, blob(head_.head));
  database_.kept("UPDATE audit_base SET last=?").run(entry.sequence);
}

}  // namespace kiyome::store

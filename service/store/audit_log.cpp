#include "service/store/audit_log.h"

#include <algorithm>

#include "service/store/item_writer.h"

namespace kiyome::store {
namespace {

Blob blob_of(const audit::Hash& hash) { return {{reinterpret_cast<const char*>(hash.data()), hash.size()}}; }

audit::Hash hash_of(std::string_view octets) {
  audit::Hash out{};
  std::copy_n(octets.begin(), std::min(octets.size(), out.size()), out.begin());
  return out;
}

}  // namespace

AuditLog::AuditLog(Database& database) : database_(database) {
  database_.kept("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1").one([&](const Row& row) {
    head_ = {static_cast<std::uint64_t>(row.integer(0)), hash_of(row.blob(1))};
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
    add.run(entry.sequence, now_ms, event, blob(*item), actor, detail, blob_of(head_.hash));
  else
    add.run(entry.sequence, now_ms, event, Null{}, actor, detail, blob_of(head_.hash));
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
    fault = verifier.take(one, hash_of(row.blob(6)));
    if (!fault && use) use(one);
  }
  count = verifier.last();
  return fault;
}

}  // namespace kiyome::store

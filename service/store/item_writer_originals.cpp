// What the writer does about originals that two people released: how each fared is what came of its proposal.
// To the closed side one goes under an id of its own, which stands in the proposal.
#include <fmt/format.h>

#include "service/store/item_writer.h"

namespace kiyome::store {
namespace {

struct Released {
  std::int64_t proposal = 0;
  ItemId item;
};

std::optional<Released> of_crossing(Database& db, const ItemId& crossing) {
  std::optional<Released> out;
  db.kept("SELECT number, id FROM proposals WHERE crossing=?")
      .one(
          [&](const Row& row) {
            out = Released{row.integer(0), item_id(row.blob(1))};
          },
          blob(crossing));
  return out;
}

}  // namespace

void ItemWriter::original_arrived(std::int64_t proposal, bool delivered, std::string_view status) {
  ItemId item;
  if (!database_.kept("SELECT id FROM proposals WHERE number=?")
           .one([&](const Row& row) { item = item_id(row.blob(0)); }, proposal))
    return;
  database_.kept("UPDATE proposals SET outcome=? WHERE number=?")
      .run(delivered ? std::string("delivered") : fmt::format("bounced {}", status), proposal);
  append("original-delivery", &item, "cleaner",
         fmt::format(R"({{"proposal":{},"delivered":{},"status":"{}"}})", proposal, delivered, status));
}

void ItemWriter::original_accepted(const ItemId& crossing) {
  database_.kept("UPDATE proposals SET outcome='crossed' WHERE crossing=? AND outcome='sent'")
      .run(blob(crossing));
}

// Its switch is off there, or it did not like the form: the password is of no use then.
bool ItemWriter::original_refused(const transfer::Refused& refusal) {
  const std::optional<Released> released = of_crossing(database_, refusal.id);
  if (!released) return false;
  database_
      .kept(
          "UPDATE proposals SET state='failed', outcome='refused-by-gate', password=NULL, "
          "password_until_ms=0 WHERE number=?")
      .run(released->proposal);
  append("original-refused", &released->item, "gate",
         fmt::format(R"({{"proposal":{},"reason":{},"offset":{}}})", released->proposal,
                     static_cast<int>(refusal.reason), refusal.offset));
  return true;
}

bool ItemWriter::original_result(const transfer::DeliveryResult& result) {
  if (result.part != transfer::SealedOriginal::part) return false;
  const std::optional<Released> released = of_crossing(database_, result.id);
  if (!released) return false;
  const bool arrived =
      result.result == transfer::ResultClass::delivered || result.result == transfer::ResultClass::relayed;
  bool said = false;  // the gate says a result again until it is confirmed
  database_.kept("SELECT 1 FROM proposals WHERE number=? AND outcome NOT IN ('sent', 'crossed')")
      .one([&](const Row&) { said = true; }, released->proposal);
  if (!said && result.result != transfer::ResultClass::delayed)
    original_arrived(
        released->proposal, arrived,
        fmt::format("{}.{}.{}", result.status_class, result.status_subject, result.status_detail));
  return true;
}

}  // namespace kiyome::store

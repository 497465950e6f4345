#include "service/cleaner/cleaner_sight.h"

#include "service/sight/families.h"
#include "service/sight/process.h"

namespace kiyome::cleaner {
namespace {

void show_queue(sight::Sheet& sheet, const WorkQueue::Numbers& numbers) {
  constexpr const char* kHelp = "Items that wait in the cleaner, by lane";
  const auto lane = [&](const char* name, std::size_t count) {
    sheet.gauge("kiyome_queue_waiting", kHelp, static_cast<double>(count), {{"lane", name}});
  };
  lane("mail", numbers.due);
  lane("documents", numbers.documents);
  lane("put-off", numbers.put_off);
  sheet.gauge("kiyome_queue_in_hand", "Items that are being cleaned", static_cast<double>(numbers.in_hand));
}

void show_store(sight::Sheet& sheet, const SightParts& parts) {
  // A store of our own is always there, and what is accepted stands in our queue.
  const Shift::Look look = parts.shift == nullptr ? Shift::Look{true, 0, 0} : parts.shift->look();
  sheet.gauge("kiyome_store_up", "1: the shared store answers", look.store_up ? 1 : 0);
  sheet.gauge("kiyome_store_arrivals", "Items that any host accepted and none has decided",
              static_cast<double>(look.arrivals));
  sheet.gauge("kiyome_store_arrivals_oldest_seconds", "How long the oldest of them has waited",
              static_cast<double>(look.oldest_ms) / 1000);
  sheet.gauge("kiyome_store_keeps_house", "1: this host does what is done once for the shared store",
              parts.items.keeps_house() ? 1 : 0);
  sheet.condition("store", look.store_up);
}

}  // namespace

void show_now(sight::Sheet& sheet, const SightParts& parts) {
  sight::show_cleaning(sheet);
  sight::show_sandboxes(sheet);
  sight::show_commits(sheet, "items", meters::item_commits);
  const zone::ZoneLink* wire = parts.gate.wire();
  sight::show_zone(sheet, wire == nullptr ? meters::ZoneCounts() : wire->counts());
  show_queue(sheet, parts.queue.numbers());
  show_store(sheet, parts);
  const GateLink::Numbers numbers = parts.gate.numbers();
  sheet.gauge("kiyome_transfer_connected", "1: the gate is connected", parts.gate.connected() ? 1 : 0);
  sheet.gauge("kiyome_transfer_waiting", "Bundles that wait to be sent to the gate",
              static_cast<double>(numbers.waiting));
  sheet.gauge("kiyome_transfer_unanswered", "Bundles that were sent and that the gate has not answered",
              static_cast<double>(numbers.unanswered));
  sheet.gauge("kiyome_edge_connected", "1: an edge is connected to the cleaner",
              parts.intake.connected() ? 1 : 0);
  // The same facts that the console's health page shows (review/probes.cpp).
  bool mail = true;
  for (const document::Kind kind : document::kAllKinds)
    if (const auto pool = parts.sanitizers.health(kind)) {
      sheet.gauge("kiyome_sanitizer_up", "1: the sanitizer is ready for jobs; absent: not used yet",
                  pool->up ? 1 : 0, {{"kind", document::name_of(kind)}});
      if (kind == document::Kind::mail) mail = pool->up;
    }
  sheet.condition("sanitizers", mail);
  const auto space = sight::space_of(".");
  sheet.condition("disk", space && space->free > parts.config.get()->smtp.free_bytes_min);
}

void show_house(sight::Sheet& sheet, const SightParts& parts) {
  sight::show_disk(sheet, ".",
                   {{"database", "items.db"}, {"database-journal", "items.db-wal"}, {"clean", "bundles"}});
  const store::ItemStore::Counts counts = parts.items.counts();
  sheet.gauge("kiyome_held", "Recipients' copies that are held", static_cast<double>(counts.held));
  sheet.gauge("kiyome_held_oldest_timestamp_seconds",
              "When the oldest held item was accepted, Unix time; 0: none is held",
              static_cast<double>(counts.held_oldest_ms) / 1000);
  sheet.gauge("kiyome_returns_waiting", "Notices to outside senders that wait to be sent",
              static_cast<double>(counts.returns));
  sight::show_collector(sheet, parts.keeper.collector());
}

}  // namespace kiyome::cleaner

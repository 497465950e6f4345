#include "service/edge/edge_sight.h"

#include "service/sight/families.h"
#include "service/sight/process.h"

namespace kiyome::edge {

void show_now(sight::Sheet& sheet, const SmtpServer& server, const IntakeLink& link,
              const std::string& originals) {
  sight::show_smtp(sheet);
  sight::show_taken(sheet);
  sight::show_commits(sheet, "originals", meters::original_commits);
  sight::show_pages(sheet);
  sheet.gauge("kiyome_smtp_connections", "SMTP connections that are open",
              static_cast<double>(server.connections()));
  sheet.gauge("kiyome_intake_connected", "1: the edge has a connection to the cleaner",
              link.connected() ? 1 : 0);
  sheet.gauge("kiyome_intake_waiting", "Accepted items that the cleaner has not taken yet",
              static_cast<double>(link.waiting()));
  // The same bound as of MAIL (disk_space.h): below it a balancer should ask another edge.
  if (originals.empty()) return sheet.condition("disk", true);
  const auto space = sight::space_of(originals);
  sheet.condition("disk", space && space->free > server.free_bytes_min());
}

void show_house(sight::Sheet& sheet, const trail::Keeper& keeper, const std::string& originals, bool shared) {
  if (shared)  // what is in the database is the cleaner's to show
    sight::show_disk(sheet, originals.empty() ? "." : originals, {{"uploads", "drop/uploads"}});
  else
    sight::show_disk(sheet, originals,
                     {{"originals", originals}, {"audit", "audit.sqlite"}, {"accounts", "accounts.sqlite"}});
  sight::show_collector(sheet, keeper.collector());
}

}  // namespace kiyome::edge

#include "service/command/store_schemas.h"

#include <algorithm>
#include <array>

#include "service/auth/account_store.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/edge/drop/drop_schema.h"
#include "service/edge/invite/invitation_store.h"
#include "service/gate/gate_schema.h"
#include "service/store/audit_trail.h"
#include "service/store/item_schema.h"
#include "service/store/originals_schema.h"
#include "service/store/place.h"
#include "service/zone/certificate.h"

namespace kiyome::command {
namespace {

using store::Place;

template <const auto& Steps>
void migrate(const Place& place) {
  store::Database(place).migrate(Steps);
}
void make_trail(const Place& place) { store::AuditTrail{place}; }
void make_accounts(const Place& place) { auth::AccountStore{place}; }
void make_invitations(const Place& place) { edge::invite::InvitationStore(".", place); }

constexpr std::array kSchemas{
    Schema{store::schema::kOriginals, StoreSide::internet, "edge", nullptr, false,
           migrate<store::kOriginalsSchema>},
    Schema{store::schema::kItems, StoreSide::internet, "cleaner", "items.db", false,
           migrate<store::kItemSchema>},
    Schema{store::schema::kEdge, StoreSide::internet, "edge", "drop/drop.sqlite", true,
           migrate<edge::drop::kDropSchema>},
    Schema{store::schema::kEdgeInvitations, StoreSide::internet, "edge", "invite/invitations.sqlite", true,
           make_invitations},
    Schema{store::schema::kEdgeAccounts, StoreSide::internet, "edge", "accounts.sqlite", true, make_accounts},
    Schema{store::schema::kEdgeTrail, StoreSide::internet, "edge", "audit.sqlite", true, make_trail},
    Schema{store::schema::kConsoleAccounts, StoreSide::internet, "console", "accounts.sqlite", false,
           make_accounts},
    Schema{store::schema::kConsoleTrail, StoreSide::internet, "console", "audit.sqlite", false, make_trail},
    Schema{store::schema::kGate, StoreSide::gate, "gate", "gate.sqlite", false, migrate<gate::kGateSchema>},
    Schema{store::schema::kGateAccounts, StoreSide::gate, "gate", "accounts.sqlite", false, make_accounts},
};

}  // namespace

std::span<const Schema> all_schemas() { return kSchemas; }

std::vector<Schema> schemas_of(const std::set<StoreSide>& sides) {
  std::vector<Schema> out;
  for (const Schema& each : kSchemas)
    if (sides.contains(each.side)) out.push_back(each);
  return out;
}

std::set<StoreSide> sides_here(const Config& config, const std::string& asked) {
  if (asked == "internet") return {StoreSide::internet};
  if (asked == "gate") return {StoreSide::gate};
  if (config.transfer.mode == TransferMode::local) return {StoreSide::internet, StoreSide::gate};
  TransferConfig transfer = config.transfer;
  zone::read_files(transfer);
  const auto side = zone::inspect(transfer, config.path, unix_ms_now()).side;
  if (!side) throw ConfigError("--side: internet か gate を指定してください / say internet or gate");
  return {*side == zone::Side::internet ? StoreSide::internet : StoreSide::gate};
}

std::string quoted(const std::string& name) {
  std::string out = "\"";
  for (const char each : name) out.append(each == '"' ? 2 : 1, each);
  return out + "\"";
}

// Of the originals it adds only: it reads none back, not even those that it wrote itself. kiyome_writers
// tells whether a COMMIT whose answer was lost took place.
std::vector<std::string> edge_grants(const std::string& user) {
  const std::string to = " TO " + quoted(user) + ";", originals = store::schema::kOriginals;
  std::vector<std::string> out{
      "GRANT USAGE ON SCHEMA " + originals + to,
      "GRANT SELECT ON " + originals + ".kiyome_version" + to,
      "GRANT SELECT, INSERT, UPDATE, DELETE ON " + originals + ".kiyome_writers" + to,
      "GRANT SELECT, INSERT ON " + originals + ".cleaner_key, " + originals + ".shared_folder" + to,
      "GRANT INSERT, SELECT (segment, created_ms) ON " + originals + ".segments" + to,
      "GRANT INSERT ON " + originals + ".chunks, " + originals + ".arrivals" + to,
  };
  const std::string rights = "SELECT, INSERT, UPDATE, DELETE ON ";
  for (const Schema& each : kSchemas) {
    if (!each.edge) continue;
    const std::string schema = each.name;
    out.push_back("GRANT USAGE ON SCHEMA " + schema + to);
    out.push_back("GRANT " + rights + "ALL TABLES IN SCHEMA " + schema + to);
    out.push_back("ALTER DEFAULT PRIVILEGES IN SCHEMA " + schema + " GRANT " + rights + "TABLES" + to);
  }
  return out;
}

}  // namespace kiyome::command

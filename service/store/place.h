// Where each role's databases are: in files of its own folder, or in schemas of the shared database.
#pragma once

#include <string>
#include <utility>

#include "service/base/config_store.h"
#include "service/store/database.h"

namespace kiyome::store {

inline Place place_of(const StoreConfig& config, std::string file, std::string schema) {
  return {std::move(file), config.shared() ? config.url : std::string(), std::move(schema)};
}
inline Place edge_place_of(const StoreConfig& config, std::string file, std::string schema) {
  return {std::move(file), config.shared() ? config.url_of_edge() : std::string(), std::move(schema)};
}

// Names of schemas: each may belong to a database user of its own.
namespace schema {
inline constexpr const char* kItems = "kiyome_items";  // cleaner: items, verdicts, bundles, audit trail
inline constexpr const char* kOriginals = "kiyome_originals";  // edge adds to it, cleaner takes from it
inline constexpr const char* kEdge = "kiyome_edge";            // the drop box
inline constexpr const char* kEdgeInvitations = "kiyome_edge_invitations";
inline constexpr const char* kEdgeAccounts = "kiyome_edge_accounts";
inline constexpr const char* kEdgeTrail = "kiyome_edge_trail";
inline constexpr const char* kConsoleAccounts = "kiyome_console_accounts";
inline constexpr const char* kConsoleTrail = "kiyome_console_trail";
inline constexpr const char* kGate = "kiyome_gate";  // the closed side: bundles, deliveries, pick-up
inline constexpr const char* kGateAccounts = "kiyome_gate_accounts";
}  // namespace schema

}  // namespace kiyome::store

// Every database of ours: where it is on one host alone, its schema in a shared database, who makes its
// tables. The roles' own code makes them, here as there.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "service/base/config.h"
#include "service/store/database.h"

namespace kiyome::command {

enum class StoreSide { internet, gate };

struct Schema {
  const char* name;
  StoreSide side;
  const char* role;                   // whose folder of data_dir it is in
  const char* file;                   // there; null: in no database (the log of originals)
  bool edge;                          // the edge's own
  void (*make)(const store::Place&);  // makes it or brings it up to date; throws TemporaryFailure
};
std::span<const Schema> all_schemas();
// Of these sides.
std::vector<Schema> schemas_of(const std::set<StoreSide>& sides);

// `asked`: "internet", "gate", or empty: what the configuration says this host is, both when it is one host
// alone. Throws ConfigError.
std::set<StoreSide> sides_here(const Config& config, const std::string& asked);

// What a database user of the edge's own needs, and no more: statements that end with ';'.
std::vector<std::string> edge_grants(const std::string& user);

std::string quoted(const std::string& name);  // as a name in SQL

}  // namespace kiyome::command

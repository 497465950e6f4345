// `kiyome store …`: the operator's side of a store that many hosts share. Exit codes as in commands.h.
#pragma once

#include <string>

#include "service/base/config.h"

namespace kiyome::command {

struct StoreOptions {
  std::string side;        // "internet", "gate"; empty: as the configuration says
  std::string grant_edge;  // a database user
  std::string file;        // of keys
  bool for_edge = false;   // those that a host of an edge alone needs
};

// Looks whether the server is one to rely on, makes all schemas and brings them up to date; prints what a
// user of the edge's own must be granted, or grants it.
int store_prepare(const Config& config, const StoreOptions& options);
// Moves what this host has in SQLite files into the shared database: all of it or, when it throws, nothing.
int store_migrate(const Config& config, const StoreOptions& options);
// The keys that hosts of one side share, in a file sealed with a password.
int store_keys_export(const Config& config, const StoreOptions& options);
int store_keys_import(const Config& config, const StoreOptions& options);

// What `kiyome check` says of it without asking anybody.
void tell_store(const Config& config);

// Beside the data when it has moved: who serves the files again would deliver a second time.
std::string moved_mark(const Config& config);

}  // namespace kiyome::command

// The embedded engine: one file, one host. Trusts the disk to be ours alone; a file that is not a database or
// is damaged is a TemporaryFailure that an operator has to look at.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>

#include "service/store/database.h"

namespace kiyome::store {

// Opens or creates the file: write-ahead log, synchronous=FULL.
std::unique_ptr<Engine> open_sqlite(const std::string& path);

// For what only this engine can (a tokenizer, a busy handler). The database must be of it.
sqlite3* sqlite_handle(Database& database);
std::int64_t last_rowid(Database& database);

}  // namespace kiyome::store

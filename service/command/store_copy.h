// Rows of an SQLite file into a schema of PostgreSQL: column by column as the file's own schema has them, by
// COPY, in the transaction of the caller's connection. Trusts the file to be a role's, so not at all: it
// parses it under that right and no other (run_as.h).
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "service/store/postgres_connection.h"
#include "service/store/postgres_values.h"

namespace kiyome::command {

// A file that nobody writes, opened so that nothing is written either: no log, no lock, no index beside it.
class StillFile {
 public:
  explicit StillFile(const std::string& path);  // throws TemporaryFailure
  sqlite3* handle() const { return handle_.get(); }
  int version() const;  // of its schema
  std::vector<std::string> tables() const;
  std::vector<std::string> columns(const std::string& table) const;
  // The first column of the first row; 0 for none.
  std::int64_t number(const std::string& sql) const;
  // Each row of `sql` with the statement that stands on it.
  void each(const std::string& sql, const std::function<void(sqlite3_stmt*)>& use) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
};
std::string_view octets_of(sqlite3_stmt* row, int column);  // until the next step

// A table being filled: COPY … FROM STDIN in PostgreSQL's binary form.
class Filling {
 public:
  Filling(store::postgres::Connection& connection, const std::string& schema, const std::string& table,
          const std::vector<std::string>& columns);
  // One row: as many values as there are columns.
  void row(store::postgres::Parameters& values);
  // Gives the rows that the server took. Throws TemporaryFailure.
  std::uint64_t finish();

 private:
  void put(std::string_view octets);
  void flush();

  store::postgres::Connection& connection_;
  std::size_t columns_;
  std::string waiting_;
};

// What a row's column shall be in place of what the file has: an answer of "true" has put it.
using Change = std::function<bool(const std::string& table, const std::string& column, int index,
                                  sqlite3_stmt* row, store::postgres::Parameters& into)>;
// All tables of the file into the schema, which has them and is of the same version; numbers that the
// database gives go on behind the largest that was ever given. Gives the rows of each table.
std::map<std::string, std::uint64_t> copy_all(const StillFile& from, store::postgres::Connection& to,
                                              const std::string& schema, const Change& change);

}  // namespace kiyome::command

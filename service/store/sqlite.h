// A thin hand on SQLite's C interface: every row, statement and transaction has an owner. Trusts the disk to
// be ours alone; a file that is not a database or is damaged is a TemporaryFailure that an operator has to
// look at.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace kiyome::store {

// Octets bound as a BLOB; a string_view is bound as TEXT.
struct Blob {
  std::string_view octets;
};
struct Null {};

struct DatabaseOptions {
  // One connection for the life of the process: no lock calls and no shared-memory file.
  bool exclusive = false;
  // Pages in the write-ahead log before it is folded into the database, 4 KB each.
  int checkpoint_pages = 4000;
};

class Statement;

// One connection; used by one thread at a time. Everything here throws TemporaryFailure when SQLite says no
// (full, locked, damaged); a failed fsync ends the process, because what is on the disk then is unknown and
// trying again proves nothing.
class Database {
 public:
  // Opens or creates `path`, which may be relative to a working directory that does not change: write-ahead
  // log, synchronous=FULL, so what was committed survives a power cut.
  explicit Database(const std::string& path, const DatabaseOptions& options = {});
  ~Database();

  // Brings the schema up to date: step i (one or more SQL statements) leads from PRAGMA user_version i to i +
  // 1; each step is one transaction with its version. A database newer than the steps is refused: an older
  // program must not write to it.
  void migrate(std::span<const char* const> steps);
  int user_version();

  // One or more SQL statements without parameters and results.
  void execute(const char* sql);
  std::int64_t last_rowid() const { return sqlite3_last_insert_rowid(handle_.get()); }
  int changes() const { return sqlite3_changes(handle_.get()); }
  // The statement of this text, prepared when it is first asked for and kept for the life of the connection.
  // `sql` is a literal. A kept statement is not used again while it stands on a row.
  Statement& kept(const char* sql);
  // Folds the write-ahead log into the database and empties it, e.g. before a copy is made or at the end.
  void checkpoint();
  sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
  std::map<const char*, std::unique_ptr<Statement>> kept_;  // by the address of the literal
};

// The row that a Statement stands on. Views live until the statement moves.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  double real(int column) const { return sqlite3_column_double(statement_, column); }
  bool null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::string_view text(int column) const { return blob(column); }
  std::string_view blob(int column) const;

 private:
  sqlite3_stmt* statement_;
};

// A prepared statement, for use again and again. Parameters and columns: parameters from 1, columns from 0.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);

  // Binds all, runs to the end, and is ready again. Views need to live for the call only. For statements
  // without rows.
  template <class... Values>
  void run(const Values&... values) {
    bind_all(values...);
    finish();
  }
  // Calls use(row) for each row. Also when `use` throws, the statement is ready again afterwards.
  template <class Use, class... Values>
  void each(Use&& use, const Values&... values) {
    const Ready ready{this};
    bind_all(values...);
    while (step()) use(row());
  }
  // Calls use(row) for the first row; false when there is none.
  template <class Use, class... Values>
  bool one(Use&& use, const Values&... values) {
    const Ready ready{this};
    bind_all(values...);
    if (!step()) return false;
    use(row());
    return true;
  }

  // The pieces. What a bound view points to must live until reset().
  void bind(int index, std::int64_t value);
  void bind(int index, double value);
  void bind(int index, std::string_view text);
  void bind(int index, Blob blob);
  void bind(int index, Null);
  void bind(int index, const char* text) { bind(index, std::string_view(text)); }
  void bind(int index, const std::string& text) { bind(index, std::string_view(text)); }
  template <class Integer>
  requires(std::is_integral_v<Integer> || std::is_enum_v<Integer>) void bind(int index, Integer value) {
    bind(index, static_cast<std::int64_t>(value));
  }
  bool step();  // true: stands on a row
  void reset();
  Row row() const { return Row(statement_.get()); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  struct Ready {
    Statement* statement;
    ~Ready() { statement->reset(); }
  };
  template <class... Values>
  void bind_all(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
  }
  void finish();

  Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// BEGIN IMMEDIATE until commit(); everything is undone when it was not called.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database* database_;
  bool open_ = true;
};

}  // namespace kiyome::store

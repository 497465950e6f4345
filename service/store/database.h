// A database behind one small hand, whichever engine holds it: SQLite in a file of our own, or PostgreSQL
// when several hosts share one. Every row, statement and transaction has an owner. SQL is written once, in
// what both engines understand (dialect.h says how); a transaction is the only writer of its database while
// it lasts, on PostgreSQL too, so what it reads first still holds when it writes.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "service/base/errors.h"

namespace kiyome::store {

// Octets bound as a BLOB; a string_view is bound as TEXT.
struct Blob {
  std::string_view octets;
};
struct Null {};

// Where a database is: in a file, or in a schema (a room of names) of a PostgreSQL database.
struct Place {
  std::string file;    // a path; may be relative to a working directory that does not change
  std::string url;     // "postgresql://user@host1,host2/name?…" (libpq); empty: the file
  std::string schema;  // "kiyome_items"
  bool shared() const { return !url.empty(); }
};

// The server is not there, or was lost: what was tried was not refused, and nothing else will fare better
// now.
struct DatabaseAway : TemporaryFailure {
  using TemporaryFailure::TemporaryFailure;
};

// A prepared statement of one engine, for use again and again. Parameters count from 1, columns from 0.
// Throws TemporaryFailure.
class Prepared {
 public:
  virtual ~Prepared() = default;
  // What a bound view points to must live until reset().
  virtual void bind(int index, std::int64_t value) = 0;
  virtual void bind(int index, double value) = 0;
  virtual void bind(int index, std::string_view text) = 0;
  virtual void bind(int index, Blob blob) = 0;
  virtual void bind(int index, Null) = 0;
  // true: stands on a row. `all`: the rest will be asked for at once, and may be many: they are not gathered.
  virtual bool step(bool all) = 0;
  virtual void reset() = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual double real(int column) const = 0;
  virtual bool null(int column) const = 0;
  virtual std::string_view octets(int column) const = 0;  // of text and BLOB; until the next step
};

// Who else may write while a transaction lasts. `beside`: others of the same kind, of those that only add
// rows that are nobody else's, or take rows by FOR UPDATE; where the engine has one writer it is `alone`.
enum class Writers { alone, beside };

// One connection of one engine.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::unique_ptr<Prepared> prepare(std::string_view sql) = 0;
  virtual void execute(const char* sql) = 0;
  virtual void begin(Writers writers) = 0;
  virtual void begin_reading() = 0;  // one snapshot, until rollback()
  virtual void commit() = 0;
  // For how long commit() asks what became of it when its answer was lost; then the process ends.
  virtual void ask_for(std::chrono::seconds) {}
  virtual void rollback() noexcept = 0;
  virtual int changes() const = 0;
  virtual int version() = 0;  // of the schema
  virtual void set_version(int version) = 0;
};

class Statement;

// One connection; used by one thread at a time. Everything here throws TemporaryFailure when the engine says
// no (full, locked, damaged, gone: a connection that was lost is made anew by what comes next). A failed
// fsync ends the process, because what is on the disk then is unknown and trying again proves nothing.
class Database {
 public:
  // Opens or creates it. What was committed survives a power cut: SQLite with a write-ahead log and
  // synchronous=FULL; of PostgreSQL the same is demanded (fsync, synchronous_commit).
  explicit Database(const Place& place);
  explicit Database(const std::string& file) : Database(Place{file, {}, {}}) {}
  ~Database();

  // Brings the schema up to date: step i (one or more SQL statements) leads from version i to i + 1; each
  // step is one transaction with its version. A database newer than the steps is refused: an older program
  // must not write to it.
  void migrate(std::span<const char* const> steps);
  int user_version();

  // One or more SQL statements without parameters and results.
  void execute(const char* sql);
  // Rows that the last statement wrote.
  int changes() const;
  // The statement of this text, prepared when it is first asked for and kept for the life of the connection.
  // `sql` is a literal. A kept statement is not used again while it stands on a row.
  Statement& kept(const char* sql);
  // Whether others write to it, too: other hosts, and so nothing of it may be remembered from one transaction
  // to the next.
  bool shared() const { return shared_; }
  Engine& engine() { return *engine_; }

 private:
  std::unique_ptr<Engine> engine_;
  bool shared_ = false;
  std::map<const char*, std::unique_ptr<Statement>> kept_;  // by the address of the literal
};

// The row that a Statement stands on. Views live until the statement moves.
class Row {
 public:
  explicit Row(const Prepared& statement) : statement_(&statement) {}
  std::int64_t integer(int column) const { return statement_->integer(column); }
  double real(int column) const { return statement_->real(column); }
  bool null(int column) const { return statement_->null(column); }
  std::string_view text(int column) const { return statement_->octets(column); }
  std::string_view blob(int column) const { return statement_->octets(column); }

 private:
  const Prepared* statement_;
};

// A prepared statement, for use again and again. Parameters and columns: parameters from 1, columns from 0.
class Statement {
 public:
  Statement(Database& database, std::string_view sql) : prepared_(database.engine().prepare(sql)) {}

  // Binds all, runs to the end, and is ready again. Views need to live for the call only. For statements
  // without rows.
  template <class... Values>
  void run(const Values&... values) {
    const Ready ready{this};
    bind_all(values...);
    while (prepared_->step(false)) {
    }
  }
  // Calls use(row) for each row. Also when `use` throws, the statement is ready again afterwards.
  template <class Use, class... Values>
  void each(Use&& use, const Values&... values) {
    const Ready ready{this};
    bind_all(values...);
    while (prepared_->step(false)) use(row());
  }
  // Calls use(row) for the first row; false when there is none.
  template <class Use, class... Values>
  bool one(Use&& use, const Values&... values) {
    const Ready ready{this};
    bind_all(values...);
    if (!prepared_->step(false)) return false;
    use(row());
    return true;
  }

  // The pieces. What a bound view points to must live until reset().
  void bind(int index, std::int64_t value) { prepared_->bind(index, value); }
  void bind(int index, double value) { prepared_->bind(index, value); }
  void bind(int index, std::string_view text) { prepared_->bind(index, text); }
  void bind(int index, Blob blob) { prepared_->bind(index, blob); }
  void bind(int index, Null null) { prepared_->bind(index, null); }
  void bind(int index, const char* text) { bind(index, std::string_view(text)); }
  void bind(int index, const std::string& text) { bind(index, std::string_view(text)); }
  template <class Integer>
  requires(std::is_integral_v<Integer> || std::is_enum_v<Integer>) void bind(int index, Integer value) {
    bind(index, static_cast<std::int64_t>(value));
  }
  bool step() { return prepared_->step(true); }  // true: stands on a row
  void reset() { prepared_->reset(); }
  Row row() const { return Row(*prepared_); }

 private:
  struct Ready {
    Statement* statement;
    ~Ready() { statement->reset(); }
  };
  template <class... Values>
  void bind_all(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
  }

  std::unique_ptr<Prepared> prepared_;
};

// The only writer of its database until commit(), unless it says otherwise; everything is undone when that
// was not called.
class Transaction {
 public:
  explicit Transaction(Database& database, Writers writers = Writers::alone) : engine_(&database.engine()) {
    engine_->begin(writers);
  }
  ~Transaction() {
    if (open_) engine_->rollback();
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit() {
    engine_->commit();
    open_ = false;
  }

 private:
  Engine* engine_;
  bool open_ = true;
};

}  // namespace kiyome::store

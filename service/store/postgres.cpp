#include "service/store/postgres.h"

#include <poll.h>
#include <sodium.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "proto/base/check.h"
#include "service/base/clock.h"
#include "service/base/descriptor.h"
#include "service/base/errors.h"
#include "service/base/hex.h"
#include "service/store/dialect.h"
#include "service/store/postgres_connection.h"
#include "service/store/postgres_values.h"

namespace kiyome::store {

using namespace postgres;

namespace {

constexpr auto kSettlePatience = std::chrono::seconds(60);
constexpr auto kSettlePause = std::chrono::milliseconds(200);

class PostgresPrepared;

class PostgresEngine final : public Engine {
 public:
  explicit PostgresEngine(const Place& place) : connection_(place) { connection_.get(); }

  std::unique_ptr<Prepared> prepare(std::string_view sql) override;
  void execute(const char* sql) override {
    settle_stream();
    reachable();
    connection_.command(to_postgres(sql).c_str());
  }
  void begin(Writers writers) override;
  void ask_for(std::chrono::seconds patience) override { settle_patience_ = patience; }
  void begin_reading() override {
    settle_stream();
    connection_.command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    in_transaction_ = true;
    began_on_ = connection_.life();
  }
  void commit() override;
  void rollback() noexcept override;
  int changes() const override { return changes_; }
  int version() override;
  void set_version(int version) override;

  // The connection for a statement. Within a transaction it is the one that it began on, or none.
  PGconn* reachable() {
    if (in_transaction_ && (connection_.life() != began_on_ || connection_.lost()))
      throw DatabaseAway("database: connection lost");
    return connection_.get();
  }
  Connection& connection() { return connection_; }
  bool in_transaction() const { return in_transaction_; }
  void note_changes(const PGresult* result) {
    if (const std::string_view status = PQcmdStatus(const_cast<PGresult*>(result));
        !status.starts_with("SELECT"))
      changes_ = std::atoi(PQcmdTuples(const_cast<PGresult*>(result)));
  }
  std::string next_name() { return "k" + std::to_string(++names_); }
  // Statements that nobody has any more: the server keeps them until it is told, where no transaction is in
  // hand. It forgets them with their connection, so of an earlier life there is nothing to tell.
  void let_go(std::uint64_t life, const std::string& name) { unused_.emplace_back(life, name); }
  void tidy() {
    if (in_transaction_ || connection_.lost()) return;
    for (const auto& [life, name] : std::exchange(unused_, {}))
      if (life == connection_.life()) Answer(PQexec(connection_.get(), ("DEALLOCATE " + name).c_str()));
  }
  // The statement whose rows are still on the wire; another one takes them off first.
  void settle_stream();
  PostgresPrepared* streaming = nullptr;

 private:
  void know_writer();
  bool was_committed();

  Connection connection_;
  bool in_transaction_ = false;
  std::uint64_t began_on_ = 0;
  int changes_ = 0;
  std::uint64_t names_ = 0;
  std::vector<std::pair<std::uint64_t, std::string>> unused_;  // with the connection's life
  // Our row in kiyome_writers: each transaction leaves its number there, so that after a connection was lost
  // in the middle of COMMIT it can be asked which it was.
  std::string writer_;
  std::int64_t turn_ = 0;
  std::chrono::seconds settle_patience_ = kSettlePatience;
};

class PostgresPrepared final : public Prepared {
 public:
  PostgresPrepared(PostgresEngine& engine, std::string_view sql)
      : engine_(engine), sql_(to_postgres(sql)), reads_(sql.starts_with("SELECT")) {}
  ~PostgresPrepared() override {
    stop_streaming();
    for (const auto& [types, name] : names_) engine_.let_go(life_, name);
  }

  void bind(int index, std::int64_t value) override { parameters_.put(index, value); }
  void bind(int index, double value) override { parameters_.put(index, value); }
  void bind(int index, std::string_view text) override { parameters_.put(index, text); }
  void bind(int index, Blob blob) override { parameters_.put(index, blob); }
  void bind(int index, Null) override { parameters_.put(index, Null{}); }

  bool step(bool all) override {
    if (!ran_) {
      ran_ = true;
      run(all);
    } else {
      ++row_;
    }
    while (rows_.empty() || row_ >= PQntuples(rows_.front().get())) {
      if (!rows_.empty()) rows_.pop_front();
      row_ = 0;
      if (rows_.empty() && (engine_.streaming != this || !take_one())) return false;
    }
    return true;
  }
  void reset() override {
    stop_streaming();
    rows_.clear();
    ran_ = false;
    row_ = 0;
    parameters_.clear();
  }

  std::int64_t integer(int column) const override { return integer_of(rows_.front().get(), row_, column); }
  double real(int column) const override { return real_of(rows_.front().get(), row_, column); }
  bool null(int column) const override { return PQgetisnull(rows_.front().get(), row_, column) != 0; }
  std::string_view octets(int column) const override {
    return {PQgetvalue(rows_.front().get(), row_, column),
            static_cast<std::size_t>(PQgetlength(rows_.front().get(), row_, column))};
  }

  // Takes what is on the wire into memory: another statement wants the connection.
  void gather() {
    while (engine_.streaming == this && take_one()) {
    }
  }

 private:
  void run(bool all) {
    engine_.settle_stream();
    try {
      send(all);
    } catch (const TemporaryFailure&) {
      // A connection that died while nobody used it is found out by its next user. Only what changes nothing
      // is asked again.
      if (!reads_ || engine_.in_transaction() || !engine_.connection().lost()) throw;
      engine_.streaming = nullptr;
      rows_.clear();
      send(all);
    }
  }

  void send(bool all) {
    PGconn* const connection = engine_.reachable();
    const std::string& name = prepared(connection);
    const int count = parameters_.count();
    if (!all) {
      Answer answer = engine_.connection().expect(
          Answer(PQexecPrepared(connection, name.c_str(), count, parameters_.values(), parameters_.lengths(),
                                parameters_.formats(), 1)));
      engine_.note_changes(answer.get());
      rows_.push_back(std::move(answer));
      return;
    }
    if (PQsendQueryPrepared(connection, name.c_str(), count, parameters_.values(), parameters_.lengths(),
                            parameters_.formats(), 1) != 1)
      engine_.connection().expect(nullptr);
    KIYOME_CHECK(PQsetSingleRowMode(connection) == 1);
    engine_.streaming = this;
  }

  // Prepared once a connection for each combination of types: a NULL has none of its own.
  const std::string& prepared(PGconn* connection) {
    if (life_ != engine_.connection().life()) names_.clear();
    life_ = engine_.connection().life();
    std::string& name = names_[parameters_.types()];
    if (!name.empty()) return name;
    engine_.tidy();
    const std::string fresh = engine_.next_name();
    engine_.connection().expect(
        Answer(PQprepare(connection, fresh.c_str(), sql_.c_str(), parameters_.count(), parameters_.oids())));
    return name = fresh;
  }

  // The next row of a stream; false at its end.
  bool take_one() {
    for (;;) {
      Answer answer(PQgetResult(engine_.connection().get()));
      if (!answer) {
        engine_.streaming = nullptr;
        return false;
      }
      if (const ExecStatusType status = PQresultStatus(answer.get());
          status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        const std::string why = PQresultErrorMessage(answer.get());
        stop_streaming();
        throw TemporaryFailure("database: " + why);
      }
      engine_.note_changes(answer.get());
      if (PQntuples(answer.get()) == 0) continue;
      rows_.push_back(std::move(answer));
      return true;
    }
  }

  // Nobody wants the rest: the server is told to stop, and what is on the wire is read away.
  void stop_streaming() {
    if (engine_.streaming != this) return;
    engine_.streaming = nullptr;
    if (engine_.connection().lost()) return;
    PGconn* const connection = engine_.connection().get();
    if (PGcancel* const cancel = PQgetCancel(connection)) {
      char trouble[256];
      PQcancel(cancel, trouble, sizeof trouble);
      PQfreeCancel(cancel);
    }
    while (Answer rest{PQgetResult(connection)}) {
    }
  }

  PostgresEngine& engine_;
  std::string sql_;
  bool reads_;
  Parameters parameters_;
  std::map<std::string, std::string> names_;
  std::uint64_t life_ = 0;
  std::deque<Answer> rows_;
  int row_ = 0;
  bool ran_ = false;
};

std::unique_ptr<Prepared> PostgresEngine::prepare(std::string_view sql) {
  return std::make_unique<PostgresPrepared>(*this, sql);
}

void PostgresEngine::settle_stream() {
  if (streaming != nullptr) streaming->gather();
}

// A row of our own, before the first transaction of this life.
void PostgresEngine::know_writer() {
  if (!writer_.empty()) return;
  std::array<std::uint8_t, 16> random{};
  randombytes_buf(random.data(), random.size());
  const std::string name = hex(random);
  if (single(connection_.command("SELECT to_regclass('kiyome_writers') IS NOT NULL")) != "t")
    Answer(PQexec(connection_.get(),
                  "CREATE TABLE IF NOT EXISTS kiyome_writers (writer text PRIMARY KEY, turn bigint NOT NULL, "
                  "since timestamptz NOT NULL DEFAULT now())"));
  connection_.command(("INSERT INTO kiyome_writers VALUES ('" + name + "', 0)").c_str());
  writer_ = name;
  // Of lives that ended long ago. Another host may be at it, too.
  Answer(PQexec(connection_.get(), "DELETE FROM kiyome_writers WHERE since < now() - interval '30 days'"));
}

void PostgresEngine::begin(Writers writers) {
  KIYOME_CHECK(!in_transaction_);
  settle_stream();
  // A connection that died while it was idle costs a second try, not a failed transaction.
  for (const bool last : {false, true}) {
    try {
      connection_.get();
      tidy();
      know_writer();
      connection_.command("BEGIN");
      ++turn_;
      const std::string turn =
          "UPDATE kiyome_writers SET turn = " + std::to_string(turn_) + ", since = now() ";
      const std::string whose = "WHERE writer = '" + writer_ + "'";
      const Answer began = connection_.command(
          (writers == Writers::alone
               ? "WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtextextended('" +
                     connection_.place().schema + "', 0))) " + turn + "FROM held " + whose
               : turn + whose)
              .c_str());
      if (std::string_view(PQcmdTuples(began.get())) != "1") {  // somebody tidied up
        writer_.clear();
        throw TemporaryFailure("database: our name is not known there any more");
      }
      break;
    } catch (const TemporaryFailure&) {
      const bool gone = connection_.lost();
      if (!gone) Answer(PQexec(connection_.get(), "ROLLBACK"));
      if (!gone || last) throw;
    }
  }
  in_transaction_ = true;
  began_on_ = connection_.life();
}

void PostgresEngine::commit() {
  settle_stream();
  PGconn* const connection = reachable();
  const Answer answer(PQexec(connection, "COMMIT"));
  if (answer && PQresultStatus(answer.get()) == PGRES_COMMAND_OK &&
      std::string_view(PQcmdStatus(answer.get())) == "COMMIT") {
    in_transaction_ = false;
    return;
  }
  if (!connection_.lost()) {  // it said no (or ROLLBACK, of a transaction that had failed before)
    const std::string why = PQerrorMessage(connection);
    rollback();
    throw TemporaryFailure("database: not committed: " + why);
  }
  in_transaction_ = false;
  if (!was_committed()) throw DatabaseAway("database: connection lost, nothing was committed");
}

// Our row waits for the transaction that may still be ending over there, and then tells whether its number
// stayed.
bool PostgresEngine::was_committed() {
  const auto deadline = Steady::now() + settle_patience_;
  const std::string ask = "SELECT turn FROM kiyome_writers WHERE writer = '" + writer_ + "' FOR UPDATE";
  while (Steady::now() < deadline) {
    try {
      return single(connection_.command(ask.c_str())) == std::to_string(turn_);
    } catch (const TemporaryFailure&) {
      if (!connection_.lost()) connection_.close();
      std::this_thread::sleep_for(kSettlePause);
    }
  }
  std::fprintf(stderr, "database: it is not known what was committed: the process ends\n");
  std::abort();
}

void PostgresEngine::rollback() noexcept {
  in_transaction_ = false;
  try {
    settle_stream();
    if (!connection_.lost()) Answer(PQexec(connection_.get(), "ROLLBACK"));
  } catch (const std::exception&) {
    connection_.close();
  }
}

int PostgresEngine::version() {
  reachable();
  if (single(connection_.command("SELECT to_regclass('kiyome_version') IS NOT NULL")) != "t") return 0;
  const std::string version = single(connection_.command("SELECT max(version) FROM kiyome_version"));
  return version.empty() ? 0 : std::atoi(version.c_str());
}

void PostgresEngine::set_version(int version) {
  reachable();
  connection_.command(
      "CREATE TABLE IF NOT EXISTS kiyome_version (version bigint PRIMARY KEY, since timestamptz NOT NULL "
      "DEFAULT now())");
  connection_.command(("INSERT INTO kiyome_version VALUES (" + std::to_string(version) + ")").c_str());
}

}  // namespace

std::unique_ptr<Engine> open_postgres(const Place& place) { return std::make_unique<PostgresEngine>(place); }

struct Bell::Impl {
  Connection connection;
  std::string listen;
  std::uint64_t life = 0;
  Descriptor rung{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

Bell::Bell(const Place& place, const char* channel)
    : impl_(std::make_unique<Impl>(Impl{Connection(place), std::string("LISTEN ") + channel})) {}

Bell::~Bell() = default;

void Bell::ring() { ::eventfd_write(impl_->rung.get(), 1); }

void Bell::wait(std::chrono::milliseconds patience) {
  Impl& mine = *impl_;
  const auto pause = static_cast<int>(patience.count());
  int socket = -1;
  try {
    PGconn* const connection = mine.connection.get();
    if (mine.life != mine.connection.life()) {
      mine.connection.command(mine.listen.c_str());
      mine.life = mine.connection.life();
      return;
    }
    socket = PQsocket(connection);
  } catch (const TemporaryFailure&) {
  }
  pollfd entries[2] = {{mine.rung.get(), POLLIN, 0}, {socket, POLLIN, 0}};
  ::poll(entries, 2, socket < 0 ? std::min(pause, 1000) : pause);
  eventfd_t rings = 0;
  ::eventfd_read(mine.rung.get(), &rings);
  if (socket < 0 || entries[1].revents == 0) return;
  PGconn* const connection = mine.connection.get();
  PQconsumeInput(connection);
  while (PGnotify* const notice = PQnotifies(connection)) PQfreemem(notice);
}

}  // namespace kiyome::store

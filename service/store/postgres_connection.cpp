#include "service/store/postgres_connection.h"

#include "service/base/errors.h"

namespace kiyome::store::postgres {
namespace {

constexpr int kOldest = 150000;  // PostgreSQL 15

// A host that went away without a word is noticed within seconds; a session whose host went away holds no
// lock for long; a transaction waits for its turn, not for ever.
constexpr const char* kKeys[] = {"application_name",
                                 "connect_timeout",
                                 "keepalives_idle",
                                 "keepalives_interval",
                                 "keepalives_count",
                                 "tcp_user_timeout",
                                 "target_session_attrs",
                                 "client_encoding",
                                 "dbname",
                                 nullptr};
constexpr const char* kSession =
    "SET client_min_messages = warning; SET default_transaction_isolation = 'read committed'; "
    "SET idle_in_transaction_session_timeout = '15s'; SET lock_timeout = '30s'; "
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN "
    "('off', "
    "'local')";

std::string trouble_of(const char* words) {
  std::string out = words;
  while (!out.empty() && out.back() == '\n') out.pop_back();
  for (char& each : out)
    if (each == '\n') each = ' ';
  return "database: " + out;
}

}  // namespace

std::string single(const Answer& answer) {
  return PQntuples(answer.get()) > 0 ? PQgetvalue(answer.get(), 0, 0) : std::string();
}

PGconn* Connection::get() {
  if (lost()) connect();
  return handle_.get();
}

Answer Connection::expect(Answer answer) {
  switch (answer ? PQresultStatus(answer.get()) : PGRES_FATAL_ERROR) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_SINGLE_TUPLE:
      return answer;
    default:
      if (lost()) throw DatabaseAway(trouble_of(PQerrorMessage(handle_.get())));
      throw TemporaryFailure(trouble_of(PQerrorMessage(handle_.get())));
  }
}

Answer Connection::command(const char* sql) { return expect(Answer(PQexec(get(), sql))); }

void Connection::connect() {
  const char* const values[] = {"kiyome",           "4",    "5", "2", "3", "10000", "read-write", "UTF8",
                                place_.url.c_str(), nullptr};
  handle_.reset(PQconnectdbParams(kKeys, values, 1));
  if (lost()) throw DatabaseAway(trouble_of(handle_ ? PQerrorMessage(handle_.get()) : "no memory"));
  try {
    PQsetNoticeProcessor(
        handle_.get(), [](void*, const char*) {}, nullptr);
    if (PQserverVersion(handle_.get()) < kOldest)
      throw TemporaryFailure("database: PostgreSQL " + std::to_string(kOldest / 10000) +
                             " or later is needed");
    // Without these a 250 would be a promise that a power cut breaks.
    for (const char* setting : {"SHOW fsync", "SHOW full_page_writes"})
      if (single(command(setting)) != "on")
        throw TemporaryFailure(std::string("database: the server does not keep what it commits: ") + setting);
    command(kSession);
    if (!place_.schema.empty()) make_schema();
  } catch (...) {
    close();
    throw;
  }
  ++life_;
}

// Who may not make one finds it made by who may (kiyome store prepare).
void Connection::make_schema() {
  const std::string there = "SELECT 1 FROM pg_namespace WHERE nspname = '" + place_.schema + "'";
  if (single(command(there.c_str())).empty()) {
    const std::string make = "CREATE SCHEMA \"" + place_.schema + "\"";
    Answer(PQexec(handle_.get(), make.c_str()));  // another host may be faster
    if (single(command(there.c_str())).empty()) expect(Answer(PQexec(handle_.get(), make.c_str())));
  }
  command(("SET search_path = \"" + place_.schema + "\"").c_str());
}

}  // namespace kiyome::store::postgres

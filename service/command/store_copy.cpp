#include "service/command/store_copy.h"

#include <endian.h>

#include <algorithm>
#include <cstdlib>

#include "service/base/errors.h"
#include "service/command/store_schemas.h"

namespace kiyome::command {
namespace {

using store::Blob;
using store::Null;
using store::postgres::Answer;
using store::postgres::Connection;
using store::postgres::Parameters;

constexpr std::size_t kFlush = 1u << 20;  // octets given to the connection at once

struct Column {
  std::string name, type;
  bool identity = false;
};

std::vector<Column> columns_there(Connection& to, const std::string& schema, const std::string& table) {
  const std::string sql =
      "SELECT column_name, data_type, is_identity FROM information_schema.columns WHERE table_schema = '" +
      schema + "' AND table_name = '" + table + "'";
  const Answer answer = to.command(sql.c_str());
  std::vector<Column> out;
  for (int i = 0; i < PQntuples(answer.get()); ++i)
    out.push_back({PQgetvalue(answer.get(), i, 0), PQgetvalue(answer.get(), i, 1),
                   std::string_view(PQgetvalue(answer.get(), i, 2)) == "YES"});
  return out;
}

void put(Parameters& into, int index, const std::string& type, sqlite3_stmt* row) {
  const int column = index - 1;
  if (sqlite3_column_type(row, column) == SQLITE_NULL)
    into.put(index, Null{});
  else if (type == "bigint")
    into.put(index, std::int64_t{sqlite3_column_int64(row, column)});
  else if (type == "double precision")
    into.put(index, sqlite3_column_double(row, column));
  else if (type == "bytea")
    into.put(index, Blob{octets_of(row, column)});
  else
    into.put(index, octets_of(row, column));
}

template <class Integer>
void append(std::string& out, Integer value) {
  if constexpr (sizeof value == 2)
    value = static_cast<Integer>(htobe16(static_cast<std::uint16_t>(value)));
  else
    value = static_cast<Integer>(htobe32(static_cast<std::uint32_t>(value)));
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

StillFile::StillFile(const std::string& path) {
  std::string uri = "file:";
  for (const char each : path)
    if (each == '?' || each == '#' || each == '%') {
      constexpr char kDigits[] = "0123456789abcdef";
      uri += '%';
      uri += kDigits[each >> 4];
      uri += kDigits[each & 15];
    } else {
      uri += each;
    }
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2((uri + "?immutable=1").c_str(), &handle,
                                   SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) throw TemporaryFailure(path + ": " + sqlite3_errstr(code));
}

void StillFile::each(const std::string& sql, const std::function<void(sqlite3_stmt*)>& use) const {
  sqlite3_stmt* raw = nullptr;
  const int prepared = sqlite3_prepare_v2(handle(), sql.c_str(), -1, &raw, nullptr);
  const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement(raw, sqlite3_finalize);
  if (prepared != SQLITE_OK) throw TemporaryFailure(std::string("database: ") + sqlite3_errmsg(handle()));
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(raw)) == SQLITE_ROW) use(raw);
  if (code != SQLITE_DONE) throw TemporaryFailure(std::string("database: ") + sqlite3_errmsg(handle()));
}

std::int64_t StillFile::number(const std::string& sql) const {
  std::int64_t out = 0;
  each(sql, [&](sqlite3_stmt* row) { out = sqlite3_column_int64(row, 0); });
  return out;
}

int StillFile::version() const { return static_cast<int>(number("PRAGMA user_version")); }

// In the order in which they were made: what others refer to comes first.
std::vector<std::string> StillFile::tables() const {
  std::vector<std::string> out;
  each(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER "
      "BY rowid",
      [&](sqlite3_stmt* row) { out.emplace_back(octets_of(row, 0)); });
  return out;
}

std::vector<std::string> StillFile::columns(const std::string& table) const {
  std::vector<std::string> out;
  each("PRAGMA table_info(" + quoted(table) + ")",
       [&](sqlite3_stmt* row) { out.emplace_back(octets_of(row, 1)); });
  return out;
}

std::string_view octets_of(sqlite3_stmt* row, int column) {
  const void* const octets = sqlite3_column_blob(row, column);
  if (octets == nullptr) return {};
  return {static_cast<const char*>(octets), static_cast<std::size_t>(sqlite3_column_bytes(row, column))};
}

Filling::Filling(Connection& connection, const std::string& schema, const std::string& table,
                 const std::vector<std::string>& columns)
    : connection_(connection), columns_(columns.size()) {
  std::string names;
  for (const std::string& each : columns) names += (names.empty() ? "" : ", ") + quoted(each);
  const std::string sql =
      "COPY " + quoted(schema) + "." + quoted(table) + " (" + names + ") FROM STDIN (FORMAT binary)";
  const Answer answer(PQexec(connection_.get(), sql.c_str()));
  if (!answer || PQresultStatus(answer.get()) != PGRES_COPY_IN)
    throw TemporaryFailure(std::string("database: ") + PQerrorMessage(connection_.get()));
  waiting_.assign("PGCOPY\n\377\r\n\0", 11);
  waiting_.append(8, '\0');  // no flags, no more header
}

void Filling::flush() {
  if (!waiting_.empty() &&
      PQputCopyData(connection_.get(), waiting_.data(), static_cast<int>(waiting_.size())) != 1)
    throw TemporaryFailure(std::string("database: ") + PQerrorMessage(connection_.get()));
  waiting_.clear();
}

void Filling::put(std::string_view octets) {
  while (!octets.empty()) {
    const std::string_view piece = octets.substr(0, kFlush);
    waiting_ += piece;
    octets.remove_prefix(piece.size());
    if (waiting_.size() >= kFlush) flush();
  }
}

void Filling::row(Parameters& values) {
  append(waiting_, static_cast<std::int16_t>(columns_));
  const char* const* const octets = values.values();
  for (std::size_t i = 0; i < columns_; ++i) {
    const int size = octets[i] == nullptr ? -1 : values.lengths()[i];
    append(waiting_, static_cast<std::int32_t>(size));
    if (size > 0) put({octets[i], static_cast<std::size_t>(size)});
  }
  values.clear();
}

std::uint64_t Filling::finish() {
  append(waiting_, std::int16_t{-1});
  flush();
  if (PQputCopyEnd(connection_.get(), nullptr) != 1)
    throw TemporaryFailure(std::string("database: ") + PQerrorMessage(connection_.get()));
  const Answer answer = connection_.expect(Answer(PQgetResult(connection_.get())));
  while (Answer rest{PQgetResult(connection_.get())}) {
  }
  return std::strtoull(PQcmdTuples(answer.get()), nullptr, 10);
}

namespace {

// AUTOINCREMENT remembers the largest number also when its row is gone.
void go_on_behind(const StillFile& from, Connection& to, const std::string& schema, const std::string& table,
                  const std::string& column) {
  std::int64_t last = from.number("SELECT max(" + quoted(column) + ") FROM " + quoted(table));
  if (from.number("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'") != 0)
    last = std::max(last, from.number("SELECT max(seq) FROM sqlite_sequence WHERE name = '" + table + "'"));
  if (last == 0) return;
  to.command(("SELECT setval(pg_get_serial_sequence('" + quoted(schema) + "." + quoted(table) + "', '" +
              column + "'), " + std::to_string(last) + ")")
                 .c_str());
}

std::uint64_t copy_table(const StillFile& from, Connection& to, const std::string& schema,
                         const std::string& table, const Change& change) {
  const std::vector<std::string> names = from.columns(table);
  const std::vector<Column> there = columns_there(to, schema, table);
  std::vector<Column> columns;
  std::string list;
  for (const std::string& name : names) {
    const auto found =
        std::find_if(there.begin(), there.end(), [&](const Column& each) { return each.name == name; });
    if (found == there.end())
      throw TemporaryFailure("database: " + schema + "." + table + " has no column " + name);
    columns.push_back(*found);
    list += (list.empty() ? "" : ", ") + quoted(name);
  }
  std::uint64_t sent = 0;
  Parameters values;
  Filling filling(to, schema, table, names);
  from.each("SELECT " + list + " FROM " + quoted(table), [&](sqlite3_stmt* row) {
    for (int i = 0; i < static_cast<int>(columns.size()); ++i) {
      const Column& column = columns[static_cast<std::size_t>(i)];
      if (!change || !change(table, column.name, i + 1, row, values)) put(values, i + 1, column.type, row);
    }
    filling.row(values);
    ++sent;
  });
  const std::uint64_t taken = filling.finish();
  if (taken != sent) throw TemporaryFailure("database: " + schema + "." + table + ": rows are missing");
  for (const Column& column : columns)
    if (column.identity) go_on_behind(from, to, schema, table, column.name);
  return taken;
}

}  // namespace

std::map<std::string, std::uint64_t> copy_all(const StillFile& from, Connection& to,
                                              const std::string& schema, const Change& change) {
  std::map<std::string, std::uint64_t> out;
  for (const std::string& table : from.tables()) out[table] = copy_table(from, to, schema, table, change);
  return out;
}

}  // namespace kiyome::command

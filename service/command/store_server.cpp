#include "service/command/store_server.h"

#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>

#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/store/postgres_connection.h"

namespace kiyome::command {
namespace {

using store::postgres::Answer;
using store::postgres::Connection;

std::map<std::string, std::string> words_of(const std::string& url) {
  char* trouble = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> all(
      PQconninfoParse(url.c_str(), &trouble), PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> words(trouble, PQfreemem);
  if (!all) throw ConfigError(std::string("store.url: ") + (trouble != nullptr ? trouble : "no url"));
  std::map<std::string, std::string> out;
  for (const PQconninfoOption* each = all.get(); each->keyword != nullptr; ++each)
    if (each->val != nullptr) out[each->keyword] = each->val;
  return out;
}

std::vector<std::string> parted(const std::string& list) {
  std::vector<std::string> out(1);
  for (const char each : list)
    if (each == ',')
      out.emplace_back();
    else
      out.back() += each;
  return out;
}

struct Address {
  std::string host, port;
  std::string text() const { return (host.empty() ? "local" : host) + ":" + port; }
};

std::vector<Address> addresses_of(const std::map<std::string, std::string>& words) {
  const auto word = [&](const char* key) { return words.contains(key) ? words.at(key) : std::string(); };
  const std::vector<std::string> ports = parted(word("port"));
  std::vector<Address> out;
  for (const std::string& host : parted(word("host"))) {
    const std::string port =
        ports.size() == 1 ? ports.front() : ports[std::min(out.size(), ports.size() - 1)];
    out.push_back({host, port.empty() ? "5432" : port});
  }
  return out;
}

std::string one_line(const char* words) {
  std::string out = words == nullptr ? "no memory" : words;
  while (!out.empty() && out.back() == '\n') out.pop_back();
  for (char& each : out)
    if (each == '\n') each = ' ';
  return log::shown(out);
}

std::string text_of(const PGresult* answer, int column) {
  return PQgetisnull(answer, 0, column) != 0 ? std::string() : PQgetvalue(answer, 0, column);
}

StoreHost look_at_host(std::map<std::string, std::string> words, const Address& at) {
  words["host"] = at.host;
  words["port"] = at.port;
  words["target_session_attrs"] = "any";
  words["connect_timeout"] = "4";
  words.erase("hostaddr");
  std::vector<const char*> keys, values;
  for (const auto& [key, value] : words) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  const std::unique_ptr<PGconn, decltype(&PQfinish)> handle(PQconnectdbParams(keys.data(), values.data(), 0),
                                                            PQfinish);
  StoreHost out{at.text(), false, false, {}};
  const Answer answer(PQstatus(handle.get()) == CONNECTION_OK
                          ? PQexec(handle.get(),
                                   "SELECT current_setting('server_version'), "
                                   "pg_is_in_recovery()")
                          : nullptr);
  if (!answer || PQresultStatus(answer.get()) != PGRES_TUPLES_OK) {
    out.said = one_line(PQerrorMessage(handle.get()));
    return out;
  }
  out.answers = true;
  out.said = log::shown(text_of(answer.get(), 0));
  out.primary = text_of(answer.get(), 1) == "f";
  return out;
}

}  // namespace

bool StoreServer::waits_for_standby() const {
  return !standby_names.empty() && commit != "local" && commit != "off";
}

StoreServer look_at_server(const std::string& url) {
  Connection connection({{}, url, {}});
  const Answer answer = connection.command(
      "SELECT current_user, current_database(), current_setting('server_version'), "
      "current_setting('synchronous_commit'), current_setting('synchronous_standby_names'), "
      "(SELECT count(*) FROM pg_stat_replication), "
      "(SELECT CASE WHEN count(*) FILTER (WHERE state IS NULL) > 0 THEN -1 ELSE count(*) FILTER (WHERE "
      "sync_state IN ('sync', 'quorum') AND state = 'streaming') END FROM pg_stat_replication), "
      "coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false), "
      "coalesce(host(inet_server_addr()) IN ('127.0.0.1', '::1'), true), pg_postmaster_start_time()");
  const auto text = [&](int column) { return log::shown(text_of(answer.get(), column)); };
  StoreServer out;
  out.user = text(0);
  out.database = text(1);
  out.version = text(2);
  out.commit = text(3);
  out.standby_names = text(4);
  out.standbys = std::atoi(text(5).c_str());
  out.synchronous = std::atoi(text(6).c_str());
  out.encrypted = text(7) == "t";
  out.local = text(8) == "t";
  out.started = text(9);
  return out;
}

std::vector<StoreHost> look_at_hosts(const std::string& url) {
  const auto words = words_of(url);
  std::vector<StoreHost> out;
  for (const Address& each : addresses_of(words)) out.push_back(look_at_host(words, each));
  return out;
}

std::string user_of(const std::string& url) {
  const auto words = words_of(url);
  return words.contains("user") ? words.at("user") : std::string();
}

std::string shown_url(const std::string& url) {
  const auto words = words_of(url);
  std::string out;
  for (const Address& each : addresses_of(words)) out += (out.empty() ? "" : ",") + each.text();
  return log::shown(out + "/" + (words.contains("dbname") ? words.at("dbname") : std::string()));
}

}  // namespace kiyome::command

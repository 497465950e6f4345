#include "service/auth/tries.h"

#include <arpa/inet.h>

#include <cstring>

#include "proto/base/limits.h"
#include "service/auth/secrets.h"

namespace kiyome::auth {
namespace {

using store::Blob;
using store::Row;

constexpr std::size_t kKeyOctets = 16;

std::string key(std::string_view kind, std::string_view what) {
  return digest_of(std::string(kind) + '\0' + std::string(what)).substr(0, kKeyOctets);
}

}  // namespace

std::string key_of_login(std::string_view login) { return key("login", login); }

std::string key_of_code(std::int64_t account) { return key("code", std::to_string(account)); }

std::string key_of_client(std::string_view address) {
  std::string text(address);
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  in6_addr six{};
  if (::inet_pton(AF_INET6, text.c_str(), &six) != 1) return key("client", text);
  if (!IN6_IS_ADDR_V4MAPPED(&six))
    return key("client", std::string_view(reinterpret_cast<const char*>(six.s6_addr), 8));
  char four[INET_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET, six.s6_addr + 12, four, sizeof four);
  return key("client", four);
}

std::int64_t Tries::begin(std::string_view name, const TriesRule& rule, std::int64_t now_ms) {
  std::int64_t count = 0, last = 0, until = 0;
  database_.kept("SELECT count, last_ms, until_ms FROM tries WHERE key = ?")
      .one(
          [&](const Row& row) {
            count = row.integer(0);
            last = row.integer(1);
            until = row.integer(2);
          },
          Blob{name});
  // A clock that was set back must not lock anybody for longer than the rule says.
  if (until > now_ms + rule.lock_ms) until = now_ms + rule.lock_ms;
  if (until > now_ms) return until - now_ms;
  if (until != 0 || now_ms - last >= rule.lock_ms) count = 0;
  ++count;
  until = count >= rule.tries ? now_ms + rule.lock_ms : 0;
  database_
      .kept(
          "INSERT INTO tries VALUES (?,?,?,?) ON CONFLICT (key) DO UPDATE SET count = excluded.count,"
          " last_ms = excluded.last_ms, until_ms = excluded.until_ms")
      .run(Blob{name}, count, now_ms, until);
  // The oldest ones go; whoever wants his own forgotten has to come from that many addresses.
  database_
      .kept(
          "DELETE FROM tries WHERE key IN"
          " (SELECT key FROM tries ORDER BY last_ms DESC LIMIT 1000000 OFFSET ?)")
      .run(limits::kTriesKept);
  return 0;
}

bool Tries::locked(std::string_view name, std::int64_t now_ms) {
  bool out = false;
  database_.kept("SELECT until_ms FROM tries WHERE key = ?")
      .one([&](const Row& row) { out = row.integer(0) > now_ms; }, Blob{name});
  return out;
}

void Tries::give_back(std::string_view name) {
  database_
      .kept(
          "UPDATE tries SET count = CASE WHEN count > 0 THEN count - 1 ELSE 0 END, until_ms = 0"
          " WHERE key = ?")
      .run(Blob{name});
}

void Tries::forget(std::string_view name) {
  database_.kept("DELETE FROM tries WHERE key = ?").run(Blob{name});
}

}  // namespace kiyome::auth

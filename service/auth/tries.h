// Who tried how often: of a login and of a client's address. A try counts before it is judged, so that many
// at once are no way around the bound; it is given back when it was a good one. In the store, so that a
// restart forgets nothing. One thread at a time, within the caller's transaction.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "service/store/database.h"

namespace kiyome::auth {

// Names of what is counted: 16 octets, whatever a client typed.
std::string key_of_login(std::string_view login);
std::string key_of_code(std::int64_t account);
std::string key_of_client(std::string_view address);  // of IPv6 the /64: a host has all of it

struct TriesRule {
  std::uint32_t tries = 5;
  std::int64_t lock_ms = 900'000;
};

class Tries {
 public:
  explicit Tries(store::Database& database) : database_(database) {}
  // Counts one try more. What is left of a lock, in milliseconds, if there is one (then nothing is counted).
  std::int64_t begin(std::string_view key, const TriesRule& rule, std::int64_t now_ms);
  // Whether the tries counted so far have locked it.
  bool locked(std::string_view key, std::int64_t now_ms);
  void give_back(std::string_view key);
  void forget(std::string_view key);

 private:
  store::Database& database_;
};

}  // namespace kiyome::auth

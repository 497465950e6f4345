// A folder of its own, a clock that tests move, and what was told to the audit trail.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "service/auth/accounts.h"
#include "service/auth/one_time_code.h"
#include "tests/unit/store_place.h"

namespace kiyome::auth {

inline constexpr const char* kPassword = "correct horse battery";
inline constexpr const char* kClient = "192.0.2.1";

struct Desk {
  std::filesystem::path folder;
  std::int64_t now_ms = 1'800'000'000'000;
  AuthConfig config;
  std::mutex mutex;
  std::vector<Event> events;
  std::unique_ptr<Accounts> accounts;

  Desk() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kiyome-auth-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    config.second_factor = {"administrator"};
    reopen();
  }
  ~Desk() {
    accounts.reset();
    std::filesystem::remove_all(folder);
  }

  void reopen() {
    accounts.reset();
    accounts = std::make_unique<Accounts>(
        folder.string(), config,
        [this](const Event& event) {
          const std::lock_guard lock(mutex);
          events.push_back(event);
        },
        "Kiyome", [this] { return now_ms; }, store::test_place(folder.string() + "/accounts.sqlite"));
  }
  void minutes(double count) { now_ms += static_cast<std::int64_t>(count * 60'000); }

  void add(const std::string& login, const std::set<Role>& roles = {Role::sender},
           const std::string& password = kPassword) {
    Account account;
    account.login = login;
    account.name = "山田 " + login;
    account.mail = login + "@city.example.jp";
    account.department = "総務部/総務課";
    account.roles = roles;
    accounts->add(account, password, "operator");
  }
  Accounts::SignedIn sign_in(const std::string& login, const std::string& password = kPassword,
                             const std::string& client = kClient) {
    return accounts->sign_in(login, password, client);
  }
  // The code of `use`'s refusal; empty when it was none.
  template <class Use>
  std::string refusal(Use&& use) {
    try {
      use();
      return {};
    } catch (const Refusal& refused) {
      last = refused;
      return refused.code;
    }
  }
  Refusal last;
  std::size_t told(const std::string& what) {
    const std::lock_guard lock(mutex);
    std::size_t count = 0;
    for (const Event& each : events) count += each.what == what ? 1 : 0;
    return count;
  }
  // Enrols and gives the secret's octets and the recovery codes.
  std::string secret;
  Accounts::Enrolled enrol(const std::string& token) {
    secret = octets_of(accounts->enrolment(token).secret_base32);
    return accounts->enrol(token, code(), kClient);
  }
  std::string code(std::int64_t steps = 0) const { return totp(secret, now_ms / kTotpStepMs + steps); }

  static std::string octets_of(const std::string& base32) {
    std::string out;
    unsigned bits = 0, count = 0;
    for (const char c : base32) {
      bits = bits << 5 | static_cast<unsigned>(c >= 'A' ? c - 'A' : c - '2' + 26);
      if ((count += 5) >= 8) out += static_cast<char>(bits >> (count -= 8));
      bits &= 0xFFFF;
    }
    return out;
  }
};

}  // namespace kiyome::auth

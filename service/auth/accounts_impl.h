// What the pieces of Accounts share: the store under one lock, the rules, and events that are told after the
// commit and outside the lock. Included by accounts*.cpp only.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "proto/base/limits.h"
#include "service/auth/account_store.h"
#include "service/auth/accounts.h"
#include "service/auth/ldap.h"
#include "service/auth/password.h"
#include "service/auth/tries.h"
#include "service/base/clock.h"
#include "service/base/guarded.h"

namespace kiyome::auth {

// What stands behind the lock.
struct AccountsState {
  AccountsState(const store::Place& place, const AuthConfig& rules)
      : store(place), tries(store.database()), config(rules) {}
  AccountStore store;
  Tries tries;
  AuthConfig config;
  std::map<std::string, std::int64_t> seen_ms;  // of sessions, by digest: newer than what the store has
  std::vector<Event> events;                    // of the call in hand
  std::vector<std::function<void(const Account&)>> on_disabled;
  Accounts::Tenants tenants;
};

struct Accounts::Impl {
  Guarded<std::unique_ptr<AccountsState>> state;
  const std::string folder, issuer;
  const std::function<void(const Event&)> note;
  static void count(const Event& event);  // of signing in
  const std::function<std::int64_t()> clock;
  Turns hashing{limits::kPasswordHashings}, asking{limits::kDirectoryQuestions};

  Impl(const std::string& where, const AuthConfig& config, std::function<void(const Event&)> tell,
       std::string issued_by, std::function<std::int64_t()> time, const store::Place& place);

  // use(state, now) under the lock in one transaction, then the events. What `use` throws undoes it all; a
  // Refusal that has to be remembered is given back instead.
  template <class Use>
  auto change(Use&& use) {
    std::vector<Event> events;
    auto result = state.with([&](std::unique_ptr<AccountsState>& held) {
      held->events.clear();
      store::Transaction transaction(held->store.database());
      auto out = use(*held, clock());
      transaction.commit();
      events = std::move(held->events);
      return out;
    });
    for (const Event& event : events) {
      count(event);
      if (note) note(event);
    }
    return result;
  }
  template <class Use>
  auto look(Use&& use) {
    return state.with([&](std::unique_ptr<AccountsState>& held) { return use(*held, clock()); });
  }

  // One of the few that may hash at this moment. Refusal "too-many-tries" after the patience.
  Turns::Turn turn(Turns& turns, std::uint32_t patience_ms = limits::kSignInWaitMs);

  // ---- with the lock held ----
  struct Standing {
    StoredSession session;
    StoredAccount stored;
    Step step = Step::signed_in;
  };
  // The session of a token if it has not ended and its account may be used.
  std::optional<Standing> standing(AccountsState& state, const std::string& token, std::int64_t now);
  static bool is_guest(const StoredAccount& stored) {
    return stored.account.local && stored.password.empty();
  }
  bool needs_second_factor(const AccountsState& state, const Account& account) const;
  Step next_step(const AccountsState& state, const StoredAccount& stored, bool proven) const;
  // A new session in place of the one named `before`.
  SignedIn go_on(AccountsState& state, const StoredAccount& stored, Step step, std::int64_t password_ms,
                 std::int64_t now, std::string_view before);
  StoredAccount known(AccountsState& state, const std::string& login);  // throws Refusal "not-found"
  TriesRule rule_of(const AccountsState& state, std::uint32_t times = 1) const;

  // ---- signing in ----
  struct Try {
    std::string login, client, login_key, client_key;
    std::optional<StoredAccount> stored;
    AuthConfig config;
    Steady::time_point begin = Steady::now();
  };
  Try begin_try(const std::string& login, const std::string& client);
  void take_back(const Try& attempt);
  Refusal refused(AccountsState& state, const Try& attempt, std::int64_t now, const char* why);
  // Whether the password is right; of the directory, who that is.
  struct Answer {
    bool right = false;
    std::optional<DirectoryPerson> person;
  };
  Answer judge(const Try& attempt, const std::string& password);
  std::variant<SignedIn, Refusal> finish(AccountsState& state, const Try& attempt, const Answer& answer,
                                         std::int64_t now);
  const char* take_in(AccountsState& state, const Try& attempt, const DirectoryPerson& person,
                      std::int64_t now, StoredAccount& into);
  void reload(const AuthConfig& config);
};

// What is wrong with an account's fields: the field's name, empty when nothing. Brings them into their form.
std::string put_in_form(Account& account);
bool is_login(std::string_view login);

}  // namespace kiyome::auth

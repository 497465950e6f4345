// The steps of signing in. A try is counted, then judged outside the lock (argon2id, LDAP), then finished
// under it with the account as it is by then.
#include <algorithm>
#include <thread>

#include "service/auth/accounts_impl.h"
#include "service/auth/one_time_code.h"
#include "service/auth/secrets.h"

namespace kiyome::auth {
namespace {

using SignedIn = Accounts::SignedIn;

constexpr std::int64_t kHourMs = 3'600'000, kMinuteMs = 60'000;
constexpr std::size_t kTotpOctets = 20;  // RFC 4226 section 4 R6
// With a directory, refusals come no earlier: the time must not tell whose password it was.
constexpr auto kRefusalWithDirectory = std::chrono::milliseconds(1000);

std::uint32_t seconds_of(std::int64_t ms) { return static_cast<std::uint32_t>((ms + 999) / 1000); }

template <class T>
T given(std::variant<T, Refusal> outcome) {
  if (const Refusal* refusal = std::get_if<Refusal>(&outcome)) throw *refusal;
  return std::get<T>(std::move(outcome));
}

}  // namespace

SignedIn Accounts::Impl::go_on(AccountsState& now_state, const StoredAccount& stored, Step step,
                               std::int64_t password_ms, std::int64_t now, std::string_view before) {
  if (!before.empty()) {
    now_state.store.end_session(before);
    now_state.seen_ms.erase(std::string(before));
  }
  SignedIn out{new_token(), {stored.account, step, new_token(), password_ms}};
  now_state.store.insert(StoredSession{.digest = digest_of(out.token),
                                       .account = stored.account.number,
                                       .step = step,
                                       .csrf = out.session.csrf,
                                       .password_ms = password_ms,
                                       .seen_ms = now,
                                       .pending = {}});
  return out;
}

Accounts::Impl::Try Accounts::Impl::begin_try(const std::string& typed, const std::string& client) {
  Try out;
  out.login = lower(typed);
  out.client = client;
  out.login_key = key_of_login(out.login);
  out.client_key = key_of_client(client);
  const std::int64_t locked_ms = change([&](AccountsState& state_now, std::int64_t now) {
    Tries& tries = state_now.tries;
    std::int64_t left = tries.begin(out.client_key, rule_of(state_now, limits::kClientTries), now);
    if (left == 0) left = tries.begin(out.login_key, rule_of(state_now), now);
    out.stored = state_now.store.by_login(out.login);
    out.config = state_now.config;
    return left;
  });
  if (locked_ms > 0) throw Refusal{"too-many-tries", seconds_of(locked_ms)};
  return out;
}

void Accounts::Impl::take_back(const Try& attempt) {
  change([&](AccountsState& state_now, std::int64_t) {
    state_now.tries.give_back(attempt.login_key);
    state_now.tries.give_back(attempt.client_key);
    return 0;
  });
}

// A login that nobody has is not told: people type their passwords there.
Refusal Accounts::Impl::refused(AccountsState& now_state, const Try& attempt, std::int64_t now,
                                const char* why) {
  const std::string login = attempt.stored ? attempt.stored->account.login : "";
  now_state.events.push_back({"sign-in-refused", login, login, attempt.client, why});
  if (now_state.tries.locked(attempt.login_key, now))
    now_state.events.push_back({"locked", login, login, attempt.client, "login"});
  if (now_state.tries.locked(attempt.client_key, now))
    now_state.events.push_back({"locked", login, login, attempt.client, "address"});
  return Refusal{"sign-in-refused"};
}

Accounts::Impl::Answer Accounts::Impl::judge(const Try& attempt, const std::string& password) {
  const bool sizes = password.size() <= limits::kPasswordOctets;
  const bool local = attempt.stored && attempt.stored->account.local;
  if (!attempt.config.ldap.url.empty() && !local && is_login(attempt.login) && sizes) {
    const Turns::Turn held = turn(asking);
    Answer out;
    out.person =
        ask_directory(attempt.config.ldap, attempt.config.ldap.ca_pem.empty() ? "" : folder + "/ldap-ca.pem",
                      attempt.login, password);
    out.right = out.person.has_value();
    return out;
  }
  const Turns::Turn held = turn(hashing);
  return {verify_password(local && sizes ? attempt.stored->password : "", sizes ? password : ""), {}};
}

// The account of somebody whom the directory knows, made or brought up to date. Why not, or nullptr.
const char* Accounts::Impl::take_in(AccountsState& now_state, const Try& attempt,
                                    const DirectoryPerson& person, std::int64_t now, StoredAccount& into) {
  std::optional<StoredAccount> found = now_state.store.by_directory(person.directory);
  if (!found) found = now_state.store.by_login(attempt.login);
  if (found && found->account.local) return "local account";
  into = found.value_or(StoredAccount{});
  Account& account = into.account;
  const bool fresh = account.number == 0;
  if (fresh) account.login = attempt.login;
  if (!attempt.config.ldap.groups.empty()) account.roles = person.roles;
  if (fresh && account.roles.empty()) return "no role";
  account.local = false;
  if (!person.name.empty()) account.name = person.name;
  if (const auto other = now_state.store.by_mail(person.mail);
      !person.mail.empty() && (!other || other->account.number == account.number))
    account.mail = person.mail;
  if (account.tenant.empty() && now_state.tenants.of) account.tenant = now_state.tenants.of(account.mail);
  Account placed = account;
  placed.department = person.department;
  if (!person.department.empty() && put_in_form(placed).empty()) account = placed;
  if (const std::string field = put_in_form(account); !field.empty()) return "unusable entry";
  into.directory = person.directory;
  account.changed_ms = now;
  if (fresh) {
    account.created_ms = now;
    account.number = now_state.store.insert(into);
    now_state.events.push_back({"account-added", account.login, "ldap", attempt.client, ""});
  } else {
    now_state.store.update(into);
  }
  if (account.disabled) return "disabled";
  return account.roles.empty() ? "no role" : nullptr;
}

std::variant<SignedIn, Refusal> Accounts::Impl::finish(AccountsState& now_state, const Try& attempt,
                                                       const Answer& answer, std::int64_t now) {
  StoredAccount stored;
  const char* why = nullptr;
  if (!answer.right) {
    why = attempt.stored ? "password" : "login";
  } else if (answer.person) {
    why = take_in(now_state, attempt, *answer.person, now, stored);
  } else {
    // As it is by now: it may have been disabled, or got another password, while we looked.
    stored = now_state.store.by_number(attempt.stored->account.number).value_or(StoredAccount{});
    if (stored.account.disabled) why = "disabled";
    if (stored.password != attempt.stored->password) why = "password";
  }
  if (why != nullptr) return refused(now_state, attempt, now, why);
  now_state.tries.forget(attempt.login_key);
  now_state.tries.give_back(attempt.client_key);
  now_state.store.end_sessions_before(now - now_state.config.absolute_hours * kHourMs);
  std::erase_if(now_state.seen_ms, [&](const auto& each) {
    return now - each.second > now_state.config.idle_minutes * kMinuteMs;
  });
  const Step step = next_step(now_state, stored, /*proven=*/false);
  const std::string& login = stored.account.login;
  now_state.events.push_back(
      {step == Step::signed_in ? "sign-in" : "sign-in-began", login, login, attempt.client, ""});
  return go_on(now_state, stored, step, now, now, {});
}

SignedIn Accounts::sign_in(const std::string& login, const std::string& password, const std::string& client) {
  const Impl::Try attempt = impl_->begin_try(login, client);
  Impl::Answer answer;
  try {
    answer = impl_->judge(attempt, password);
  } catch (...) {
    impl_->take_back(attempt);  // it was not judged
    throw;
  }
  auto outcome = impl_->change(
      [&](AccountsState& state, std::int64_t now) { return impl_->finish(state, attempt, answer, now); });
  if (std::holds_alternative<Refusal>(outcome) && !attempt.config.ldap.url.empty())
    std::this_thread::sleep_until(attempt.begin + kRefusalWithDirectory);
  return given(std::move(outcome));
}

SignedIn Accounts::admit(const std::string& login, const std::string& client, const std::string& how) {
  return impl_->change([&](AccountsState& state, std::int64_t now) {
    const StoredAccount stored = impl_->known(state, login);
    if (!Impl::is_guest(stored) || stored.account.disabled) throw Refusal{"forbidden", 0, login};
    state.events.push_back({"sign-in", stored.account.login, stored.account.login, client, how});
    return impl_->go_on(state, stored, Step::signed_in, now, now, {});
  });
}

SignedIn Accounts::second_factor(const std::string& token, const std::string& code,
                                 const std::string& client) {
  using Outcome = std::variant<SignedIn, Refusal>;
  return given(impl_->change([&](AccountsState& state, std::int64_t now) -> Outcome {
    auto found = impl_->standing(state, token, now);
    if (!found) return Refusal{"not-signed-in"};
    if (found->step != Step::second_factor) return Refusal{"forbidden"};
    StoredAccount& stored = found->stored;
    const std::string& login = stored.account.login;
    const std::string key = key_of_code(stored.account.number);
    if (const std::int64_t left = state.tries.begin(key, impl_->rule_of(state), now); left > 0) {
      state.store.end_session(found->session.digest);
      return Refusal{"too-many-tries", seconds_of(left)};
    }
    const std::string typed = typed_code(code);
    const auto step = totp_step(stored.totp, typed, now, stored.totp_step);
    if (step) {
      stored.totp_step = *step;
      state.store.update(stored);
    } else if (!state.store.take_recovery_code(stored.account.number, digest_of(typed))) {
      state.events.push_back({"second-factor-refused", login, login, client, ""});
      if (state.tries.locked(key, now)) {
        state.events.push_back({"locked", login, login, client, "second factor"});
        state.store.end_session(found->session.digest);
      }
      return Refusal{"wrong-code"};
    }
    state.tries.forget(key);
    const std::string how =
        step ? ""
             : "recovery code; left: " + std::to_string(state.store.recovery_codes(stored.account.number));
    const Step next = impl_->next_step(state, stored, /*proven=*/true);
    state.events.push_back(
        {next == Step::signed_in ? "sign-in" : "second-factor-given", login, login, client, how});
    return impl_->go_on(state, stored, next, found->session.password_ms, now, found->session.digest);
  }));
}

namespace {

// Who has to enrol, or has given his password a moment ago and wants another second factor.
bool may_enrol(const StoredSession& session, const StoredAccount& stored, Step step, std::int64_t now) {
  if (stored.account.local && stored.password.empty()) return false;  // a guest has nothing to add it to
  if (step == Step::enrolment) return stored.totp.empty();
  return step == Step::signed_in && now - session.password_ms <= limits::kFreshPasswordMs;
}

}  // namespace

Enrolment Accounts::enrolment(const std::string& token) {
  return impl_->change([&](AccountsState& state, std::int64_t now) {
    auto found = impl_->standing(state, token, now);
    if (!found) throw Refusal{"not-signed-in"};
    if (!may_enrol(found->session, found->stored, found->step, now)) throw Refusal{"forbidden"};
    std::string secret = found->session.pending;
    if (secret.empty()) {
      secret = random_octets(kTotpOctets);
      state.store.set_pending(found->session.digest, secret);
    }
    return Enrolment{base32(secret), totp_uri(secret, impl_->issuer, found->stored.account.login)};
  });
}

Accounts::Enrolled Accounts::enrol(const std::string& token, const std::string& code,
                                   const std::string& client) {
  return impl_->change([&](AccountsState& state, std::int64_t now) {
    auto found = impl_->standing(state, token, now);
    if (!found) throw Refusal{"not-signed-in"};
    if (!may_enrol(found->session, found->stored, found->step, now)) throw Refusal{"forbidden"};
    const auto step = totp_step(found->session.pending, typed_code(code), now, 0);
    if (!step) throw Refusal{"wrong-code"};
    StoredAccount& stored = found->stored;
    stored.totp = found->session.pending;
    stored.totp_step = *step;
    stored.account.second_factor = true;
    stored.account.changed_ms = now;
    state.store.update(stored);
    Enrolled out;
    out.recovery_codes = new_recovery_codes();
    std::vector<std::string> digests;
    for (const std::string& each : out.recovery_codes) digests.push_back(digest_of(typed_code(each)));
    state.store.set_recovery_codes(stored.account.number, digests);
    // Another session may stand before the same step, opened by somebody who has only the password.
    state.store.end_sessions(stored.account.number);
    const std::string& login = stored.account.login;
    state.events.push_back({"second-factor-enrolled", login, login, client, ""});
    const Step next = impl_->next_step(state, stored, /*proven=*/true);
    if (found->session.step != Step::signed_in && next == Step::signed_in)
      state.events.push_back({"sign-in", login, login, client, ""});
    out.signed_in = impl_->go_on(state, stored, next, found->session.password_ms, now, found->session.digest);
    return out;
  });
}

SignedIn Accounts::change_password(const std::string& token, const std::string& old_password,
                                   const std::string& new_password, const std::string& client) {
  const auto who = impl_->look([&](AccountsState& state, std::int64_t now) {
    auto found = impl_->standing(state, token, now);
    if (!found) throw Refusal{"not-signed-in"};
    const bool right_step = found->step == Step::new_password || found->step == Step::signed_in;
    if (!right_step || !found->stored.account.local) throw Refusal{"forbidden"};
    if (new_password == old_password || new_password.size() > limits::kPasswordOctets ||
        is_weak(new_password, found->stored.account.login, state.config.password_length_min))
      throw Refusal{"weak-password"};
    return found->stored.account;
  });
  const Impl::Try attempt = impl_->begin_try(who.login, client);
  Impl::Answer answer;
  std::string hashed;
  try {
    answer = impl_->judge(attempt, old_password);
    if (answer.right) {
      const Turns::Turn held = impl_->turn(impl_->hashing);
      hashed = hash_password(new_password);
    }
  } catch (...) {
    impl_->take_back(attempt);
    throw;
  }
  using Outcome = std::variant<SignedIn, Refusal>;
  return given(impl_->change([&](AccountsState& state, std::int64_t now) -> Outcome {
    auto found = impl_->standing(state, token, now);
    if (!found) return Refusal{"not-signed-in"};
    StoredAccount& stored = found->stored;
    if (!answer.right || stored.password != attempt.stored->password) {
      impl_->refused(state, attempt, now, "old password");
      return Refusal{"wrong-password"};
    }
    state.tries.forget(attempt.login_key);
    state.tries.give_back(attempt.client_key);
    stored.password = hashed;
    stored.account.new_password = false;
    stored.account.changed_ms = now;
    state.store.update(stored);
    state.store.end_sessions(stored.account.number);
    const std::string& login = stored.account.login;
    state.events.push_back({"password-changed", login, login, client, ""});
    if (found->session.step != Step::signed_in) state.events.push_back({"sign-in", login, login, client, ""});
    return impl_->go_on(state, stored, impl_->next_step(state, stored, /*proven=*/true), now, now,
                        found->session.digest);
  }));
}

}  // namespace kiyome::auth

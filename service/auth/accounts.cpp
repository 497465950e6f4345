// Sessions, looking up, and what all pieces of Accounts use.
#include "service/auth/accounts.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdio>

#include "service/auth/accounts_impl.h"
#include "service/auth/secrets.h"
#include "service/base/clock.h"
#include "service/base/descriptor.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/base/meters.h"
#include "service/base/sockets.h"

namespace kiyome::auth {
namespace {

constexpr const char* kRoleNames[] = {"sender", "staff", "approver", "reviewer", "auditor", "administrator"};
constexpr std::int64_t kMinuteMs = 60'000, kHourMs = 60 * kMinuteMs, kDayMs = 24 * kHourMs;
constexpr std::int64_t kSharedSeenMs = 10'000;

// The library reads the CA from a file; a role can open only what lies in its own folder.
void write_ca(const std::string& path, const std::string& pem) {
  if (!pem.empty()) write_file(path, pem);
}

}  // namespace

std::string_view name_of(Role role) { return kRoleNames[static_cast<std::size_t>(role) - 1]; }

std::optional<Role> role_of(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kRoleNames); ++i)
    if (name == kRoleNames[i]) return static_cast<Role>(i + 1);
  return std::nullopt;
}

Accounts::Impl::Impl(const std::string& where, const AuthConfig& config,
                     std::function<void(const Event&)> tell, std::string issued_by,
                     std::function<std::int64_t()> time, const store::Place& place)
    : state(std::make_unique<AccountsState>(
          place.file.empty() && !place.shared() ? store::Place{where + "/accounts.sqlite", {}, {}} : place,
          config)),
      folder(where),
      issuer(std::move(issued_by)),
      note(std::move(tell)),
      clock(time ? std::move(time) : std::function<std::int64_t()>(unix_ms_now)) {
  write_ca(folder + "/ldap-ca.pem", config.ldap.ca_pem);
}

void Accounts::Impl::count(const Event& event) {
  using meters::SignIn;
  if (event.what == "sign-in") meters::signing_in(SignIn::done);
  if (event.what == "sign-in-refused") meters::signing_in(SignIn::refused);
  if (event.what == "second-factor-refused") meters::signing_in(SignIn::second_factor_refused);
  if (event.what == "locked") meters::signing_in(SignIn::locked);
}

void Accounts::Impl::reload(const AuthConfig& config) {
  write_ca(folder + "/ldap-ca.pem", config.ldap.ca_pem);
  look([&](AccountsState& now, std::int64_t) { now.config = config; });
}

Turns::Turn Accounts::Impl::turn(Turns& turns, std::uint32_t patience_ms) {
  std::optional<Turns::Turn> taken = turns.take(std::chrono::milliseconds(patience_ms));
  if (!taken) throw Refusal{"too-many-tries", limits::kSignInWaitMs / 1000, "busy"};
  return std::move(*taken);
}

TriesRule Accounts::Impl::rule_of(const AccountsState& now, std::uint32_t times) const {
  return {now.config.tries * times, now.config.lock_minutes * kMinuteMs};
}

bool Accounts::Impl::needs_second_factor(const AccountsState& now, const Account& account) const {
  return std::any_of(account.roles.begin(), account.roles.end(), [&](Role role) {
    const auto& names = now.config.second_factor;
    return std::find(names.begin(), names.end(), name_of(role)) != names.end();
  });
}

// What is left to do, once the password was right; `proven`: and the second factor.
Step Accounts::Impl::next_step(const AccountsState& now, const StoredAccount& stored, bool proven) const {
  if (is_guest(stored)) return Step::signed_in;  // see admit(): no password leads here
  if (!stored.totp.empty() && !proven) return Step::second_factor;
  if (stored.totp.empty() && needs_second_factor(now, stored.account)) return Step::enrolment;
  return stored.account.new_password && stored.account.local ? Step::new_password : Step::signed_in;
}

std::optional<Accounts::Impl::Standing> Accounts::Impl::standing(AccountsState& now_state,
                                                                 const std::string& token, std::int64_t now) {
  if (!has_token_form(token)) return std::nullopt;
  const std::string digest = digest_of(token);
  std::optional<StoredSession> session = now_state.store.session(digest);
  if (!session) return std::nullopt;
  const auto newer = now_state.seen_ms.find(digest);
  const std::int64_t seen =
      newer == now_state.seen_ms.end() ? session->seen_ms : std::max(session->seen_ms, newer->second);
  const std::int64_t age = now - session->password_ms;
  const bool over = session->step != Step::signed_in
                        ? age > limits::kSignInStepMs
                        : age > now_state.config.absolute_hours * kHourMs ||
                              now - seen > now_state.config.idle_minutes * kMinuteMs;
  std::optional<StoredAccount> stored = now_state.store.by_number(session->account);
  if (over || !stored || stored->account.disabled) {
    now_state.store.end_session(digest);
    now_state.seen_ms.erase(digest);
    return std::nullopt;
  }
  Standing out{std::move(*session), std::move(*stored), Step::signed_in};
  out.step = out.session.step;
  // Roles and rules may have changed since: then what is asked now is asked of this session too.
  if (out.step == Step::signed_in) out.step = next_step(now_state, out.stored, /*proven=*/true);
  return out;
}

StoredAccount Accounts::Impl::known(AccountsState& now, const std::string& login) {
  std::optional<StoredAccount> stored = now.store.by_login(lower(login));
  if (!stored) throw Refusal{"not-found", 0, login};
  return std::move(*stored);
}

Accounts::Accounts(const std::string& folder, const AuthConfig& config,
                   std::function<void(const Event&)> note, std::string issuer,
                   std::function<std::int64_t()> clock, const store::Place& place)
    : impl_(std::make_unique<Impl>(folder, config, std::move(note), std::move(issuer), std::move(clock),
                                   place)) {}

Accounts::~Accounts() = default;

void Accounts::reload(const AuthConfig& config) { impl_->reload(config); }

std::optional<Session> Accounts::session(const std::string& token) {
  return impl_->look([&](AccountsState& state, std::int64_t now) -> std::optional<Session> {
    std::optional<Impl::Standing> found = impl_->standing(state, token, now);
    if (!found) return std::nullopt;
    const StoredSession& session = found->session;
    state.seen_ms[session.digest] = now;
    // Written at most once a minute: after a restart a session may end a minute early. Other hosts know of it
    // only what is written.
    if (now - session.seen_ms > (state.store.database().shared() ? kSharedSeenMs : kMinuteMs)) {
      try {
        state.store.set_seen(session.digest, now);
      } catch (const TemporaryFailure&) {
        // A full disk: what is kept here is enough until it has room again.
      }
    }
    return Session{found->stored.account, found->step, session.csrf, session.password_ms};
  });
}

std::optional<Session> Accounts::program(const std::string& token) {
  if (!has_token_form(token)) return std::nullopt;
  return impl_->look([&](AccountsState& state, std::int64_t now) -> std::optional<Session> {
    const auto number = state.store.token_account(digest_of(token), now - now % kDayMs);
    if (!number) return std::nullopt;
    const std::optional<StoredAccount> stored = state.store.by_number(*number);
    if (!stored || stored->account.disabled) return std::nullopt;
    return Session{stored->account, Step::signed_in, "", now};
  });
}

void Accounts::sign_out(const std::string& token) {
  if (!has_token_form(token)) return;
  impl_->change([&](AccountsState& state, std::int64_t now) {
    if (const auto found = impl_->standing(state, token, now)) {
      state.events.push_back({"sign-out", found->stored.account.login, found->stored.account.login, "", ""});
      state.store.end_session(found->session.digest);
      state.seen_ms.erase(found->session.digest);
    }
    return 0;
  });
}

std::optional<Account> Accounts::find(std::string_view login) {
  return impl_->look([&](AccountsState& state, std::int64_t) -> std::optional<Account> {
    const auto stored = state.store.by_login(lower(login));
    return stored ? std::optional(stored->account) : std::nullopt;
  });
}

std::optional<Account> Accounts::find_by_mail(std::string_view mail) {
  return impl_->look([&](AccountsState& state, std::int64_t) -> std::optional<Account> {
    const auto stored = state.store.by_mail(lower(mail));
    return stored ? std::optional(stored->account) : std::nullopt;
  });
}

// In pages, so that `use` may ask us and a listing keeps nobody waiting.
void Accounts::list(const std::function<bool(const Account&)>& use) {
  std::string last;
  for (;;) {
    const std::vector<Account> page = impl_->look(
        [&](AccountsState& state, std::int64_t) { return state.store.after(last, limits::kAccountsAsked); });
    for (const Account& each : page)
      if (!use(each)) return;
    if (page.size() < limits::kAccountsAsked) return;
    last = page.back().login;
  }
}

std::vector<Account> Accounts::approvers_of(std::string_view tenant, std::string_view department) {
  return impl_->look([&](AccountsState& state, std::int64_t) {
    std::string_view at = department;
    for (std::size_t level = 0; level <= limits::kDepartmentDepth; ++level) {
      std::vector<Account> found = state.store.approvers(tenant, at);
      if (!found.empty() || at.empty()) return found;
      const std::size_t slash = at.rfind('/');
      at = slash == std::string_view::npos ? std::string_view() : at.substr(0, slash);
    }
    return std::vector<Account>();
  });
}

}  // namespace kiyome::auth

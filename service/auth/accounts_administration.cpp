// What an operator does with accounts. Every change is one transaction and leaves an event.
#include <algorithm>

#include "proto/base/characters.h"
#include "service/auth/accounts_impl.h"
#include "service/auth/secrets.h"

namespace kiyome::auth {
namespace {

constexpr std::uint32_t kPatienceMs = 60'000;  // an operator waits rather than begin again

bool is_field(const std::string& text) { return text.size() <= limits::kAccountText && is_line(text); }

bool is_mail(const std::string& mail) {
  const std::size_t at = mail.rfind('@');
  return at != std::string::npos && at > 0 && at + 1 < mail.size() &&
         std::none_of(mail.begin(), mail.end(), [](char c) { return c == ' ' || c == '<' || c == '>'; });
}

// "総務部/総務課": no empty piece, not too deep.
bool is_department(const std::string& text) {
  if (text.empty()) return true;
  const auto depth = static_cast<std::size_t>(std::count(text.begin(), text.end(), '/')) + 1;
  return depth <= limits::kDepartmentDepth && text.front() != '/' && text.back() != '/' &&
         text.find("//") == std::string::npos;
}

std::string words_of(const std::set<Role>& roles) {
  std::string out;
  for (const Role role : roles) out.append(out.empty() ? "" : ",").append(name_of(role));
  return out;
}

}  // namespace

bool is_login(std::string_view login) {
  return !login.empty() && login.size() <= limits::kAccountText &&
         std::all_of(login.begin(), login.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

std::string put_in_form(Account& account) {
  account.login = lower(account.login);
  account.mail = lower(account.mail);
  if (!is_login(account.login)) return "login";
  if (!is_field(account.name)) return "name";
  if (!is_field(account.mail) || (!account.mail.empty() && !is_mail(account.mail))) return "mail";
  if (!is_field(account.tenant)) return "tenant";
  if (!is_field(account.department) || !is_department(account.department)) return "department";
  return {};
}

Refusal Accounts::trouble_with(const NewAccount& fresh) {
  Account account = fresh.account;
  if (const std::string field = put_in_form(account); !field.empty()) return {"invalid", 0, field};
  if (fresh.password.size() > limits::kPasswordOctets) return {"invalid", 0, "password"};
  return impl_->look([&](AccountsState& state, std::int64_t) -> Refusal {
    const std::string field = state.tenants.trouble ? state.tenants.trouble(account) : std::string();
    if (!field.empty()) return {"invalid", 0, field};
    if (state.store.by_login(account.login)) return {"exists", 0, account.login};
    if (state.store.by_mail(account.mail)) return {"exists", 0, account.mail};
    if (!fresh.password.empty() && is_weak(fresh.password, account.login, state.config.password_length_min))
      return {"weak-password", 0, account.login};
    return {};
  });
}

void Accounts::set_tenants(Tenants tenants) {
  impl_->look([&](AccountsState& state, std::int64_t) { state.tenants = std::move(tenants); });
}

void Accounts::add(const Account& account, const std::string& password, const std::string& actor) {
  add_all({{account, password}}, actor);
}

void Accounts::add_all(const std::vector<NewAccount>& accounts, const std::string& actor) {
  std::vector<StoredAccount> stored;
  for (const NewAccount& each : accounts) {
    if (const Refusal trouble = trouble_with(each); !trouble.code.empty()) throw trouble;
    StoredAccount& one = stored.emplace_back();
    one.account = each.account;
    put_in_form(one.account);
    one.account.second_factor = false;
    if (each.password.empty()) continue;
    const Turns::Turn held = impl_->turn(impl_->hashing, kPatienceMs);
    one.password = hash_password(each.password);
  }
  impl_->change([&](AccountsState& state, std::int64_t now) {
    for (StoredAccount& each : stored) {
      Account& account = each.account;
      if (state.store.by_login(account.login)) throw Refusal{"exists", 0, account.login};
      if (state.store.by_mail(account.mail)) throw Refusal{"exists", 0, account.mail};
      account.created_ms = account.changed_ms = now;
      account.number = state.store.insert(each);
      state.events.push_back({"account-added", account.login, actor, "", words_of(account.roles)});
    }
    return 0;
  });
}

void Accounts::set_password(const std::string& login, const std::string& password, const std::string& actor) {
  impl_->look([&](AccountsState& state, std::int64_t) {
    const StoredAccount stored = impl_->known(state, login);
    if (password.size() > limits::kPasswordOctets ||
        is_weak(password, stored.account.login, state.config.password_length_min))
      throw Refusal{"weak-password", 0, stored.account.login};
  });
  std::string hashed;
  {
    const Turns::Turn held = impl_->turn(impl_->hashing, kPatienceMs);
    hashed = hash_password(password);
  }
  impl_->change([&](AccountsState& state, std::int64_t now) {
    StoredAccount stored = impl_->known(state, login);
    stored.password = hashed;
    stored.account.new_password = true;
    stored.account.local = true;
    stored.account.changed_ms = now;
    state.store.update(stored);
    state.store.end_sessions(stored.account.number);
    state.tries.forget(key_of_login(stored.account.login));  // whoever was locked out asked for it
    state.events.push_back({"password-set", stored.account.login, actor, "", ""});
    return 0;
  });
}

void Accounts::set_roles(const std::string& login, const std::set<Role>& roles, const std::string& actor) {
  impl_->change([&](AccountsState& state, std::int64_t now) {
    StoredAccount stored = impl_->known(state, login);
    const std::string before = words_of(stored.account.roles);
    stored.account.roles = roles;
    stored.account.changed_ms = now;
    state.store.update(stored);
    state.events.push_back(
        {"account-changed", stored.account.login, actor, "", "roles: " + before + " -> " + words_of(roles)});
    return 0;
  });
}

void Accounts::set_department(const std::string& login, const std::string& department,
                              const std::string& actor) {
  impl_->change([&](AccountsState& state, std::int64_t now) {
    StoredAccount stored = impl_->known(state, login);
    const std::string before = std::exchange(stored.account.department, department);
    if (const std::string field = put_in_form(stored.account); !field.empty())
      throw Refusal{"invalid", 0, field};
    stored.account.changed_ms = now;
    state.store.update(stored);
    state.events.push_back(
        {"account-changed", stored.account.login, actor, "", "department: " + before + " -> " + department});
    return 0;
  });
}

void Accounts::forget_second_factor(const std::string& login, const std::string& actor) {
  impl_->change([&](AccountsState& state, std::int64_t now) {
    StoredAccount stored = impl_->known(state, login);
    stored.totp.clear();
    stored.totp_step = 0;
    stored.account.changed_ms = now;
    state.store.update(stored);
    state.store.set_recovery_codes(stored.account.number, {});
    state.store.end_sessions(stored.account.number);
    state.tries.forget(key_of_code(stored.account.number));
    state.events.push_back({"second-factor-forgotten", stored.account.login, actor, "", ""});
    return 0;
  });
}

void Accounts::set_disabled(const std::string& login, bool disabled, const std::string& actor) {
  std::vector<std::function<void(const Account&)>> calls;
  const Account account = impl_->change([&](AccountsState& state, std::int64_t now) {
    StoredAccount stored = impl_->known(state, login);
    stored.account.disabled = disabled;
    stored.account.changed_ms = now;
    state.store.update(stored);
    if (disabled) {
      state.store.end_sessions(stored.account.number);
      state.store.end_tokens(stored.account.number);
      calls = state.on_disabled;
    }
    state.events.push_back(
        {disabled ? "account-disabled" : "account-enabled", stored.account.login, actor, "", ""});
    return stored.account;
  });
  for (const auto& call : calls) call(account);
}

void Accounts::on_disabled(std::function<void(const Account&)> call) {
  impl_->look([&](AccountsState& state, std::int64_t) { state.on_disabled.push_back(std::move(call)); });
}

std::string Accounts::add_program_token(const std::string& login, const std::string& what_for,
                                        const std::string& actor) {
  const std::string token = new_token();
  impl_->change([&](AccountsState& state, std::int64_t now) {
    const StoredAccount stored = impl_->known(state, login);
    if (stored.account.disabled) throw Refusal{"invalid", 0, "disabled"};
    if (!is_field(what_for)) throw Refusal{"invalid", 0, "for"};
    if (state.store.tokens(stored.account.number).size() >= limits::kProgramTokens)
      throw Refusal{"invalid", 0, "too many tokens"};
    state.store.insert_token(digest_of(token), stored.account.number, what_for, now);
    state.events.push_back({"program-token-added", stored.account.login, actor, "", what_for});
    return 0;
  });
  return token;
}

std::vector<ProgramToken> Accounts::program_tokens(const std::string& login) {
  return impl_->look([&](AccountsState& state, std::int64_t) {
    return state.store.tokens(impl_->known(state, login).account.number);
  });
}

void Accounts::end_program_token(const std::string& login, std::int64_t number, const std::string& actor) {
  impl_->change([&](AccountsState& state, std::int64_t) {
    const StoredAccount stored = impl_->known(state, login);
    if (!state.store.end_token(stored.account.number, number))
      throw Refusal{"not-found", 0, std::to_string(number)};
    state.events.push_back({"program-token-ended", stored.account.login, actor, "", std::to_string(number)});
    return 0;
  });
}

}  // namespace kiyome::auth

#include "service/edge/invite/invitations.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>

#include "proto/base/limits.h"
#include "service/auth/secrets.h"
#include "service/base/clock.h"
#include "service/compose/compose.h"
#include "service/compose/letter.h"
#include "service/compose/utf8.h"
#include "service/edge/drop/mailbox.h"
#include "service/edge/invite/letter_box.h"
#include "service/http/json_body.h"
#include "service/http/json_text.h"

namespace kiyome::edge::invite {
namespace {

using auth::Role;
using auth::Session;
using http::Problem;
using http::Request;
using http::Response;

constexpr std::string_view kGuest = "invited:";      // before the invitation's id: a guest's login
constexpr std::int64_t kKeptMs = 90 * 86'400'000LL;  // ended ones are shown so long

std::string guest_login(const Invitation& invitation) { return std::string(kGuest) + invitation.id.text(); }

std::string new_code() { return fmt::format("{:06}", randombytes_uniform(1'000'000)); }

// "s***@example.jp": enough to know one's own address by. A local part may have an '@' in quotes, and begin
// with a character of several octets.
std::string hint_of(const std::string& mail) {
  const std::size_t at = mail.rfind('@');
  if (at == std::string::npos) return "***";
  return std::string(compose::cut_at_character(mail, 1)) + "***" + mail.substr(at);
}

[[noreturn]] void not_found() { throw Problem{404, "not-found", {}, {}, {}}; }

const char* state_of(const Invitation& one, std::int64_t now_ms) {
  if (one.state == State::used) return "used";
  if (one.state == State::revoked) return "revoked";
  return one.good(now_ms) ? "open" : "expired";
}

void write(const Invitation& one, std::int64_t now_ms, http::JsonText& out) {
  out.begin_object()
      .member("id", one.id.text())
      .member("mail", one.mail)
      .member("state", state_of(one, now_ms))
      .member("message", one.message)
      .time("created_at", one.created_ms)
      .time("expires_at", one.expires_ms)
      .key("recipients")
      .begin_array();
  for (const std::string& recipient : one.recipients) out.value(recipient);
  out.end_array().end_object();
}

// "2026-11-22 17:15", in Japan.
std::string time_text(std::int64_t unix_ms) {
  std::string out = iso_time(unix_ms + 9 * 3'600'000).substr(0, 16);
  out[10] = ' ';
  return out;
}

}  // namespace

struct Invitations::Impl {
  Impl(const std::string& folder, const Config& told, Around outside, const store::Place& place)
      : around(std::move(outside)),
        config(std::make_shared<const Config>(told)),
        store(folder, place),
        letters(store, told) {}

  const Around around;
  Guarded<std::shared_ptr<const Config>> config;  // shared with requests under way
  InvitationStore store;
  LetterBox letters;

  std::shared_ptr<const Config> now() {
    return config.with([](const std::shared_ptr<const Config>& current) { return current; });
  }
  compose::Letter letter_to(const Invitation& one, std::string subject, std::string text) const {
    return {new_item_id(), one.mail, std::move(subject), std::move(text), around.wall_ms()};
  }

  // What a guest sends goes to the account's own address.
  bool can_receive(const auth::Account& account) const {
    return !account.mail.empty() && around.knows_recipient(account.mail) &&
           around.is_own(account, account.mail);
  }

  Response invite(Request& request, const Session& session);
  Response list(const Session& session);
  Response revoke(Request& request, const Session& session);
  Response open(Request& request);
  Response confirm(Request& request, portal::Portal& portal);
  Invitation by_token(const std::string& token);
  // `login` is the inviter's; what was invited is named by its id and address.
  void note(const char* what, const Invitation& one, const std::string& client = "") const {
    around.note({what, one.inviter, one.inviter, client, one.id.text() + " " + one.mail});
  }
  void end_guest(const ItemId& id, const std::string& actor);
};

Response Invitations::Impl::invite(Request& request, const Session& session) {
  const auto with = now();
  if (with->drop_box.url.empty() || is_guest(session.account))
    throw Problem{403, "forbidden", "招待は使えません / There are no invitations here", {}, {}};
  if (!can_receive(session.account))
    throw Problem{403,
                  "forbidden",
                  "あなたのアカウントには受け取れるメールアドレスがありません / Your account has no address "
                  "to receive at",
                  {},
                  {}};
  Invitation one = http::read_json(request, [&](http::JsonObject& json) {
    Invitation out;
    out.mail = drop::mailbox_of(json.text("mail", 254));
    if (out.mail.empty()) json.wrong("mail");
    std::vector<clean::Finding> changes;
    out.message = compose::clean_text(json.optional_lines("message", limits::kInvitationMessage), changes);
    return out;
  });
  one.id = new_item_id();
  one.inviter = session.account.login;
  one.inviter_name = session.account.name.empty() ? session.account.login : session.account.name;
  one.recipients = {session.account.mail};
  one.created_ms = around.wall_ms();
  one.expires_ms = one.created_ms + static_cast<std::int64_t>(with->drop_box.invitation_days * kDayMs);
  one.bytes_max = with->drop_box.invitation_bytes_max;
  const std::string token = auth::new_token();
  std::string page = with->drop_box.url;
  if (!page.ends_with('/')) page += '/';
  std::string text = one.inviter_name + " (" + session.account.mail +
                     ") から、ファイルの送付を依頼されています。\n"
                     "次のページを開き、このアドレスに届く確認番号を入力してください。\n\n" +
                     page + "#invitation=" + token +
                     "\n\n"
                     "有効期限: " +
                     time_text(one.expires_ms) +
                     "（日本時間、1 回の送付まで）\n"
                     "心当たりがない場合は、このメールを破棄してください。\n\n"
                     "(You are asked for files. Open the page above and enter the code that is mailed to "
                     "this address. It is good for one "
                     "submission until then (Japan time). If you do not expect this, ignore it.)\n";
  if (!one.message.empty()) text += "\n---- 依頼者より / message ----\n" + one.message + "\n";
  const std::string content = compose::letter_mail(
      letter_to(one, "【ファイル送付の依頼】" + one.inviter_name, std::move(text)), *with);
  if (!store.add(one, auth::digest_of(token), content, one.created_ms))
    throw Problem{429,
                  "quota",
                  "有効な招待が多すぎます / Too many invitations are open",
                  {},
                  {{"Retry-After", "3600"}}};
  letters.wake();
  note("invitation-sent", one, request.client_address);
  http::JsonText out;
  write(one, one.created_ms, out);
  return Response::json(out.take(), 201);
}

Response Invitations::Impl::list(const Session& session) {
  const std::int64_t now_ms = around.wall_ms();
  store.prune(now_ms - kKeptMs);
  http::JsonText out;
  out.begin_object().key("invitations").begin_array();
  for (const Invitation& one : store.of(session.account.login)) write(one, now_ms, out);
  out.end_array().end_object();
  return Response::json(out.take());
}

Response Invitations::Impl::revoke(Request& request, const Session& session) {
  const Result<ItemId> id = ItemId::parse(request.captured["invitation"]);
  const std::optional<Invitation> one = id ? store.find(*id) : std::nullopt;
  if (!one || one->inviter != session.account.login) not_found();
  if (store.end(one->id, State::revoked)) {
    note("invitation-revoked", *one, request.client_address);
    end_guest(one->id, session.account.login);
  }
  return Response::empty();
}

// The guest's session ends with his account.
void Invitations::Impl::end_guest(const ItemId& id, const std::string& actor) {
  const std::string login = std::string(kGuest) + id.text();
  if (around.accounts.find(login)) around.accounts.set_disabled(login, true, actor);
}

Invitation Invitations::Impl::by_token(const std::string& token) {
  const auto found = auth::has_token_form(token) ? store.find_by_token(auth::digest_of(token)) : std::nullopt;
  if (!found || !found->good(around.wall_ms())) not_found();
  const auto inviter = around.accounts.find(found->inviter);
  if (!inviter || inviter->disabled || !around.is_own(*inviter, inviter->mail)) not_found();
  return *found;
}

Response Invitations::Impl::open(Request& request) {
  const std::string token =
      http::read_json(request, [](http::JsonObject& json) { return json.ascii("token", 100); });
  const Invitation one = by_token(token);
  const auto with = now();
  const std::string code = new_code();
  const std::string content =
      compose::letter_mail(letter_to(one, "確認番号 " + code,
                                     "確認番号: " + code +
                                         "\n\n10 分以内に、開いているページへ入力してください。\n"
                                         "心当たりがない場合は、誰かがあなた宛ての招待を開こうとしています。"
                                         "番号を教えないでください。\n\n"
                                         "(Your code is above; enter it within 10 minutes on the page you "
                                         "have open. Tell it to nobody.)\n"),
                           *with);
  if (!store.put_code(one.id, auth::digest_of(one.id.text() + code), one.mail, content, around.wall_ms()))
    throw Problem{429,
                  "too-many-tries",
                  "確認番号を送りすぎました。1 時間後にもう一度お試しください / Too many codes were sent; "
                  "try in an hour",
                  {},
                  {{"Retry-After", "3600"}}};
  letters.wake();
  note("invitation-opened", one, request.client_address);
  http::JsonText out;
  out.begin_object()
      .member("inviter", one.inviter_name)
      .member("mail_hint", hint_of(one.mail))
      .time("expires_at", one.expires_ms)
      .end_object();
  return Response::json(out.take());
}

Response Invitations::Impl::confirm(Request& request, portal::Portal& portal) {
  struct Asked {
    std::string token, code;
  };
  const Asked asked = http::read_json(request, [](http::JsonObject& json) {
    return Asked{json.ascii("token", 100), json.ascii("code", 6, 6)};
  });
  const Invitation one = by_token(asked.token);
  if (!store.take_code(one.id, auth::digest_of(one.id.text() + asked.code), around.wall_ms())) {
    note("invitation-wrong-code", one, request.client_address);
    throw Problem{422, "wrong-code", {}, {"code"}, {}};
  }
  const std::string login = guest_login(one);
  if (!around.accounts.find(login)) {
    auth::Account guest;
    guest.login = login;
    guest.name = one.mail;
    guest.roles = {Role::sender};
    if (const auto inviter = around.accounts.find(one.inviter)) guest.tenant = inviter->tenant;
    try {
      around.accounts.add(guest, "", one.inviter);  // no password leads to it
    } catch (const auth::Refusal& refusal) {
      if (refusal.code != "exists") not_found();  // its tenant went; or the same code came twice at once
    }
  }
  return portal.admit(request, login);
}

Invitations::Invitations(const std::string& folder, const Config& config, Around around,
                         const store::Place& place)
    : impl_(std::make_unique<Impl>(folder, config, std::move(around), place)) {
  impl_->around.accounts.on_disabled([this](const auth::Account& account) {
    for (const ItemId& id : impl_->store.end_all_of(account.login)) impl_->end_guest(id, account.login);
  });
}
Invitations::~Invitations() = default;

void Invitations::add_to(http::Router& router, portal::Portal& portal) {
  Impl* all = impl_.get();
  router.on("POST", "/api/v1/invitations",
            portal.signed_in({Role::sender}, [all](Request& request, const Session& session) {
              return all->invite(request, session);
            }));
  router.on("GET", "/api/v1/invitations",
            portal.signed_in({Role::sender},
                             [all](Request&, const Session& session) { return all->list(session); }));
  router.on("DELETE", "/api/v1/invitations/{invitation}",
            portal.signed_in({Role::sender}, [all](Request& request, const Session& session) {
              return all->revoke(request, session);
            }));
  router.on("POST", "/api/v1/invitations/open",
            portal.from_our_page([all](Request& request) { return all->open(request); }));
  router.on("POST", "/api/v1/invitations/confirm",
            portal.from_our_page([all, &portal](Request& request) { return all->confirm(request, portal); }));
}

void Invitations::reload(const Config& config) {
  impl_->config.with(
      [&](std::shared_ptr<const Config>& held) { held = std::make_shared<const Config>(config); });
  impl_->letters.reload(config);
}

std::optional<drop::Allowance> Invitations::allowance(const auth::Account& account) {
  if (!is_guest(account)) return std::nullopt;
  const Result<ItemId> id = ItemId::parse(std::string_view(account.login).substr(kGuest.size()));
  const auto one = id ? impl_->store.find(*id) : std::nullopt;
  if (!one || !one->good(impl_->around.wall_ms())) return drop::Allowance{};
  // Whoever dies between the disabling of an account and the end of its invitations lets nobody in by that.
  const auto inviter = impl_->around.accounts.find(one->inviter);
  if (!inviter || inviter->disabled) return drop::Allowance{};
  return drop::Allowance{one->recipients, one->bytes_max, one->mail};
}

bool Invitations::may_invite(const auth::Account& account) {
  return !impl_->now()->drop_box.url.empty() && !is_guest(account) && impl_->can_receive(account);
}

void Invitations::submitted(const auth::Account& account) {
  if (!is_guest(account)) return;
  const Result<ItemId> id = ItemId::parse(std::string_view(account.login).substr(kGuest.size()));
  const auto one = id ? impl_->store.find(*id) : std::nullopt;
  if (one && impl_->store.end(*id, State::used)) impl_->note("invitation-used", *one);
}

bool is_guest(const auth::Account& account) { return account.login.starts_with(kGuest); }

}  // namespace kiyome::edge::invite

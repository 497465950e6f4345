#include "service/portal/portal.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "service/http/json_body.h"
#include "service/http/json_text.h"
#include "service/portal/same_site.h"
#include "service/portal/web_files.h"

namespace kiyome::portal {
namespace {

using http::Problem;
using http::Request;
using http::Response;

[[noreturn]] void refuse(int status, const char* code) { throw Problem{status, code, {}}; }

// Calls accounts, whose refusals are answers of ours.
template <class Call>
auto asked(Call&& call) {
  try {
    return call();
  } catch (const auth::Refusal& refusal) {
    const auto is = [&](std::string_view code) { return refusal.code == code; };
    Problem problem{403, refusal.code, {}};
    if (is("not-signed-in") || is("sign-in-refused")) problem.status = 401;
    if (is("wrong-code") || is("wrong-password") || is("weak-password")) problem.status = 422;
    if (is("too-many-tries")) {
      problem.status = 429;
      problem.headers["Retry-After"] = std::to_string(std::max(1u, refusal.retry_after_seconds));
    }
    throw problem;
  }
}

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= limits::kSessionTokenLength &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("-._~+/=").find(c) != std::string_view::npos;
         });
}

bool reads(const Request& request) { return request.method == "GET" || request.method == "HEAD"; }

const char* name_of(auth::Step step) {
  switch (step) {
    case auth::Step::second_factor:
      return "second-factor";
    case auth::Step::enrolment:
      return "enrolment";
    case auth::Step::new_password:
      return "new-password";
    case auth::Step::signed_in:
      return "signed-in";
  }
  return "";
}

std::string code_of(Request& request) {
  return http::read_json(request, [](http::JsonObject& json) { return json.text("code", 32, 6); });
}

}  // namespace

Portal::Portal(auth::Accounts& accounts, int web_directory, std::string cookie)
    : accounts_(accounts),
      cookie_(std::move(cookie)),
      files_(std::make_shared<const WebFiles>(web_directory)) {}

Portal::~Portal() = default;

// With the prefix a browser takes it from nobody but this host, over TLS, for all paths (RFC 6265bis).
std::string Portal::cookie_name(const Request& request) const {
  return (request.secure ? "__Host-" : "") + cookie_;
}

std::string Portal::cookie_token(const Request& request) const {
  const auto found = request.cookies.find(cookie_name(request));
  return found != request.cookies.end() && is_token(found->second) ? found->second : std::string();
}

void Portal::set_cookie(const Request& request, Response& response, const std::string& token) const {
  std::string value = cookie_name(request) + "=" + token + "; Path=/; HttpOnly; SameSite=Strict";
  if (request.secure) value += "; Secure";
  if (token.empty()) value += "; Max-Age=0";
  response.headers.emplace_back("Set-Cookie", value);
}

Portal::Caller Portal::caller(const Request& request) const {
  const std::string_view bearer = request.header("authorization");
  if (!bearer.empty()) {
    const bool named = bearer.size() > 7 && (bearer[0] | 0x20) == 'b' && bearer.substr(1, 6) == "earer ";
    const std::string token(named ? bearer.substr(7) : "");
    auto session = is_token(token) ? accounts_.program(token) : std::nullopt;
    if (!session) throw Problem{401, "not-signed-in", {}, {}, {{"WWW-Authenticate", "Bearer"}}};
    return {std::move(*session), {}};
  }
  const std::string token = cookie_token(request);
  auto session = token.empty() ? std::nullopt : accounts_.session(token);
  if (!session) refuse(401, "not-signed-in");
  if (!reads(request) &&
      (!portal::from_our_page(request) || !same_secret(request.header("x-kiyome-csrf"), session->csrf)))
    refuse(403, "csrf");
  return {std::move(*session), token};
}

http::Handler Portal::signed_in(std::initializer_list<auth::Role> roles, SignedInHandler handler) {
  return [this, roles = std::vector<auth::Role>(roles), handler = std::move(handler)](Request& request) {
    const Caller who = caller(request);
    if (who.session.step != auth::Step::signed_in) refuse(401, "not-signed-in");
    const auto& account = who.session.account;
    const bool allowed = roles.empty() || std::any_of(roles.begin(), roles.end(),
                                                      [&](auth::Role role) { return account.has(role); });
    if (!allowed) refuse(403, "forbidden");
    return handler(request, who.session);
  };
}

http::Handler Portal::from_our_page(http::Handler handler) {
  return [handler = std::move(handler)](Request& request) {
    if (!portal::from_our_page(request)) refuse(403, "csrf");
    return handler(request);
  };
}

bool Portal::comes_here(const auth::Account& account) const {
  return only_.empty() ||
         std::any_of(only_.begin(), only_.end(), [&](auth::Role role) { return account.has(role); });
}

http::Response Portal::admit(const Request& request, const std::string& login) {
  const auto signed_in = asked([&] { return accounts_.admit(login, request.client_address, "invitation"); });
  if (const std::string before = cookie_token(request); !before.empty()) accounts_.sign_out(before);
  return answer(request, signed_in);
}

// Who has not yet shown all that is asked of him is told no more than what the next step takes.
std::string Portal::session_json(const auth::Session& session) const {
  const auth::Account& account = session.account;
  http::JsonText out;
  out.begin_object().member("state", name_of(session.step));
  if (!session.csrf.empty()) out.member("csrf", session.csrf);
  out.member("login", account.login);
  if (session.step == auth::Step::signed_in) {
    out.member("name", account.name).member("mail", account.mail);
    out.member("department", account.department).member("tenant", account.tenant);
    out.key("roles").begin_array();
    for (const auth::Role role : account.roles) out.value(auth::name_of(role));
    out.end_array().member("second_factor", account.second_factor);
  }
  if (idle_seconds_ != 0) out.member("idle_seconds", idle_seconds_.load());
  return out.end_object().take();
}

// A new token at each step: one that somebody knew before is worth nothing (session fixation).
Response Portal::answer(const Request& request, const auth::Accounts::SignedIn& signed_in) const {
  Response response = Response::json(session_json(signed_in.session));
  set_cookie(request, response, signed_in.token);
  return response;
}

Response Portal::get_session(const Request& request) const {
  return Response::json(session_json(caller(request).session));
}

Response Portal::sign_in(Request& request) {
  if (!portal::from_our_page(request)) refuse(403, "csrf");  // nobody signs others in as himself
  struct Given {
    std::string login, password;
  };
  const Given given = http::read_json(request, [](http::JsonObject& json) {
    return Given{json.text("login", 254), json.text("password", 1024)};
  });
  const auto signed_in =
      asked([&] { return accounts_.sign_in(given.login, given.password, request.client_address); });
  if (!comes_here(signed_in.session.account)) {
    accounts_.sign_out(signed_in.token);
    refuse(401, "sign-in-refused");
  }
  if (const std::string before = cookie_token(request); !before.empty()) accounts_.sign_out(before);
  return answer(request, signed_in);
}

Response Portal::sign_out(const Request& request) {
  const Caller who = caller(request);
  if (who.token.empty()) refuse(403, "forbidden");  // a program's token is ended by an operator
  accounts_.sign_out(who.token);
  Response response = Response::empty();
  set_cookie(request, response, "");
  return response;
}

Response Portal::second_factor(Request& request) {
  const std::string token = caller(request).token;
  const std::string code = code_of(request);
  return answer(request, asked([&] { return accounts_.second_factor(token, code, request.client_address); }));
}

Response Portal::get_enrolment(const Request& request) {
  const std::string token = caller(request).token;
  const auth::Enrolment enrolment = asked([&] { return accounts_.enrolment(token); });
  http::JsonText out;
  out.begin_object().member("secret", enrolment.secret_base32).member("uri", enrolment.uri);
  return Response::json(out.member("qr", auth::qr_rows(enrolment.uri)).end_object().take());
}

Response Portal::enrol(Request& request) {
  const std::string token = caller(request).token;
  const std::string code = code_of(request);
  const auto enrolled = asked([&] { return accounts_.enrol(token, code, request.client_address); });
  http::JsonText out;
  out.begin_object().key("session").raw(session_json(enrolled.signed_in.session));
  out.key("recovery_codes").begin_array();
  for (const std::string& recovery : enrolled.recovery_codes) out.value(recovery);
  Response response = Response::json(out.end_array().end_object().take());
  set_cookie(request, response, enrolled.signed_in.token);
  return response;
}

Response Portal::change_password(Request& request) {
  const std::string token = caller(request).token;
  struct Given {
    std::string old_one, new_one;
  };
  const Given given = http::read_json(request, [](http::JsonObject& json) {
    return Given{json.text("old", 1024), json.text("new", 1024)};
  });
  return answer(request, asked([&] {
                  return accounts_.change_password(token, given.old_one, given.new_one,
                                                   request.client_address);
                }));
}

void Portal::add_to(http::Router& router) {
  const std::string base = "/api/v1/session";
  router.on("GET", base, [this](Request& request) { return get_session(request); });
  router.on("POST", base, [this](Request& request) { return sign_in(request); });
  router.on("DELETE", base, [this](Request& request) { return sign_out(request); });
  router.on("POST", base + "/second-factor", [this](Request& request) { return second_factor(request); });
  router.on("GET", base + "/enrolment", [this](Request& request) { return get_enrolment(request); });
  router.on("POST", base + "/enrolment", [this](Request& request) { return enrol(request); });
  router.on("PUT", base + "/password", [this](Request& request) { return change_password(request); });
  router.otherwise([files = files_](Request& request) { return files->answer(request, files); });
}

}  // namespace kiyome::portal

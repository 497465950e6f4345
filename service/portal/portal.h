// What the drop box, the pick-up and later the console share: signing in over HTTP (openapi.yaml, tag
// `session`), the check of cookie, CSRF token and role before each handler, and the files of the front end.
// Trusts nothing in a request.
#pragma once

#include <atomic>
#include <functional>
#include <initializer_list>
#include <memory>
#include <set>
#include <string>

#include "service/auth/accounts.h"
#include "service/http/http.h"

namespace kiyome::portal {

class WebFiles;

// A handler that runs only for a session that is signed in (step signed_in) and has one of the roles.
using SignedInHandler = std::function<http::Response(http::Request&, const auth::Session&)>;

// Thread-safe once its routes are added.
class Portal {
 public:
  // `web` is the folder with the built front end's files ("index.html", "assets/…"), an open directory; read
  // at once, -1 for none. Throws ConfigError when it cannot be read.
  // `cookie` names the session's cookie: browsers keep cookies by host, not by port, and both sides may have
  // one host.
  Portal(auth::Accounts& accounts, int web_directory, std::string cookie = "kiyome");
  ~Portal();

  // What GET /session tells of a session's idle time; without it nothing is told.
  void reload(const AuthConfig& config) { idle_seconds_ = config.idle_minutes * 60; }

  // Only accounts with one of these roles sign in; others are refused as if the password were wrong. Before
  // the server starts.
  void only(std::set<auth::Role> roles) { only_ = std::move(roles); }

  // Adds the routes of /api/v1/session… and of the files. The portal must outlive the server.
  void add_to(http::Router& router);
  // `roles` empty: any. 401 `not-signed-in`, 403 `forbidden`, 403 `csrf`.
  http::Handler signed_in(std::initializer_list<auth::Role> roles, SignedInHandler handler);
  // A handler for people who are not signed in, but never for another site's page: 403 `csrf`.
  static http::Handler from_our_page(http::Handler handler);
  // Somebody who has shown in another way who he is (a code that was mailed to him) gets this account's
  // session.
  http::Response admit(const http::Request& request, const std::string& login);

 private:
  struct Caller {
    auth::Session session;
    std::string token;  // of the cookie; empty: a program's
  };
  Caller caller(const http::Request& request) const;  // 401, 403 `csrf`; at whatever step it stands
  http::Response answer(const http::Request& request, const auth::Accounts::SignedIn& signed_in) const;
  std::string session_json(const auth::Session& session) const;
  std::string cookie_name(const http::Request& request) const;
  std::string cookie_token(const http::Request& request) const;
  void set_cookie(const http::Request& request, http::Response& response, const std::string& token) const;

  http::Response get_session(const http::Request& request) const;
  http::Response sign_in(http::Request& request);
  http::Response sign_out(const http::Request& request);
  http::Response second_factor(http::Request& request);
  http::Response get_enrolment(const http::Request& request);
  http::Response enrol(http::Request& request);
  http::Response change_password(http::Request& request);

  bool comes_here(const auth::Account& account) const;

  auth::Accounts& accounts_;
  std::set<auth::Role> only_;  // empty: everybody
  const std::string cookie_;
  std::atomic<std::uint32_t> idle_seconds_{0};
  std::shared_ptr<const WebFiles> files_;  // shared with answers that are still being sent
};

}  // namespace kiyome::portal

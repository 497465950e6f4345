// Accounts in a folder of their own, a portal over them on a loopback port, and a browser of its cookies.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "service/auth/accounts.h"
#include "service/auth/one_time_code.h"
#include "service/http/json_text.h"
#include "service/portal/portal.h"
#include "tests/unit/service_http/site.h"

namespace kiyome::testing {

inline constexpr const char* kPassword = "correct horse battery";

struct Ask {
  std::string method = "GET", path = "/api/v1/session";
  std::string json{};
  std::map<std::string, std::string> headers{};
};

// Keeps the cookie and the CSRF token, as a page of ours does.
class Browser {
 public:
  explicit Browser(std::uint16_t port) : peer_(port) {}
  std::string cookie, csrf, set_cookie;

  Answer ask(const Ask& what) {
    std::string text = what.method + " " + what.path + " HTTP/1.1\r\nHost: files.example\r\n";
    if (!cookie.empty()) text += "Cookie: theme=dark; " + cookie + "\r\n";
    if (!csrf.empty() && what.method != "GET" && !what.headers.contains("X-Kiyome-CSRF"))
      text += "X-Kiyome-CSRF: " + csrf + "\r\n";
    for (const auto& [name, value] : what.headers) text += name + ": " + value + "\r\n";
    if (!what.json.empty() && !what.headers.contains("Content-Type"))
      text += "Content-Type: application/json\r\n";
    text += "Content-Length: " + std::to_string(what.json.size()) + "\r\n\r\n" + what.json;
    const Answer answer = peer_.say(text).answer(what.method == "HEAD");
    const auto given = answer.headers.find("set-cookie");
    set_cookie = given == answer.headers.end() ? "" : given->second;
    if (!set_cookie.empty()) cookie = set_cookie.substr(0, set_cookie.find(';'));
    if (const std::string fresh = member(answer, "csrf"); !fresh.empty()) csrf = fresh;
    return answer;
  }
  Answer sign_in(const std::string& login, const std::string& password = kPassword) {
    return ask(
        {"POST", "/api/v1/session", R"({"login":")" + login + R"(","password":")" + password + R"("})"});
  }
  // The text of a member, wherever it stands first.
  static std::string member(const Answer& answer, const std::string& name) {
    const std::string begin = "\"" + name + "\":\"";
    const std::size_t at = answer.content.find(begin);
    if (at == std::string::npos) return {};
    return answer.content.substr(at + begin.size(),
                                 answer.content.find('"', at + begin.size()) - at - begin.size());
  }

 private:
  Peer peer_;
};

class Town {
 public:
  explicit Town(std::vector<std::string> second_factor = {"administrator"}) {
    std::string pattern = (std::filesystem::temp_directory_path() / "kiyome-portal-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    AuthConfig config;
    config.second_factor = std::move(second_factor);
    accounts = std::make_unique<auth::Accounts>(folder_.string(), config, [](const auth::Event&) {});
    portal = std::make_unique<portal::Portal>(*accounts, -1);
    portal->reload(config);
    auto router = std::make_unique<http::Router>();
    portal->add_to(*router);
    const auto who = [](http::Request& request, const auth::Session& session) {
      return http::Response::json("{\"who\":\"" + session.account.login + "\",\"body\":\"" +
                                  request.body->all(100) + "\"}");
    };
    using auth::Role;
    router->on("GET", "/api/v1/mine", portal->signed_in({}, who));
    router->on("POST", "/api/v1/mine", portal->signed_in({}, who));
    router->on("GET", "/api/v1/approvals", portal->signed_in({Role::approver, Role::reviewer}, who));
    site = std::make_unique<Site>(http::ServerOptions{}, std::move(router));
  }
  ~Town() {
    site.reset();
    portal.reset();
    accounts.reset();
    std::filesystem::remove_all(folder_);
  }
  void add(const std::string& login, const std::set<auth::Role>& roles = {auth::Role::sender}) {
    auth::Account account;
    account.login = login;
    account.name = "山田 </script>";
    account.mail = login + "@city.example.jp";
    account.roles = roles;
    accounts->add(account, kPassword, "operator");
  }
  Browser browser() const { return Browser(site->port()); }

  std::unique_ptr<auth::Accounts> accounts;
  std::unique_ptr<portal::Portal> portal;
  std::unique_ptr<Site> site;

 private:
  std::filesystem::path folder_;
};

}  // namespace kiyome::testing

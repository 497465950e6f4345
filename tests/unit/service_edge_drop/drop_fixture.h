// A real drop box: accounts, log of originals, SQLite, HTTP server on a loopback port the kernel chose; and a
// plain client for it. Restarting it keeps its folder.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "service/edge/drop/drop_box.h"
#include "service/edge/drop/drop_store.h"
#include "service/http/server.h"
#include "service/portal/portal.h"
#include "tests/unit/service_store/original_fixture.h"
#include "tests/unit/store_place.h"

namespace drop_test {

using namespace kiyome;
using namespace std::chrono_literals;
using store::test::Folder;
using store::test::octets;

inline constexpr auto kPatience = 20s;  // for what must come; reached only when a test fails

// Waits until `holds`, and says whether it came to hold.
template <class Holds>
bool soon(Holds&& holds) {
  const auto deadline = Steady::now() + kPatience;
  while (!holds()) {
    if (Steady::now() > deadline) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

inline std::string base64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += i + k > text.size() ? '=' : kDigits[bits >> (18 - 6 * k) & 63];
  }
  return out;
}

inline std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(c));
  return text;
}

using Headers = std::map<std::string, std::string>;

struct Answer {
  int status = 0;   // 0: the connection ended without one
  Headers headers;  // names in lower case
  std::string body;
  std::string code() const {  // of a problem
    const std::size_t at = body.find("\"code\":\"");
    return at == std::string::npos ? "" : body.substr(at + 8, body.find('"', at + 8) - at - 8);
  }
  bool says(std::string_view text) const { return body.find(text) != std::string::npos; }
};

class Connection {
 public:
  explicit Connection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    // A server that was killed refuses: that is an end without an answer too.
    if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) socket_.reset();
  }
  bool say(std::string_view octets) {
    if (!socket_) return false;
    while (!octets.empty()) {
      const ssize_t count = ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      octets.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  void close() { socket_.reset(); }
  Answer answer(bool without_body = false) {
    std::string got;
    while (got.find("\r\n\r\n") == std::string::npos)
      if (!more(got)) return {};
    Answer out;
    const std::size_t end = got.find("\r\n\r\n");
    out.status = std::atoi(got.substr(9, 3).c_str());
    for (std::size_t at = got.find("\r\n") + 2; at < end;) {
      const std::size_t line_end = std::min(got.find("\r\n", at), end);
      const std::string line = got.substr(at, line_end - at);
      const std::size_t colon = line.find(": ");
      if (colon != std::string::npos) out.headers[lower(line.substr(0, colon))] = line.substr(colon + 2);
      at = line_end + 2;
    }
    out.body = got.substr(end + 4);
    const std::size_t length = without_body || !out.headers.contains("content-length")
                                   ? 0
                                   : std::stoul(out.headers["content-length"]);
    while (out.body.size() < length)
      if (!more(out.body)) return {};
    return out;
  }

 private:
  bool more(std::string& into) {
    if (!socket_) return false;
    pollfd entry{socket_.get(), POLLIN, 0};
    if (::poll(&entry, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) <= 0) return false;
    char octets[16384];
    const ssize_t count = ::recv(socket_.get(), octets, sizeof octets, 0);
    if (count > 0) into.append(octets, static_cast<std::size_t>(count));
    return count > 0;
  }
  Descriptor socket_;
};

inline Descriptor listen_loopback(std::uint16_t& port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(socket.get(), 256) == 0);
  socklen_t size = sizeof address;
  REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port = ntohs(address.sin_port);
  return socket;
}

// Everything of one life of the process.
struct Life {
  std::vector<transfer::Announce> announced;  // at the start, by the log
  Guarded<std::vector<transfer::Announce>> told;
  Guarded<std::vector<ItemId>> asked;
  std::unique_ptr<store::OriginalLog> log;
  std::unique_ptr<edge::drop::Outside> outside;
  std::unique_ptr<edge::DropBox> box;
  std::unique_ptr<portal::Portal> portal;
  std::unique_ptr<http::Server> server;
  std::uint16_t port = 0;
};

class Edge {
 public:
  Edge() {
    config.file_bytes_max = 8u << 20;
    config.day_bytes_max = 64u << 20;
    std::filesystem::create_directory(originals());
    AuthConfig rules;
    rules.second_factor = {};
    accounts = std::make_unique<auth::Accounts>(folder.path(), rules, [](const auth::Event&) {});
    for (const char* login : {"sato", "suzuki"}) add(login, {auth::Role::sender});
    add("staff", {auth::Role::staff});
    start();
  }
  ~Edge() { stop(); }

  void start() {
    life = std::make_unique<Life>();
    std::vector<ItemId> announced;
    life->log = std::make_unique<store::OriginalLog>(originals(), store::test::key_pair().public_key,
                                                     [&](const transfer::Announce& item) {
                                                       life->announced.push_back(item);
                                                       announced.push_back(item.id);
                                                     });
    Life* const mine = life.get();
    life->outside.reset(new edge::drop::Outside{
        .originals = *life->log,
        .announce =
            [mine](const transfer::Announce& item) {
              mine->told.with([&](auto& told) { told.push_back(item); });
            },
        .ask =
            [mine](const transfer::AskDrop& item) {
              mine->asked.with([&](auto& asked) { asked.push_back(item.id); });
            },
        .knows_recipient =
            [](const std::string& mailbox) {
              return mailbox.ends_with("@city.example.jp") || mailbox == "only@town.example.jp";
            },
        .has_room = [this](std::uint64_t more) { return more <= room; },
        .write_failed = [] {},
        .allowance = [this](const auth::Account& account) { return allowance(account); },
        .submitted = [this](const auth::Account& account) { submitted(account); },
        .is_own = [this](const auth::Account& account,
                         const std::string& mailbox) { return is_own(account, mailbox); },
        .picture = [this](const ItemId& id, std::uint32_t page) { return picture(id, page); },
        .wall_ms = [this] { return unix_ms_now() + later_ms; }});
    life->box =
        std::make_unique<edge::DropBox>(folder.path() + "/drop", config, *life->outside, announced, place());
    life->portal = std::make_unique<portal::Portal>(*accounts, -1);
    http::Router router;
    life->box->add_to(router, *life->portal);
    std::vector<Descriptor> listeners;
    listeners.push_back(listen_loopback(life->port));
    http::ServerOptions options;
    options.connections_per_address_max = 300;
    life->server = std::make_unique<http::Server>(std::move(listeners), options, std::move(router));
  }
  void stop() {
    if (!life) return;
    life->server.reset();
    life->box.reset();
    life->log.reset();
    life.reset();
  }
  void restart() {
    stop();
    start();
  }

  // ---- asking ----
  static std::string request(const std::string& method, const std::string& path, const std::string& token,
                             const Headers& headers, std::optional<std::size_t> length) {
    std::string out = method + " /api/v1" + path + " HTTP/1.1\r\nHost: drop.example.jp\r\n";
    if (!token.empty()) out += "Authorization: Bearer " + token + "\r\n";
    for (const auto& [name, value] : headers) out += name + ": " + value + "\r\n";
    if (length) out += "Content-Length: " + std::to_string(*length) + "\r\n";
    return out + "\r\n";
  }
  Answer ask(const std::string& method, const std::string& path, const std::string& who = "sato",
             const Headers& headers = {}, const std::string& body = {}) {
    Connection connection(life->port);
    const bool writes = method != "GET" && method != "HEAD" && method != "OPTIONS";
    const auto length = writes ? std::optional(body.size()) : std::nullopt;
    connection.say(request(method, path, who.empty() ? "" : tokens[who], headers, length) + body);
    return connection.answer(method == "HEAD");
  }
  Answer tus(const std::string& method, const std::string& path, const std::string& who = "sato",
             Headers headers = {}, const std::string& body = {}) {
    headers.insert({"Tus-Resumable", "1.0.0"});
    if (method == "PATCH") headers.insert({"Content-Type", "application/offset+octet-stream"});
    return ask(method, path, who, headers, body);
  }
  Answer create(std::uint64_t size, const std::string& name = "申請書.docx",
                const std::string& who = "sato") {
    return tus("POST", "/uploads", who,
               {{"Upload-Length", std::to_string(size)}, {"Upload-Metadata", "filename " + base64(name)}});
  }
  // Gives the upload's id.
  std::string begun(std::uint64_t size, const std::string& name = "申請書.docx",
                    const std::string& who = "sato") {
    const Answer answer = create(size, name, who);
    REQUIRE(answer.status == 201);
    return answer.headers.at("location").substr(std::string_view("/api/v1/uploads/").size());
  }
  Answer patch(const std::string& id, std::uint64_t offset, const std::string& body,
               const std::string& who = "sato") {
    return tus("PATCH", "/uploads/" + id, who, {{"Upload-Offset", std::to_string(offset)}}, body);
  }
  std::string uploaded(const std::string& content, const std::string& name = "申請書.docx",
                       const std::string& who = "sato") {
    const std::string id = begun(content.size(), name, who);
    if (!content.empty()) REQUIRE(patch(id, 0, content, who).status == 204);
    return id;
  }
  std::string offset_of(const std::string& id) {
    return tus("HEAD", "/uploads/" + id).headers["upload-offset"];
  }
  Answer submit(const std::vector<std::string>& uploads, const std::string& key = "key-00000001",
                const std::string& who = "sato", const std::string& more = "",
                const std::string& recipients = "\"tanaka@city.example.jp\"") {
    std::string body = "{\"uploads\":[";
    for (const std::string& id : uploads)
      body.append(body.back() == '[' ? "" : ",").append("{\"id\":\"" + id + "\"}");
    return post(body + "],\"recipients\":[" + recipients + "]" + more + "}", key, who);
  }
  Answer post(const std::string& body, const std::string& key, const std::string& who = "sato") {
    return ask("POST", "/submissions", who, {{"Idempotency-Key", key}, {"Content-Type", "application/json"}},
               body);
  }

  // ---- looking ----
  static std::string id_of(const Answer& answer) {
    const std::size_t at = answer.body.find("\"id\":\"");
    REQUIRE(at != std::string::npos);
    return answer.body.substr(at + 6, 36);
  }
  static std::vector<std::string> items_of(const Answer& answer) {
    std::vector<std::string> out;
    for (std::size_t at = answer.body.find("\"item\":\""); at != std::string::npos;
         at = answer.body.find("\"item\":\"", at + 1))
      out.push_back(answer.body.substr(at + 8, 36));
    return out;
  }
  std::vector<transfer::Announce> told() {
    return life->told.with([](const auto& told) { return told; });
  }
  store::Original original(const transfer::Announce& where) {
    store::OriginalReader reader(originals(), store::test::key_pair());
    auto found = reader.read(where);
    REQUIRE(found);
    return std::move(*found);
  }
  std::size_t upload_files() const {
    std::size_t out = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(uploads())) ++out;
    return out;
  }
  // Octets of an upload that have come, without asking for it over HTTP.
  std::size_t come(const std::string& id) const {
    std::error_code none;
    const auto size = std::filesystem::file_size(uploads() + "/" + id, none);
    return none ? 0 : size;
  }
  std::string originals() const { return folder.path() + "/originals"; }
  std::string uploads() const { return folder.path() + "/drop/uploads"; }
  store::Place place() const { return store::test_place(folder.path() + "/drop/drop.sqlite"); }

  Folder folder;
  DropBoxConfig config;
  std::atomic<std::uint64_t> room{std::uint64_t{1} << 40};  // octets that the disk has left
  std::atomic<std::int64_t> later_ms{0};                    // what the clock is ahead
  std::function<std::optional<edge::drop::Allowance>(const auth::Account&)> allowance =
      [](const auth::Account&) { return std::nullopt; };
  std::function<void(const auth::Account&)> submitted = [](const auth::Account&) {};
  std::function<bool(const auth::Account&, const std::string&)> is_own =
      [](const auth::Account&, const std::string&) { return true; };
  // What the cleaner has; nothing: it is away.
  std::function<std::shared_ptr<const std::string>(const ItemId&, std::uint32_t)> picture =
      [](const ItemId&, std::uint32_t) { return nullptr; };
  std::unique_ptr<auth::Accounts> accounts;
  std::map<std::string, std::string> tokens;
  std::unique_ptr<Life> life;

 private:
  void add(const std::string& login, const std::set<auth::Role>& roles) {
    auth::Account account;
    account.login = login;
    account.name = login + " 太郎";
    account.mail = login + "@outside.example.jp";
    account.roles = roles;
    accounts->add(account, "", "test");  // a program's: no password, which would take its time
    tokens[login] = accounts->add_program_token(login, "test", "test");
  }
};

inline ItemId id_of(const std::string& text) {
  const auto id = ItemId::parse(text);
  REQUIRE(id);
  return *id;
}

}  // namespace drop_test

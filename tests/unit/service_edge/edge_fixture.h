// A real SMTP server in this process, on a loopback port the kernel chose, with a real log of originals in a
// temporary folder; and a plain blocking client for it.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/guarded.h"
#include "service/edge/smtp_server.h"
#include "service/store/original_log.h"

namespace edge_test {

using namespace std::chrono_literals;
using kiyome::Descriptor;
using kiyome::Steady;

inline constexpr auto kPatience = 20s;  // for what must come; reached only when a test fails

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "kiyome-edge-XXXXXX").string();
    REQUIRE(::mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline Descriptor listen_loopback(std::uint16_t& port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(socket.get(), 4096) == 0);
  socklen_t size = sizeof address;
  REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port = ntohs(address.sin_port);
  return socket;
}

// A client that says what it is told and reads what comes, up to a deadline.
class Client {
 public:
  explicit Client(std::uint16_t port, const char* from = "127.0.0.1")
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    REQUIRE(::inet_pton(AF_INET, from, &address.sin_addr) == 1);
    REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  int socket() const { return socket_.get(); }
  bool say(std::string_view octets) {
    while (!octets.empty()) {
      const ssize_t count = ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      octets.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  // One whole reply (all its lines); "" at the end of the stream; "reset" or "timeout".
  std::string reply() {
    for (;;) {
      std::size_t begin = 0;
      for (std::size_t end = got_.find("\r\n"); end != std::string::npos; end = got_.find("\r\n", begin)) {
        const bool last = end - begin < 4 || got_[begin + 3] != '-';
        begin = end + 2;
        if (!last) continue;
        std::string out = got_.substr(0, begin);
        got_.erase(0, begin);
        return out;
      }
      if (const std::string trouble = read(); !trouble.empty())
        return trouble == "end" ? std::exchange(got_, "") : trouble;
    }
  }
  std::string ask(std::string_view line) {
    say(std::string(line) + "\r\n");
    return reply();
  }
  // Everything until the server closes.
  std::string rest() {
    for (;;)
      if (const std::string trouble = read(); !trouble.empty())
        return std::exchange(got_, "") + (trouble == "end" ? "" : trouble);
  }
  void half_close() { ::shutdown(socket_.get(), SHUT_WR); }

 private:
  std::string read() {
    pollfd entry{socket_.get(), POLLIN, 0};
    if (::poll(&entry, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) <= 0)
      return "timeout";
    char octets[16384];
    const ssize_t count = ::recv(socket_.get(), octets, sizeof octets, 0);
    if (count < 0) return "reset";
    if (count == 0) return "end";
    got_.append(octets, static_cast<std::size_t>(count));
    return "";
  }
  Descriptor socket_;
  std::string got_;
};

class Edge {
 public:
  explicit Edge(const std::function<void(kiyome::SmtpServerConfig&)>& change = {},
                kiyome::edge::EdgeFiles files = {}) {
    config.hostname = "mx.example";
    config.free_bytes_min = 0;
    config.free_inodes_min = 0;
    config.threads = 2;
    if (change) change(config);
    std::filesystem::create_directory(folder.path() + "/originals");
    keys = kiyome::store::load_or_make_cleaner_key(folder.path());
    const auto announce = [this](const kiyome::transfer::Announce& item) {
      announced.with([&](auto& all) { all.emplace(item.id.text(), item); });
      announced.notify_all();
    };
    log =
        std::make_unique<kiyome::store::OriginalLog>(folder.path() + "/originals", keys.public_key, announce);
    std::vector<Descriptor> listeners;
    listeners.push_back(listen_loopback(port));
    server = std::make_unique<kiyome::edge::SmtpServer>(
        std::move(listeners), kiyome::edge::make_settings(config, files), *log, announce, folder.path());
  }
  Client client(const char* from = "127.0.0.1") {
    Client out(port, from);
    CHECK(out.reply() == "220 mx.example ESMTP\r\n");
    return out;
  }
  // The item a "250 2.0.0 Ok: queued as" reply names, as the cleaner will read it.
  kiyome::store::Original original(const std::string& reply) {
    constexpr std::string_view kQueued = "250 2.0.0 Ok: queued as ";
    REQUIRE(reply.substr(0, kQueued.size()) == kQueued);
    REQUIRE(reply.size() == kQueued.size() + 38);
    const std::string id = reply.substr(kQueued.size(), 36);
    const auto where = announced.with([&](auto& all) {
      REQUIRE(all.contains(id));
      return all.at(id);
    });
    kiyome::store::OriginalReader reader(folder.path() + "/originals", keys);
    auto read = reader.read(where);
    REQUIRE(read);
    CHECK(read->envelope.id.text() == id);
    return std::move(*read);
  }
  static std::string content(const kiyome::store::Original& original) {
    std::string out(original.size, '\0');
    CHECK(::pread(original.content.get(), out.data(), out.size(), 0) == static_cast<ssize_t>(out.size()));
    return out;
  }

  TemporaryFolder folder;
  kiyome::SmtpServerConfig config;
  kiyome::store::CleanerKeyPair keys;
  kiyome::Guarded<std::map<std::string, kiyome::transfer::Announce>> announced;
  std::unique_ptr<kiyome::store::OriginalLog> log;
  std::uint16_t port = 0;
  std::unique_ptr<kiyome::edge::SmtpServer> server;
};

inline const std::string kEnvelope = "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n";

// EHLO, envelope and content, as an ordinary client says them; the answer to the final dot.
inline std::string send_mail(Client& client, const std::string& content) {
  CHECK(client.ask("EHLO c.example").substr(0, 4) == "250-");
  CHECK(client.ask("MAIL FROM:<a@x.example>") == "250 2.1.0 Ok\r\n");
  CHECK(client.ask("RCPT TO:<b@b.example>") == "250 2.1.5 Ok\r\n");
  CHECK(client.ask("DATA").substr(0, 4) == "354 ");
  client.say(content);
  return client.ask(".");
}

}  // namespace edge_test

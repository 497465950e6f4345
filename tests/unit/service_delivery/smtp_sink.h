// An SMTP server for tests: takes everything on loopback, unless its script says otherwise. A thread a
// connection.
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "service/base/descriptor.h"
#include "service/base/guarded.h"

namespace kiyome::testing {

struct SinkMail {
  std::string from;             // the whole MAIL line
  std::vector<std::string> to;  // the accepted RCPT lines
  std::string content;          // without stuffed dots
  unsigned connection = 0;
  bool tls = false;
};

// What a script may answer beside replies.
inline constexpr const char* kHangUp = "<hang up>";
inline constexpr const char* kSilence = "<silence>";  // nothing at all, until the sink ends or the peer goes

class SmtpSink {
 public:
  // Asked at "greeting", with each command line, at "content" (after 354 was said, before anything is read)
  // and at "final" (everything is read). Gives what to answer (lines with CRLF, or one of the words above);
  // empty: the usual.
  using Script = std::function<std::optional<std::string>(const std::string& what)>;

  struct Settings {
    std::string extensions =
        "250-sink\r\n250-PIPELINING\r\n250-SIZE 100000000\r\n250-SMTPUTF8\r\n250 DSN\r\n";
    Script script = nullptr;
    SSL_CTX* tls = nullptr;
    std::uint16_t port = 0;
  };

  SmtpSink() : SmtpSink(Settings{}) {}
  explicit SmtpSink(Settings settings) : settings_(std::move(settings)) {
    listening_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(listening_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(settings_.port);
    if (::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listening_.get(), 128) != 0)
      throw std::runtime_error("sink: bind");
    socklen_t size = sizeof address;
    ::getsockname(listening_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_loop(); });
  }
  ~SmtpSink() {
    ::eventfd_write(stop_.get(), 1);
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
  }

  std::uint16_t port() const { return port_; }
  unsigned connections() const { return connections_; }
  std::vector<SinkMail> mails() {
    return mails_.with([](std::vector<SinkMail>& all) { return all; });
  }
  std::size_t count() {
    return mails_.with([](std::vector<SinkMail>& all) { return all.size(); });
  }
  // Waits until there are `count` mails.
  bool wait_for(std::size_t count, std::chrono::seconds patience = std::chrono::seconds(20)) {
    return mails_.wait_until(
        std::chrono::steady_clock::now() + patience, [&](auto& all) { return all.size() >= count; },
        [&](auto& all) { return all.size() >= count; });
  }

 private:
  struct Peer {
    Descriptor socket;
    SSL* ssl = nullptr;
    std::string pending;
    unsigned number = 0;
    ~Peer() { SSL_free(ssl); }
  };

  void accept_loop() {
    for (;;) {
      pollfd entries[2] = {{listening_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
      ::poll(entries, 2, -1);
      if (entries[1].revents != 0) return;
      Descriptor socket(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!socket) continue;
      const int on = 1;
      ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      threads_.emplace_back([this, held = std::move(socket), number = ++connections_]() mutable {
        Peer peer{std::move(held), nullptr, {}, number};
        talk(peer);
      });
    }
  }

  bool read(Peer& peer) {
    if (peer.ssl == nullptr || SSL_pending(peer.ssl) == 0) {
      pollfd entries[2] = {{peer.socket.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
      ::poll(entries, 2, -1);
      if (entries[1].revents != 0) return false;
    }
    char room[65536];
    const long count = peer.ssl != nullptr ? SSL_read(peer.ssl, room, sizeof room)
                                           : ::recv(peer.socket.get(), room, sizeof room, 0);
    if (count <= 0) return false;
    peer.pending.append(room, static_cast<std::size_t>(count));
    return true;
  }
  bool line(Peer& peer, std::string& out) {
    std::size_t end = 0;
    while ((end = peer.pending.find("\r\n")) == std::string::npos)
      if (!read(peer)) return false;
    out = peer.pending.substr(0, end);
    peer.pending.erase(0, end + 2);
    return true;
  }
  // false: the connection is to end.
  bool say(Peer& peer, const std::string& what, const std::string& usual) {
    return tell(peer, answer(what, usual));
  }
  std::string answer(const std::string& what, const std::string& usual) {
    std::optional<std::string> scripted;
    if (settings_.script) scripted = settings_.script(what);
    return scripted ? *scripted : usual;
  }
  bool tell(Peer& peer, const std::string& octets) {
    if (octets == kHangUp) return false;
    if (octets == kSilence) {
      pollfd entries[2] = {{peer.socket.get(), POLLRDHUP, 0}, {stop_.get(), POLLIN, 0}};
      ::poll(entries, 2, -1);
      return false;
    }
    if (octets.empty()) return true;
    last_ = octets;
    if (peer.ssl != nullptr) return SSL_write(peer.ssl, octets.data(), static_cast<int>(octets.size())) > 0;
    return ::send(peer.socket.get(), octets.data(), octets.size(), MSG_NOSIGNAL) ==
           static_cast<long>(octets.size());
  }

  bool content(Peer& peer, std::string& out) {
    std::size_t end = 0;
    const auto ended = [&] {
      if (peer.pending.starts_with(".\r\n")) return end = 0, true;
      end = peer.pending.find("\r\n.\r\n");
      if (end == std::string::npos) return false;
      end += 2;
      return true;
    };
    while (!ended())
      if (!read(peer)) return false;
    const std::string stuffed = peer.pending.substr(0, end);
    peer.pending.erase(0, end + 3);
    for (std::size_t at = 0; at < stuffed.size();) {
      const std::size_t next = stuffed.find("\r\n", at) + 2;
      out += stuffed.substr(stuffed[at] == '.' ? at + 1 : at, next - (stuffed[at] == '.' ? at + 1 : at));
      at = next;
    }
    return true;
  }

  bool starttls(Peer& peer) {
    peer.pending.clear();
    peer.ssl = SSL_new(settings_.tls);
    SSL_set_fd(peer.ssl, peer.socket.get());
    return SSL_accept(peer.ssl) == 1;
  }

  void talk(Peer& peer) {
    if (!say(peer, "greeting", "220 sink ESMTP\r\n")) return;
    SinkMail mail;
    std::string command;
    while (line(peer, command)) {
      const std::string verb = command.substr(0, 4);
      if (verb == "EHLO") {
        const bool offer = settings_.tls != nullptr && peer.ssl == nullptr;
        if (!say(peer, command, offer ? "250-sink\r\n250 STARTTLS\r\n" : settings_.extensions)) return;
      } else if (verb == "STAR") {
        if (!say(peer, command, "220 go\r\n") || settings_.tls == nullptr || !starttls(peer)) return;
      } else if (verb == "DATA") {
        if (!say(peer, command, mail.to.empty() ? "554 5.5.1 no valid recipients\r\n" : "354 go\r\n")) return;
        if (last_[0] != '3') continue;
        if (!say(peer, "content", "") || !content(peer, mail.content)) return;
        mail.connection = peer.number;
        mail.tls = peer.ssl != nullptr;
        const std::string octets = answer("final", "250 2.0.0 queued\r\n");
        if (octets[0] == '2') {
          mails_.with([&](std::vector<SinkMail>& all) { all.push_back(mail); });
          mails_.notify_all();
        }
        mail = {};
        if (!tell(peer, octets)) return;
      } else if (verb == "QUIT") {
        say(peer, command, "221 bye\r\n");
        return;
      } else {
        if (verb == "RSET") mail = {};
        const bool early = verb == "RCPT" && mail.from.empty();
        if (!say(peer, command, early ? "503 5.5.1 MAIL first\r\n" : "250 2.0.0 ok\r\n")) return;
        if (last_[0] != '2') continue;
        if (verb == "MAIL") mail.from = command;
        if (verb == "RCPT") mail.to.push_back(command);
      }
    }
  }

  Settings settings_;
  static inline thread_local std::string last_ = " ";  // what this connection was told last
  std::uint16_t port_ = 0;
  Descriptor listening_;
  Descriptor stop_{::eventfd(0, EFD_CLOEXEC)};
  std::atomic<unsigned> connections_{0};
  Guarded<std::vector<SinkMail>> mails_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace kiyome::testing

// A server of ours on a loopback port, and a peer that says exactly what it is told.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "service/base/errors.h"
#include "service/base/sockets.h"
#include "service/http/http.h"
#include "service/http/server.h"

namespace kiyome::testing {

struct Answer {
  int status = 0;                              // 0: the connection ended without one
  std::map<std::string, std::string> headers;  // names in lower case
  std::string content;
};

class Peer {
 public:
  explicit Peer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) throw_errno("connect");
  }
  int socket() const { return socket_.get(); }
  Peer& say(std::string_view octets) {
    while (!octets.empty()) {
      const ssize_t count = ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
      if (count <= 0) break;  // the server has had enough
      octets.remove_prefix(static_cast<std::size_t>(count));
    }
    return *this;
  }
  void end() { ::shutdown(socket_.get(), SHUT_WR); }
  // The next answer; `bare`: to HEAD. 100 Continue is an answer of its own.
  Answer answer(bool bare = false) {
    Answer out;
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
      if (!more()) return out;
    const std::string header = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    out.status = std::stoi(header.substr(9, 3));
    for (std::size_t at = header.find("\r\n") + 2; at < header.size();) {
      const std::size_t colon = header.find(": ", at), line = header.find("\r\n", at);
      std::string name = header.substr(at, colon - at);
      for (char& c : name) c = static_cast<char>(std::tolower(c));
      out.headers[name] = header.substr(colon + 2, line - colon - 2);
      at = line + 2;
    }
    const auto length = out.headers.find("content-length");
    const std::size_t size = bare || length == out.headers.end() ? 0 : std::stoul(length->second);
    while (buffer_.size() < size)
      if (!more()) return out.status = -1, out;
    out.content = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return out;
  }
  Answer ask(std::string_view octets) { return say(octets).answer(); }
  // Whether the server ends the connection within ten seconds, saying nothing more.
  bool closed() { return buffer_.empty() && !more(10000) && gone_; }
  bool silent(int ms) { return buffer_.empty() && !more(ms) && !gone_; }

 private:
  bool more(int ms = 20000) {
    pollfd entry{socket_.get(), POLLIN, 0};
    if (::poll(&entry, 1, ms) <= 0) return false;
    char piece[65536];
    const ssize_t count = ::recv(socket_.get(), piece, sizeof piece, 0);
    if (count <= 0) return gone_ = true, false;
    buffer_.append(piece, static_cast<std::size_t>(count));
    return true;
  }
  Descriptor socket_;
  std::string buffer_;
  bool gone_ = false;
};

class RepeatedSource : public http::Source {
 public:
  RepeatedSource(std::uint64_t size, std::uint64_t there) : size_(size), left_(there) {}
  std::uint64_t size() const override { return size_; }
  std::size_t read(char* into, std::size_t size) override {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
    std::fill_n(into, count, 'z');
    left_ -= count;
    return count;
  }

 private:
  std::uint64_t size_, left_;
};

// Routes that show what a request became.
inline http::Router showing_router(std::atomic<int>& calls) {
  http::Router router;
  router.on("GET", "/hello", [&](http::Request&) {
    ++calls;
    return http::Response::json("{\"hello\":true}");
  });
  router.on("POST", "/length", [&](http::Request& request) {
    ++calls;
    return http::Response::json(std::to_string(request.body->all(1u << 30).size()));
  });
  router.on("POST", "/echo", [&](http::Request& request) {
    ++calls;
    return http::Response::json(request.body->all(100000));
  });
  router.on("POST", "/early", [&](http::Request&) -> http::Response {
    ++calls;
    throw http::Problem{409, "wrong-offset", {}};
  });
  router.on("GET", "/things/{thing}/of/{owner}", [&](http::Request& request) {
    ++calls;
    return http::Response::json(request.captured["thing"] + "|" + request.captured["owner"] + "|" +
                                request.query["q"]);
  });
  router.on("GET", "/long", [&](http::Request&) {
    http::Response out;
    out.source = std::make_unique<RepeatedSource>(3u << 20, 3u << 20);
    return out;
  });
  router.on("GET", "/cut", [&](http::Request&) {
    http::Response out;
    out.source = std::make_unique<RepeatedSource>(3u << 20, 1u << 20);
    return out;
  });
  router.on("GET", "/temporary",
            [&](http::Request&) -> http::Response { throw TemporaryFailure("disk is full of secrets"); });
  router.on("GET", "/broken", [&](http::Request&) -> http::Response { throw std::runtime_error("secret"); });
  router.on("GET", "/injected", [&](http::Request&) {
    http::Response out = http::Response::json("{}");
    out.headers.emplace_back("X-Name", "a\r\nSet-Cookie: evil=1");
    return out;
  });
  return router;
}

class Site {
 public:
  explicit Site(http::ServerOptions options = {}) : Site(std::move(options), nullptr) {}
  Site(http::ServerOptions options, std::unique_ptr<http::Router> router) {
    std::vector<Descriptor> listeners;
    listeners.push_back(listen_tcp({"127.0.0.1", 0}, "test"));
    sockaddr_in at{};
    socklen_t size = sizeof at;
    ::getsockname(listeners[0].get(), reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    server_ = std::make_unique<http::Server>(std::move(listeners), std::move(options),
                                             router ? std::move(*router) : showing_router(calls_));
  }
  std::uint16_t port() const { return port_; }
  int calls() const { return calls_; }
  http::Server& server() { return *server_; }
  void stop() { server_.reset(); }

 private:
  std::atomic<int> calls_{0};
  std::uint16_t port_ = 0;
  std::unique_ptr<http::Server> server_;
};

}  // namespace kiyome::testing

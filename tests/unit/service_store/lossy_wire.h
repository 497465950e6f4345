// Between a client and the PostgreSQL of KIYOME_TEST_POSTGRES: passes everything on until it is told to lose
// the answer to a COMMIT; the server has heard it then, and the client hears nothing but the end of the
// connection.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include "service/base/descriptor.h"

namespace kiyome::store::test {

class LossyWire {
 public:
  enum class Lose { nothing, answer, question };

  LossyWire() {
    const std::string url = std::getenv("KIYOME_TEST_POSTGRES");
    at_ = url.find('@') + 1;
    end_ = url.find('/', at_);
    server_port_ = static_cast<std::uint16_t>(std::atoi(url.substr(url.find(':', at_) + 1).c_str()));
    listening_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    ::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listening_.get(), 8);
    ::getsockname(listening_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    url_ = url.substr(0, at_) + "127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + url.substr(end_);
    thread_ = std::thread([this] { run(); });
  }
  ~LossyWire() {
    stopping_ = true;
    thread_.join();
  }
  const std::string& url() const { return url_; }
  void lose(Lose what) { lose_ = what; }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return out;
  }

  // One connection after the other is enough for one Database.
  void run() {
    while (!stopping_) {
      pollfd entry{listening_.get(), POLLIN, 0};
      if (::poll(&entry, 1, 50) <= 0) continue;
      const Descriptor client(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      const Descriptor server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      const sockaddr_in address = loopback(server_port_);
      if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        pass(client.get(), server.get());
    }
  }

  void pass(int client, int server) {
    bool last = false;  // what the server says next is lost
    while (!stopping_) {
      pollfd entries[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
      if (::poll(entries, 2, 50) <= 0) continue;
      for (int i = 0; i < 2; ++i) {
        if (entries[i].revents == 0) continue;
        char octets[65536];
        const ssize_t count = ::recv(entries[i].fd, octets, sizeof octets, 0);
        if (count <= 0 || (i == 1 && last)) return;
        const std::string_view said(octets, static_cast<std::size_t>(count));
        if (i == 0 && lose_ != Lose::nothing && said.find("COMMIT") != std::string_view::npos) {
          if (lose_.exchange(Lose::nothing) == Lose::question) return;
          last = true;
        }
        if (::send(entries[1 - i].fd, octets, static_cast<std::size_t>(count), MSG_NOSIGNAL) != count) return;
      }
    }
  }

  std::size_t at_ = 0, end_ = 0;
  std::uint16_t server_port_ = 0;
  Descriptor listening_;
  std::string url_;
  std::atomic<Lose> lose_{Lose::nothing};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace kiyome::store::test

#include "service/base/admin.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <list>
#include <thread>

#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/sockets.h"

namespace kiyome {
namespace {

constexpr std::size_t kRequestMax = 1 << 20;
constexpr unsigned kConnectionsMax = 8;
constexpr auto kPatience = std::chrono::seconds(60);  // for an asker that does not read

bool may_ask(int connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

bool is_last_line(const std::string& line) {
  return line == R"({"end":true})" || line.starts_with(R"({"error":)");
}

}  // namespace

struct AdminServer::Impl {
  Descriptor listening;
  Handler handler;
  Descriptor stop{::eventfd(0, EFD_CLOEXEC)};
  std::atomic<unsigned> connections{0};
  std::thread acceptor;

  // One request a connection. An asker that says nothing is let go when the role stops.
  void serve(const Descriptor& connection) {
    std::string pending;
    const auto deadline = Steady::now() + kPatience;
    while (pending.find('\n') == std::string::npos) {
      pollfd entries[2] = {{connection.get(), POLLIN, 0}, {stop.get(), POLLIN, 0}};
      if (::poll(entries, 2, 1000) < 0 || entries[1].revents != 0 || Steady::now() > deadline) return;
      if (entries[0].revents == 0) continue;
      if (pending.size() > kRequestMax || read_some(connection.get(), pending, 65536, deadline) <= 0) return;
    }
    answer(connection, pending.substr(0, pending.find('\n')));
  }

  // Whoever does not read his answer must not keep the role from stopping.
  bool write_unless_stopped(int connection, std::string_view octets) const {
    const auto deadline = Steady::now() + kPatience;
    while (!octets.empty()) {
      const ssize_t count = ::send(connection, octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count > 0) octets.remove_prefix(static_cast<std::size_t>(count));
      if (count >= 0 || errno == EINTR) continue;
      if (errno != EAGAIN || Steady::now() > deadline) return false;
      pollfd entries[2] = {{connection, POLLOUT, 0}, {stop.get(), POLLIN, 0}};
      if (::poll(entries, 2, 1000) < 0 || entries[1].revents != 0) return false;
    }
    return true;
  }

  void answer(const Descriptor& connection, const std::string& request) {
    std::string waiting;
    bool alive = true;
    const auto flush = [&] {
      alive = alive && write_unless_stopped(connection.get(), waiting);
      waiting.clear();
      return alive;
    };
    const AdminReply reply = [&](std::string_view line) {
      waiting.append(line).push_back('\n');
      return waiting.size() < 65536 || flush();
    };
    try {
      handler(request, reply);
      reply(R"({"end":true})");
    } catch (const std::exception& trouble) {
      reply(R"({"error":)" + log::json_string(trouble.what()) + "}");
    }
    flush();
  }

  void accept_loop() {
    std::list<std::thread> threads;
    for (;;) {
      pollfd entries[2] = {{listening.get(), POLLIN, 0}, {stop.get(), POLLIN, 0}};
      if (::poll(entries, 2, -1) < 0) continue;
      if (entries[1].revents != 0) break;
      Descriptor connection(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!connection || !may_ask(connection.get()) || connections >= kConnectionsMax) continue;
      ++connections;
      threads.emplace_back([this, held = std::move(connection)] {
        serve(held);
        --connections;
      });
      if (threads.size() > 4 * kConnectionsMax) join_finished(threads);
    }
    for (std::thread& thread : threads) thread.join();
  }

  // At most kConnectionsMax are alive, so joining the oldest ones waits for a bounded time.
  static void join_finished(std::list<std::thread>& threads) {
    while (threads.size() > kConnectionsMax) {
      threads.front().join();
      threads.pop_front();
    }
  }
};

AdminServer::AdminServer(Descriptor listening, Handler handler) : impl_(std::make_unique<Impl>()) {
  impl_->listening = std::move(listening);
  impl_->handler = std::move(handler);
  impl_->acceptor = std::thread([impl = impl_.get()] { impl->accept_loop(); });
}

AdminServer::~AdminServer() {
  ::eventfd_write(impl_->stop.get(), 1);
  impl_->acceptor.join();
}

std::string ask_admin(const std::string& path, const std::string& request,
                      const std::function<void(const std::string&)>& line) {
  const Descriptor connection = connect_unix(path);
  if (!connection) throw TemporaryFailure("the service does not run, or this user may not ask it: " + path);
  if (!write_all(connection.get(), request + "\n", Steady::now() + kPatience))
    throw TemporaryFailure("the service hung up");
  std::string pending;
  std::size_t at = 0;
  for (;;) {
    const std::size_t newline = pending.find('\n', at);
    if (newline == std::string::npos) {
      pending.erase(0, at);
      at = 0;
      if (read_some(connection.get(), pending, 65536, Steady::now() + 5 * kPatience) <= 0)
        throw TemporaryFailure("the service hung up");
      continue;
    }
    const std::string one = pending.substr(at, newline - at);
    at = newline + 1;
    if (!is_last_line(one)) {
      line(one);
      continue;
    }
    return one.starts_with(R"({"error":)") ? one.substr(9, one.size() - 10) : std::string();
  }
}

}  // namespace kiyome

#include "service/http/wire.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <vector>

#include "proto/base/limits.h"
#include "service/base/sockets.h"
#include "service/http/http.h"

namespace kiyome::http {
namespace {

constexpr std::size_t kReadAhead = 16u << 10;  // a header's worth; a TLS record's

}  // namespace

void Wire::FreeSsl::operator()(SSL* ssl) const { SSL_free(ssl); }

Wire::Wire(Descriptor socket, const TlsContext* tls) : socket_(std::move(socket)) {
  if (tls == nullptr) return;
  ssl_.reset(SSL_new(tls->get()));
  if (!ssl_ || SSL_set_fd(ssl_.get(), socket_.get()) != 1) throw std::bad_alloc();
  SSL_set_accept_state(ssl_.get());
}

Wire::~Wire() { ERR_clear_error(); }

bool Wire::ssl_wait(int result, Steady::time_point deadline) {
  const int error = SSL_get_error(ssl_.get(), result);
  ERR_clear_error();
  if (error == SSL_ERROR_ZERO_RETURN) return false;
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) throw Lost("TLS");
  if (!wait_for(socket_.get(), error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline)) throw Late{};
  return true;
}

void Wire::handshake(Steady::time_point deadline) {
  while (ssl_) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) return;
    if (!ssl_wait(result, deadline)) throw Lost("TLS");
  }
}

std::size_t Wire::read_socket(char* into, std::size_t size, Steady::time_point deadline) {
  for (;;) {
    if (ssl_) {
      ERR_clear_error();
      std::size_t count = 0;
      const int result = SSL_read_ex(ssl_.get(), into, size, &count);
      if (result == 1) return count;
      if (!ssl_wait(result, deadline)) return 0;
      continue;
    }
    const ssize_t count = ::recv(socket_.get(), into, size, 0);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) throw Lost(std::strerror(errno));
    if (!wait_for(socket_.get(), POLLIN, deadline)) throw Late{};
  }
}

std::size_t Wire::read(char* into, std::size_t size, Steady::time_point deadline) {
  const std::string_view ahead = waiting();
  if (ahead.empty()) return read_socket(into, size, deadline);
  const std::size_t count = std::min(size, ahead.size());
  std::memcpy(into, ahead.data(), count);
  use(count);
  return count;
}

bool Wire::fill(Steady::time_point deadline) {
  buffer_.erase(0, std::exchange(used_, 0));
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kReadAhead);
  std::size_t count = 0;
  try {
    count = read_socket(buffer_.data() + before, kReadAhead, deadline);
  } catch (...) {
    buffer_.resize(before);
    throw;
  }
  buffer_.resize(before + count);
  return count != 0;
}

void Wire::use(std::size_t count) {
  used_ += count;
  if (used_ < buffer_.size()) return;
  buffer_.clear();
  used_ = 0;
}

void Wire::write(std::string_view octets, Steady::time_point deadline) {
  while (!octets.empty()) {
    if (ssl_) {
      ERR_clear_error();
      std::size_t count = 0;
      const int result = SSL_write_ex(ssl_.get(), octets.data(), octets.size(), &count);
      if (result == 1)
        octets.remove_prefix(count);
      else if (!ssl_wait(result, deadline))
        throw Lost("TLS");
      continue;
    }
    const ssize_t count = ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
    if (count > 0)
      octets.remove_prefix(static_cast<std::size_t>(count));
    else if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (!wait_for(socket_.get(), POLLOUT, deadline)) throw Late{};
    } else if (count == 0 || errno != EINTR)
      throw Lost(std::strerror(errno));
  }
}

bool Wire::wait_for_input(int stop_fd, Steady::time_point deadline) {
  if (!waiting().empty() || (ssl_ && SSL_has_pending(ssl_.get()))) return true;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now()).count();
    if (left <= 0) return false;
    pollfd entries[2] = {{socket_.get(), POLLIN, 0}, {stop_fd, POLLIN, 0}};
    const int ready = ::poll(entries, 2, static_cast<int>(std::min<std::int64_t>(left, 3'600'000)));
    if (ready < 0 && errno != EINTR) return false;
    if (ready > 0) return entries[1].revents == 0;
  }
}

void Wire::end() {
  if (ssl_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  ::shutdown(socket_.get(), SHUT_WR);
  const auto deadline = Steady::now() + std::chrono::milliseconds(limits::kHttpLingerMs);
  // As fast as it comes, or a large upload that was refused early would not hear why.
  std::vector<char> dropped(kReadAhead * 4);
  for (std::size_t total = 0; total < limits::kHttpLinger && Steady::now() < deadline;) {
    const ssize_t count = ::recv(socket_.get(), dropped.data(), dropped.size(), 0);
    if (count > 0)
      total += static_cast<std::size_t>(count);
    else if (count == 0 || (errno != EAGAIN && errno != EINTR) || !wait_for(socket_.get(), POLLIN, deadline))
      return;
  }
}

}  // namespace kiyome::http

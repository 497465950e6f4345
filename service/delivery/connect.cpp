// Names to addresses and addresses to a connected socket. The resolver cannot be interrupted, so it runs on a
// thread of its own whose answer may come too late to be wanted.
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "service/delivery/stream.h"

namespace kiyome::delivery {
namespace {

constexpr std::size_t kAddressesMax = 8;  // of one name

struct Address {
  sockaddr_storage octets{};
  socklen_t size = 0;
};

struct Answer {
  std::mutex mutex;
  std::condition_variable came;
  bool done = false;
  int error = 0;
  std::vector<Address> addresses;
};

int look_up(const HostPort& host, int flags, std::vector<Address>& out) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.host.c_str(), std::to_string(host.port).c_str(), &hints, &found);
  if (error != 0) return error;
  for (const addrinfo* one = found; one != nullptr && out.size() < kAddressesMax; one = one->ai_next) {
    Address address;
    if (one->ai_addrlen > sizeof address.octets) continue;
    std::memcpy(&address.octets, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    out.push_back(address);
  }
  ::freeaddrinfo(found);
  return 0;
}

bool stopped(int stop_fd) {
  pollfd entry{stop_fd, POLLIN, 0};
  return ::poll(&entry, 1, 0) > 0;
}

std::vector<Address> resolve(const HostPort& host, Steady::time_point deadline, int stop_fd,
                             std::string& why) {
  std::vector<Address> numeric;
  if (look_up(host, AI_NUMERICHOST, numeric) == 0) return numeric;
  // Shared, because the asker may leave before the resolver answers.
  const auto answer = std::make_shared<Answer>();
  try {
    std::thread([answer, host] {
      std::vector<Address> addresses;
      const int error = look_up(host, AI_ADDRCONFIG, addresses);
      const std::lock_guard lock(answer->mutex);
      answer->addresses = std::move(addresses);
      answer->error = error;
      answer->done = true;
      answer->came.notify_all();
    }).detach();
  } catch (const std::system_error&) {
    why = "no thread for the resolver";
    return {};
  }
  std::unique_lock lock(answer->mutex);
  while (!answer->done) {
    if (Steady::now() >= deadline || stopped(stop_fd)) {
      why = "the resolver did not answer";
      return {};
    }
    answer->came.wait_for(lock, std::chrono::milliseconds(100));
  }
  if (answer->error != 0) why = std::string("resolver: ") + ::gai_strerror(answer->error);
  return answer->addresses;
}

// 0, or why not.
int finish_connect(int fd, Steady::time_point deadline, int stop_fd) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now()).count();
    if (left <= 0) return ETIMEDOUT;
    pollfd entries[2] = {{fd, POLLOUT, 0}, {stop_fd, POLLIN, 0}};
    const int ready = ::poll(entries, 2, static_cast<int>(std::min<std::int64_t>(left, 3'600'000)));
    if (ready < 0 && errno != EINTR) return errno;
    if (ready > 0 && entries[1].revents != 0) return ECANCELED;
    if (ready <= 0 || entries[0].revents == 0) continue;
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
  }
}

}  // namespace

Descriptor connect_to(const HostPort& host, Steady::time_point deadline, int stop_fd, std::string& why) {
  const std::vector<Address> addresses = resolve(host, deadline, stop_fd, why);
  std::size_t left = addresses.size();
  for (const Address& address : addresses) {
    // Each address has its share of the time that is left.
    const auto now = Steady::now();
    if (now >= deadline) break;
    const auto until = now + (deadline - now) / static_cast<int>(left--);
    Descriptor socket(::socket(address.octets.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int error = socket ? 0 : errno;
    if (socket &&
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.octets), address.size) != 0)
      error = errno == EINPROGRESS ? finish_connect(socket.get(), until, stop_fd) : errno;
    if (error == 0) {
      const int on = 1;
      ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      ::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
      return socket;
    }
    why = std::string("connect: ") + std::strerror(error);
    if (error == ECANCELED) break;
  }
  if (why.empty()) why = "no address";
  return {};
}

}  // namespace kiyome::delivery

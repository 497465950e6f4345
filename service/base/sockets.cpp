#include "service/base/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "service/base/errors.h"

namespace kiyome {
namespace {

constexpr std::size_t kMessageText = 4096;  // of a supervisor's word
constexpr std::size_t kMessageDescriptors = 16;

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw TemporaryFailure("socket path is too long: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// A short name for an entry of an open directory, however long or unreadable its own path is.
std::string short_path(int directory, const std::string& name) {
  return directory == AT_FDCWD ? name : "/proc/self/fd/" + std::to_string(directory) + "/" + name;
}

}  // namespace

static void throw_if_negative(long result, const char* what) {
  if (result < 0) throw_errno(what);
}

bool wait_for(int fd, short events, Steady::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now()).count();
    pollfd entry{fd, events, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000)));
    if (ready > 0) return true;
    if (ready == 0 && Steady::now() >= deadline) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool write_all(int fd, std::string_view octets, Steady::time_point deadline) {
  while (!octets.empty()) {
    const ssize_t count = ::write(fd, octets.data(), octets.size());
    if (count > 0) {
      octets.remove_prefix(static_cast<std::size_t>(count));
    } else if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (!wait_for(fd, POLLOUT, deadline)) return false;
    } else if (count == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

long read_some(int fd, std::string& into, std::size_t max, Steady::time_point deadline) {
  if (!wait_for(fd, POLLIN, deadline)) return -1;
  const std::size_t before = into.size();
  into.resize(before + max);
  ssize_t count = 0;
  do count = ::read(fd, into.data() + before, max);
  while (count < 0 && errno == EINTR);
  into.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return count;
}

std::string read_whole(int fd) {
  struct stat status {};
  throw_if_negative(::fstat(fd, &status), "fstat");
  std::string out(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t at = 0;
  while (at < out.size()) {
    const ssize_t count = ::pread(fd, out.data() + at, out.size() - at, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    throw_if_negative(count, "pread");
    if (count == 0) break;
    at += static_cast<std::size_t>(count);
  }
  out.resize(at);
  return out;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Descriptor memory_file(const char* name, std::string_view octets) {
  Descriptor file(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  throw_if_negative(file.get(), "memfd_create");
  if (!write_all(file.get(), octets, Steady::now() + std::chrono::seconds(60))) throw_errno("memfd write");
  throw_if_negative(
      ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL), "seal");
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

Descriptor listen_unix(int directory, const std::string& name) {
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  throw_if_negative(socket.get(), "socket");
  if (::unlinkat(directory, name.c_str(), 0) != 0 && errno != ENOENT) throw_errno("unlink " + name);
  const sockaddr_un address = unix_address(short_path(directory, name));
  throw_if_negative(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                    "bind");
  throw_if_negative(::listen(socket.get(), 64), "listen");
  return socket;
}

Descriptor connect_unix(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash);
  const Descriptor directory(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return {};
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  throw_if_negative(socket.get(), "socket");
  // A relative path is used as it is: a role may not have /proc, and its own are short.
  const bool relative = !path.empty() && path[0] != '/';
  const std::string name = relative ? path : short_path(directory.get(), path.substr(slash + 1));
  const sockaddr_un address = unix_address(name);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  if (::fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0) throw_errno("fcntl");
  return socket;
}

Descriptor listen_tcp(const HostPort& at, std::string_view key) {
  const auto refuse = [&](const std::string& why) {
    return ConfigError(std::string(key) + ": cannot listen on " + at.text() + ": " + why);
  };
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int trouble = ::getaddrinfo(at.host.c_str(), std::to_string(at.port).c_str(), &hints, &found);
  if (trouble != 0) throw refuse(::gai_strerror(trouble));
  Descriptor socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (found->ai_family == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  const bool bound =
      ::bind(socket.get(), found->ai_addr, found->ai_addrlen) == 0 && ::listen(socket.get(), 4096) == 0;
  const int error = errno;
  ::freeaddrinfo(found);
  if (!bound) throw refuse(std::strerror(error));
  return socket;
}

bool send_message(int socket, std::string_view text, const std::vector<int>& descriptors) {
  char control[CMSG_SPACE(sizeof(int) * kMessageDescriptors)] = {};
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    const std::size_t octets = sizeof(int) * descriptors.size();
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(octets);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(octets);
    std::memcpy(CMSG_DATA(header), descriptors.data(), octets);
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

bool receive_message(int socket, std::string& text, std::vector<Descriptor>& descriptors) {
  char control[CMSG_SPACE(sizeof(int) * kMessageDescriptors)] = {};
  text.resize(kMessageText);
  iovec part{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t count = 0;
  do count = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (count < 0 && errno == EINTR);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t number = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < number; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
      descriptors.emplace_back(fd);
    }
  }
  return count > 0;
}

}  // namespace kiyome

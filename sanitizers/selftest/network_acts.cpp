// Sockets, descriptors, other ways to talk.
#include <fcntl.h>
#include <mqueue.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "sanitizers/host/confine.h"
#include "sanitizers/selftest/acts.h"

namespace kiyome::sanitizer::selftest {
namespace {

Outcome connect_abstract() {
  const int made = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  address.sun_path[1] = 'x';
  return of_call(made < 0 ? -1 : connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address),
                 "connected");
}

Outcome bind_abstract() {
  const int made = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;  // the kernel chooses an abstract name
  return of_call(made < 0 ? -1 : bind(made, reinterpret_cast<const sockaddr*>(&address), sizeof(sa_family_t)),
                 "bound");
}

// Whatever is open beside the pipe would take these zero octets.
Outcome find_open_descriptor() {
  for (int fd = 0; fd < 1024; ++fd) {
    if (fd == kAnswerPipe) continue;
    if (write(fd, "", 0) == 0 || errno != EBADF) return {true, "a descriptor is open"};
  }
  return {false, "none"};
}

Outcome pass_descriptor() {
  char octet = 0;
  iovec part{&octet, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  return of_call(sendmsg(kAnswerPipe, &message, MSG_NOSIGNAL), "sent");
}

Outcome type_on_terminal() {
  char letter = '\n';
  for (int fd = 0; fd < 3; ++fd) {
    if (ioctl(fd, TIOCSTI, &letter) == 0) return {true, "typed"};
  }
  return {false, "no terminal"};
}

constexpr Act kActs[] = {
    {"make a TCP socket", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(socket(AF_INET, SOCK_STREAM, 0), "made"); }},
    {"make a UDP socket", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(socket(AF_INET6, SOCK_DGRAM, 0), "made"); }},
    {"make a raw socket", Stop::killed, Twin::works_as_root,
     [](const Surroundings&) { return of_call(socket(AF_PACKET, SOCK_RAW, 0), "made"); }},
    {"make a Unix socket", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(socket(AF_UNIX, SOCK_STREAM, 0), "made"); }},
    {"make a netlink socket", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(socket(AF_NETLINK, SOCK_RAW, 0), "made"); }},
    {"make a socket pair", Stop::killed, Twin::works,
     [](const Surroundings&) {
       int ends[2];
       return of_call(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "made");
     }},
    {"connect to an abstract socket", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return connect_abstract(); }},
    {"bind an abstract socket", Stop::killed, Twin::works,
     [](const Surroundings&) { return bind_abstract(); }},
    {"connect the own descriptor", Stop::killed, Twin::harmful,
     [](const Surroundings&) {
       const sockaddr nowhere{};
       return of_call(connect(kAnswerPipe, &nowhere, sizeof nowhere), "connected");
     }},
    {"pass a descriptor", Stop::killed, Twin::harmful, [](const Surroundings&) { return pass_descriptor(); }},
    {"find another open descriptor", Stop::either, Twin::works,
     [](const Surroundings&) { return find_open_descriptor(); }},
#ifndef KIYOME_ASAN  // which reports there
    {"write on standard error", Stop::either, Twin::works,
     [](const Surroundings&) { return of_call(write(STDERR_FILENO, "", 0), "written"); }},
#endif
    {"read from a descriptor", Stop::killed, Twin::harmful,
     [](const Surroundings&) {
       char octet;
       return of_call(read(kAnswerPipe, &octet, 1), "read");
     }},
    {"copy a descriptor", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(dup(STDERR_FILENO), "copied"); }},
    {"change a descriptor", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(fcntl(STDERR_FILENO, F_SETFD, 0), "changed"); }},
    {"give pages to a pipe", Stop::killed, Twin::harmful,
     [](const Surroundings&) {
       static char page[4096];
       const iovec part{page, sizeof page};
       return of_call(vmsplice(kAnswerPipe, &part, 1, 0), "given");
     }},
    {"make a pipe", Stop::killed, Twin::works,
     [](const Surroundings&) {
       int ends[2];
       return of_call(pipe(ends), "made");
     }},
    {"make an event descriptor", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(eventfd(0, 0), "made"); }},
    {"make a timer", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(timerfd_create(CLOCK_MONOTONIC, 0), "made"); }},
    {"make an epoll descriptor", Stop::killed, Twin::works,
     [](const Surroundings&) { return of_call(epoll_create1(0), "made"); }},
    {"make shared memory", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return of_call(shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600), "made"); }},
    {"make a message queue", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return of_call(msgget(IPC_PRIVATE, IPC_CREAT | 0600), "made"); }},
    {"make a semaphore", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return of_call(semget(IPC_PRIVATE, 1, IPC_CREAT | 0600), "made"); }},
    {"open a POSIX message queue", Stop::killed, Twin::harmful,
     [](const Surroundings&) {
       return of_call(mq_open("/selftest", O_CREAT | O_RDWR, 0600, nullptr), "made");
     }},
    {"type on the terminal", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return type_on_terminal(); }},
};

}  // namespace

std::span<const Act> network_acts() { return kActs; }

}  // namespace kiyome::sanitizer::selftest

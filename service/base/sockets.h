// Small pieces over the kernel's sockets that several rooms need: whole writes, Unix sockets, descriptors as
// messages.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/clock.h"
#include "service/base/config.h"
#include "service/base/descriptor.h"

namespace kiyome {

// Writes all octets, also to a non-blocking descriptor. false when the peer is gone or the deadline has
// passed.
bool write_all(int fd, std::string_view octets, Steady::time_point deadline);
// Waits for `events` (POLLIN, POLLOUT). false at the deadline.
bool wait_for(int fd, short events, Steady::time_point deadline);
// Appends what is there, at most `max` octets, after waiting for the first. Gives 0 at end of stream, -1 at
// the deadline or on an error, else the count.
long read_some(int fd, std::string& into, std::size_t max, Steady::time_point deadline);

// The whole content of a (seekable) descriptor, e.g. a memfd from the supervisor. Throws TemporaryFailure.
std::string read_whole(int fd);
// A sealed memfd with `octets`, position 0. Throws TemporaryFailure.
Descriptor memory_file(const char* name, std::string_view octets);

// As many descriptors as this process may have: a connection is one, a file of an archive is one, and the
// default bound is 1024.
void raise_descriptor_limit();

// `directory` is an open directory descriptor or AT_FDCWD, so that long or unreadable parents do not matter.
// listen_unix replaces a socket that a dead process left. Both throw TemporaryFailure.
Descriptor listen_unix(int directory, const std::string& name);
// Non-blocking. Empty when nobody listens there.
Descriptor connect_unix(const std::string& path);

// Throws ConfigError naming `key` when the address cannot be bound.
Descriptor listen_tcp(const HostPort& at, std::string_view key);

// One SOCK_SEQPACKET message with descriptors. receive_message gives false at the end of the stream.
bool send_message(int socket, std::string_view text, const std::vector<int>& descriptors);
bool receive_message(int socket, std::string& text, std::vector<Descriptor>& descriptors);

}  // namespace kiyome

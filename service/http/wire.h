// A connection's octets, plain or over TLS: whole waits with absolute deadlines over a non-blocking socket,
// and what was read ahead. Trusts nothing the peer sends. One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "service/base/clock.h"
#include "service/base/descriptor.h"
#include "service/base/tls_context.h"

using SSL = struct ssl_st;

namespace kiyome::http {

// The peer was too slow.
struct Late {};

class Wire {
 public:
  // `tls` null: plain. It has to live as long as this.
  Wire(Descriptor socket, const TlsContext* tls);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // All of these throw Late at the deadline and Lost when the peer is gone; where there is something to do at
  // once, a deadline that has passed does not matter.
  void handshake(Steady::time_point deadline);
  // At most `size` octets, at least one; 0 at the end of what the peer sends.
  std::size_t read(char* into, std::size_t size, Steady::time_point deadline);
  // Reads more behind waiting(). false at the end.
  bool fill(Steady::time_point deadline);
  void write(std::string_view octets, Steady::time_point deadline);

  // Read ahead and not yet used.
  std::string_view waiting() const { return std::string_view(buffer_).substr(used_); }
  void use(std::size_t count);

  // Blocks until something can be read or `stop_fd` is readable. false: nothing came.
  bool wait_for_input(int stop_fd, Steady::time_point deadline);
  bool secure() const { return ssl_ != nullptr; }
  // Nothing more is said; what the peer still sends is dropped for a while, or a reset would overtake our
  // last words.
  void end();

 private:
  std::size_t read_socket(char* into, std::size_t size, Steady::time_point deadline);
  // After an SSL call without success: waits for what it needs. false: the peer has ended.
  bool ssl_wait(int result, Steady::time_point deadline);

  Descriptor socket_;
  struct FreeSsl {
    void operator()(SSL* ssl) const;
  };
  std::unique_ptr<SSL, FreeSsl> ssl_;
  std::string buffer_;
  std::size_t used_ = 0;
};

}  // namespace kiyome::http

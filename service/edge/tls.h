// TLS of one SMTP connection over OpenSSL.
#pragma once

#include <cstddef>
#include <string_view>

#include "service/base/tls_context.h"

using SSL = struct ssl_st;

namespace kiyome::edge {

// Over a non-blocking socket that it does not own. One thread.
class TlsSession {
 public:
  enum class Outcome { done, blocked, closed };

  TlsSession(const TlsContext& context, int socket);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Outcome handshake();
  // At most `size` octets into `into`; `count` is set when done.
  Outcome read(char* into, std::size_t size, std::size_t& count);
  Outcome write(std::string_view octets, std::size_t& count);
  // Says close_notify, once, if the socket takes it now.
  void say_close();

 private:
  Outcome outcome(int result);
  SSL* ssl_;
};

}  // namespace kiyome::edge

// TLS of the SMTP server over OpenSSL: a context for all connections, a session for one. TLS 1.2 and 1.3, no
// renegotiation.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

using SSL_CTX = struct ssl_ctx_st;
using SSL = struct ssl_st;

namespace kiyome::edge {

// Thread-safe once made. Owned jointly by the settings and by every session that began with it.
class TlsContext {
 public:
  // PEM texts: the certificate with its chain, and its key. Throws ConfigError when they do not fit.
  TlsContext(const std::string& certificate, const std::string& key);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  SSL_CTX* get() const { return context_; }

 private:
  SSL_CTX* context_;
};

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

// TLS of the HTTP server over OpenSSL: 1.2 and 1.3, no renegotiation, ALPN "http/1.1".
#pragma once

#include <memory>
#include <string>

using SSL_CTX = struct ssl_ctx_st;

namespace kiyome::http {

// Thread-safe once made. Owned jointly by the server and by every connection that began with it.
class TlsContext {
 public:
  // PEM texts: the certificate with its chain, and its key. Throws ConfigError when they do not fit.
  TlsContext(const std::string& certificate_pem, const std::string& key_pem);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  SSL_CTX* get() const { return context_; }

 private:
  SSL_CTX* context_;
};

}  // namespace kiyome::http

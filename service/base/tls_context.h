// TLS of a server of ours over OpenSSL: 1.2 and 1.3, no renegotiation, no tickets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

using SSL_CTX = struct ssl_ctx_st;

namespace kiyome {

// Thread-safe once made. Owned jointly by a server's settings and by every connection that began with it.
class TlsContext {
 public:
  // PEM texts: the certificate with its chain, and its key. `protocol` is ALPN's ("http/1.1"): a client that
  // offers others only is refused; empty: no ALPN. Throws ConfigError when the texts do not fit.
  TlsContext(const std::string& certificate_pem, const std::string& key_pem,
             const std::string& protocol = {});
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  SSL_CTX* get() const { return context_; }

 private:
  SSL_CTX* context_;
  std::string protocols_;  // as ALPN writes them: a length, a name
};

// When the first of these certificates (PEM, leaf and chain) ends. Nothing when there is none to be read.
std::optional<std::int64_t> certificate_end_ms(const std::string& certificate_pem);
inline constexpr std::int64_t kCertificateDays = 21;  // before its end we warn: time to have a new one made

}  // namespace kiyome

// What one host shows the other, and by what it knows it: TLS 1.3 alone, both sides certified by the same CA,
// each for its own side.
#pragma once

#include <string>
#include <vector>

#include "service/zone/certificate.h"

using SSL_CTX = struct ssl_ctx_st;

namespace kiyome::zone {

// Immutable, so thread-safe.
class PeerTls {
 public:
  // `own`: whose host this is; the certificate has to say so too. Throws ConfigError.
  PeerTls(Side own, const TransferConfig& config);
  ~PeerTls();
  PeerTls(const PeerTls&) = delete;
  PeerTls& operator=(const PeerTls&) = delete;

  SSL_CTX* get() const { return context_; }
  Side own() const { return own_; }
  bool is_pinned(const std::string& pin) const;  // always, when no pins are given

 private:
  Side own_;
  std::vector<std::string> pins_;
  SSL_CTX* context_;
};

// ALPN: who speaks another one is not ours, though his certificate may be.
inline constexpr char kProtocol[] = "kiyome-bundles/1";

}  // namespace kiyome::zone

// Sends a trail's entries to a syslog collector, over TLS (RFC 5425) or TCP (RFC 6587), each at least once:
// how far it came stands on the disk, and runs behind what was sent by some seconds of an open connection,
// for neither protocol answers. In nobody's way: it reads what is committed, on a thread of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "service/audit/checkpoint.h"
#include "service/base/config.h"
#include "service/store/audit_book.h"

namespace kiyome::trail {

struct Forwarding {
  bool connected = false;
  std::uint64_t sent = 0;    // the last entry that a collector was given; it may be given it again
  std::int64_t sent_ms = 0;  // when; 0: none in this life
  std::string why;           // there is no connection; empty while none was tried
};

// Thread-safe.
class Forwarder {
 public:
  // Keeps FOLDER/syslog.position. Does nothing while audit.syslog is empty. Throws ConfigError (syslog_ca).
  Forwarder(const std::string& folder, const AuditConfig& config, audit::Trail trail, store::AuditBook book);
  ~Forwarder();
  void start();
  void stop();
  // The next connection is as it says. Throws ConfigError and keeps what it had.
  void reload(const AuditConfig& config);
  // Nothing while no collector is configured, or another host forwards.
  std::optional<Forwarding> state() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::trail

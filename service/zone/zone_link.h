// The wire between two hosts: keeps one proved TLS connection to the other side, by connecting or by
// listening, and gives its octets as a plain socket to who speaks the bundle channel here (the cleaner's
// gate_link, the gate's intake). So these know nothing of TLS, and a cut is to them what it is on one host: a
// connection that ends, after which all that was not answered is said again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/base/descriptor.h"
#include "service/zone/certificate.h"

namespace kiyome::zone {

class ZoneLink {
 public:
  struct Counts {
    std::uint64_t unknown_peers = 0;  // whose handshake failed: no peer of ours, or one with the wrong papers
    std::uint64_t unfinished = 0;     // who went away, said nothing in time, or was one too many at once
    std::uint64_t sessions = 0;       // proved
    std::uint64_t slowed = 0;         // seconds in which the other side said more than it may
  };

  // `config` with the texts of its files. `listening`: TCP sockets where this host is the one that listens.
  // Throws ConfigError and TemporaryFailure.
  ZoneLink(Side own, const TransferConfig& config, std::vector<Descriptor> listening);
  ~ZoneLink();
  void start();
  void stop();  // what our side wrote and closed before still goes out, for two seconds at most

  // Thread-safe from here on.
  // Readable while next() has one.
  int ready() const;
  // Our end of the newest connection; empty: there is none that was not taken. It does not block.
  Descriptor next();
  // Whether the other side of the connection that is up has an address of this very host.
  std::optional<bool> same_host() const;
  // Empty, or why it is not used. What changed ends the connection, which is made anew.
  std::string reload(const TransferConfig& next);
  Counts counts() const;
  // The first end of what the connection stands on: our certificate, its CA's, and the one that the other
  // side showed last, which nobody else looks at.
  std::optional<std::int64_t> certificate_end_ms() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::zone

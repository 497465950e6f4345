// The wire between hosts: keeps proved TLS connections to the other side, by connecting or by listening, and
// gives the octets of each as a plain socket to who speaks the bundle channel here (the cleaner's gate_link,
// the gate's intake). So these know nothing of TLS, and a cut is to them what it is on one host: a connection
// that ends, after which all that was not answered is said again. The closed side hears every host of the
// Internet side at once; the Internet side speaks to one host of the closed side, and to the next one when
// that connection ends. Of one host the newest connection counts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/base/descriptor.h"
#include "service/base/meters.h"
#include "service/zone/certificate.h"

namespace kiyome {
class RoleContext;
}

namespace kiyome::zone {

class ZoneLink {
 public:
  // `config` with the texts of its files. `listening`: TCP sockets where this host is the one that listens.
  // Throws ConfigError and TemporaryFailure.
  ZoneLink(Side own, const TransferConfig& config, std::vector<Descriptor> listening);
  ~ZoneLink();
  void start();
  void stop();  // what our side wrote and closed before still goes out, for two seconds at most

  // Thread-safe from here on.
  // Readable while next() has one.
  int ready() const;
  // Our end of a connection; empty: there is none that was not taken. It does not block.
  Descriptor next();
  // Whether the other side of a connection that is up has an address of this very host.
  std::optional<bool> same_host() const;
  // Empty, or why it is not used. What changed ends the connection, which is made anew.
  std::string reload(const TransferConfig& next);
  meters::ZoneCounts counts() const;
  // The first end of what the connection stands on: our certificate, its CA's, and the one that the other
  // side showed last, which nobody else looks at.
  std::optional<std::int64_t> certificate_end_ms() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What [transfer] asks of a role on the side `own`; none where the other side is on this host.
std::unique_ptr<ZoneLink> take_link(RoleContext& context, Side own);

}  // namespace kiyome::zone

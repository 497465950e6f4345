// The gate: takes bundles, proves them, keeps them, delivers them. The only part of the service on the closed
// side.
#pragma once

#include <memory>
#include <string>

#include "service/base/admin.h"
#include "service/base/config.h"
#include "service/base/descriptor.h"

namespace kiyome::gate {

class Gate {
 public:
  // `folder` is the gate's own; `listening` a Unix socket for the Internet side. Serves at once.
  // Throws TemporaryFailure and ConfigError.
  Gate(const std::string& folder, const Config& config, Descriptor listening);
  // Takes nothing new, finishes the mails in hand, writes what is known. Within 10 s.
  ~Gate();

  // Empty, or why the new configuration is not used.
  std::string reload(const Config& next);
  // {"command":"list"}, {"command":"status"}, {"command":"retry","id":"…"}. Throws PermanentFailure for
  // anything else.
  void admin(const std::string& request, const AdminReply& reply);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::gate

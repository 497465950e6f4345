// The gate: takes bundles, proves them, keeps them, delivers them. The only part of the service on the closed
// side.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "service/base/admin.h"
#include "service/base/config.h"
#include "service/base/descriptor.h"
#include "service/gate/pick_up/service.h"
#include "service/sight/sheet.h"
#include "service/zone/zone_link.h"

namespace kiyome::gate {

class Gate {
 public:
  // `folder` is the gate's own; `listening` a Unix socket for the Internet side, or `zone` the wire to it
  // when it is another host (not started yet); `output` where the output folder stands, if there is one.
  // Serves at once; without gifts there is no pick-up, and what is meant for it is refused. Throws
  // TemporaryFailure and ConfigError.
  Gate(const std::string& folder, const Config& config, Descriptor listening,
       std::optional<PickUpGifts> pick_up = {}, Descriptor output = {},
       std::unique_ptr<zone::ZoneLink> zone = {});
  // Takes nothing new, finishes the mails in hand, writes what is known. Within 10 s.
  ~Gate();

  // Empty, or why the new configuration is not used. An empty certificate: as before.
  std::string reload(const Config& next, const std::string& certificate_pem = {},
                     const std::string& key_pem = {});
  // {"command":"list"}, {"command":"status"}, {"command":"retry","id":"…"}, {"command":"drops"},
  // {"command":"audit.list"}, {"command":"audit.verify"}, and with a pick-up what auth/admin_commands.h
  // takes. Throws PermanentFailure for anything else.
  void admin(const std::string& request, const AdminReply& reply);
  // How it fares: what is known at once, and what takes a look at the disk (throws TemporaryFailure).
  void show_now(sight::Sheet& sheet);
  void show_house(sight::Sheet& sheet);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::gate

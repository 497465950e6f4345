// The drop box as a part of the edge: its accounts, its trail, its HTTP server, and the box itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "service/base/admin.h"
#include "service/base/role.h"
#include "service/edge/disk_space.h"
#include "service/edge/drop/drop_box.h"
#include "service/edge/drop/picture_asks.h"
#include "service/edge/intake_link.h"
#include "service/edge/invite/invitations.h"
#include "service/edge/settings.h"
#include "service/http/server.h"
#include "service/store/audit_trail.h"
#include "service/trail/keeper.h"

namespace kiyome::edge {

// Thread-safe where said. Made before the intake link starts, gone before the log of originals.
class Pages {
 public:
  // `announced`: every item that the log of originals told at its start. Throws ConfigError,
  // TemporaryFailure.
  Pages(RoleContext& context, std::shared_ptr<const EdgeSettings> settings, store::OriginalLog& originals,
        IntakeLink& link, const std::vector<ItemId>& announced);
  // Ends the server, so that no request is in hand afterwards.
  void stop();

  // Begins to listen, if the configuration has pages.
  void serve(RoleContext& context, const EdgeFiles& files);
  void reload(const Config& config, std::shared_ptr<const EdgeSettings> settings, const EdgeFiles& files);
  // Accounts and trail; any thread.
  void admin(const std::string& request, const AdminReply& reply);
  IntakeLink::DropCalls calls();
  const trail::Keeper& keeper() const { return keeper_; }

 private:
  drop::Outside outside(store::OriginalLog& originals, IntakeLink& link);
  std::shared_ptr<const EdgeSettings> settings();
  bool knows_recipient(const std::string& mailbox);
  std::shared_ptr<const std::vector<TenantConfig>> tenants();
  bool is_own(const auth::Account& account, const std::string& mailbox);

  Guarded<std::shared_ptr<const EdgeSettings>> settings_;  // shared: a request keeps the one it began with
  Guarded<std::shared_ptr<const std::vector<TenantConfig>>> tenants_;  // the same
  DiskSpace disk_;
  store::AuditTrail trail_;
  trail::Keeper keeper_;
  auth::Accounts accounts_;
  Descriptor web_;  // the folder of the pages' files, or none
  portal::Portal portal_;
  std::unique_ptr<invite::Invitations> invitations_;
  drop::PictureAsks pictures_;
  drop::Outside outside_;
  DropBox box_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace kiyome::edge

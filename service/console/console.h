// The console's parts: accounts, their trail, the portal that signs people in, the HTTP server, and the line
// to the cleaner. Trusts the cleaner's answers to be what openapi.yaml says; trusts nothing in a request.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "service/auth/accounts.h"
#include "service/base/admin.h"
#include "service/base/guarded.h"
#include "service/base/role.h"
#include "service/http/server.h"
#include "service/portal/portal.h"
#include "service/review/call_client.h"
#include "service/store/audit_trail.h"
#include "service/trail/keeper.h"

namespace kiyome::console {

// Thread-safe where said.
class Console {
 public:
  // Opens accounts.sqlite and audit.sqlite in the working directory, or their schemas of the shared database.
  // Throws ConfigError, TemporaryFailure.
  explicit Console(RoleContext& context);
  // Begins to listen.
  void serve(RoleContext& context);
  // Ends the server, so that no request is in hand afterwards.
  void stop();
  // Throws ConfigError (certificate).
  void reload(const Config& config, const std::string& certificate_pem, const std::string& key_pem);
  // Accounts and trail; any thread.
  void admin(const std::string& request, const AdminReply& reply);
  const trail::Keeper& keeper() const { return keeper_; }

 private:
  void tell_cleaner(const audit::Checkpoint& checkpoint);
  std::shared_ptr<const std::vector<TenantConfig>> tenants();

  Guarded<std::shared_ptr<const std::vector<TenantConfig>>> tenants_;  // shared: a request keeps its own
  store::AuditTrail trail_;
  auth::Accounts accounts_;
  Descriptor web_;  // the folder of the pages' files, or none
  portal::Portal portal_;
  review::CallClient cleaner_;
  trail::Keeper keeper_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace kiyome::console

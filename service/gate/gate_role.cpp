#include "service/gate/gate_role.h"

#include "service/base/admin.h"
#include "service/gate/gate.h"

namespace kiyome::gate {

int run_gate(RoleContext& context) {
  Gate gate(".", context.config(), context.take_one("bundles"));
  AdminServer admin(context.take_one("admin"),
                    [&](const std::string& request, const AdminReply& reply) { gate.admin(request, reply); });
  context.serve([&](const Config& next) { return gate.reload(next); });
  return 0;
}

}  // namespace kiyome::gate

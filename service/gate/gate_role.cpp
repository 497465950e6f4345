#include "service/gate/gate_role.h"

#include "service/base/admin.h"
#include "service/gate/gate.h"

namespace kiyome::gate {

namespace {

std::optional<PickUpGifts> take_pick_up(RoleContext& context) {
  PickUpGifts out;
  out.listeners = context.take("pick_up");
  if (out.listeners.empty()) return std::nullopt;
  std::vector<Descriptor> web = context.take("web");  // none: built without its pages
  if (!web.empty()) out.web = std::move(web.front());
  out.certificate_pem = context.take_text("tls_certificate");
  out.key_pem = context.take_text("tls_key");
  return out;
}

}  // namespace

int run_gate(RoleContext& context) {
  std::vector<Descriptor> output = context.take("folder");
  Gate gate(".", context.config(), context.take_one("bundles"), take_pick_up(context),
            output.empty() ? Descriptor() : std::move(output.front()));
  AdminServer admin(context.take_one("admin"),
                    [&](const std::string& request, const AdminReply& reply) { gate.admin(request, reply); });
  context.serve([&](const Config& next) {
    const std::string certificate = context.take_text("tls_certificate");
    return gate.reload(next, certificate, context.take_text("tls_key"));
  });
  return 0;
}

}  // namespace kiyome::gate

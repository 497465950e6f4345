#include "service/gate/gate_role.h"

#include "service/base/admin.h"
#include "service/gate/gate.h"
#include "service/sight/speaker.h"

namespace kiyome::gate {

namespace {

std::optional<PickUpGifts> take_pick_up(RoleContext& context) {
  PickUpGifts out;
  out.listeners = context.take("pick_up");
  if (out.listeners.empty()) return std::nullopt;
  out.web = context.take_optional("web");  // none: built without its pages
  out.certificate_pem = context.take_text("tls_certificate");
  out.key_pem = context.take_text("tls_key");
  return out;
}

}  // namespace

int run_gate(RoleContext& context) {
  // The Unix socket, or the wire when the Internet side is another host.
  Gate gate(".", context.config(), context.take_optional("bundles"), take_pick_up(context),
            context.take_optional("folder"), zone::take_link(context, zone::Side::closed));
  AdminServer admin(context.take_one("admin"),
                    [&](const std::string& request, const AdminReply& reply) { gate.admin(request, reply); });
  const sight::Speaker speaker(
      context.take_optional("sight"), [&](sight::Sheet& sheet) { gate.show_now(sheet); },
      [&](sight::Sheet& sheet) { gate.show_house(sheet); });
  context.serve([&](const Config& next) {
    const std::string certificate = context.take_text("tls_certificate");
    return gate.reload(next, certificate, context.take_text("tls_key"));
  });
  return 0;
}

}  // namespace kiyome::gate

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
  std::vector<Descriptor> web = context.take("web");  // none: built without its pages
  if (!web.empty()) out.web = std::move(web.front());
  out.certificate_pem = context.take_text("tls_certificate");
  out.key_pem = context.take_text("tls_key");
  return out;
}

// The Unix socket, or the wire when the Internet side is another host.
Descriptor take_listening(RoleContext& context) {
  std::vector<Descriptor> given = context.take("bundles");
  return given.empty() ? Descriptor() : std::move(given.front());
}
std::unique_ptr<zone::ZoneLink> take_zone(RoleContext& context) {
  const TransferConfig& config = context.config().transfer;
  if (config.mode == TransferMode::local) return nullptr;
  return std::make_unique<zone::ZoneLink>(zone::Side::closed, config, context.take("transfer"));
}

}  // namespace

int run_gate(RoleContext& context) {
  std::vector<Descriptor> output = context.take("folder");
  Gate gate(".", context.config(), take_listening(context), take_pick_up(context),
            output.empty() ? Descriptor() : std::move(output.front()), take_zone(context));
  AdminServer admin(context.take_one("admin"),
                    [&](const std::string& request, const AdminReply& reply) { gate.admin(request, reply); });
  std::vector<Descriptor> told = context.take("sight");
  const sight::Speaker speaker(
      told.empty() ? Descriptor() : std::move(told.front()),
      [&](sight::Sheet& sheet) { gate.show_now(sheet); },
      [&](sight::Sheet& sheet) { gate.show_house(sheet); });
  context.serve([&](const Config& next) {
    const std::string certificate = context.take_text("tls_certificate");
    return gate.reload(next, certificate, context.take_text("tls_key"));
  });
  return 0;
}

}  // namespace kiyome::gate

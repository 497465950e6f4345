#include "service/console/console_role.h"

#include "service/base/admin.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/console/console.h"
#include "service/sight/families.h"
#include "service/sight/process.h"
#include "service/sight/speaker.h"

namespace kiyome::console {
namespace {

void show_house(sight::Sheet& sheet, const trail::Keeper& keeper) {
  sight::show_disk(sheet, ".", {{"audit", "audit.sqlite"}, {"accounts", "accounts.sqlite"}});
  sheet.condition("cleaner", bool(connect_unix("../run/review.sock")));
  sight::show_collector(sheet, keeper.collector());
}

}  // namespace

int run_console(RoleContext& context) {
  raise_descriptor_limit();
  try {
    Console console(context);
    const AdminServer admin(
        context.take_one("admin"),
        [&](const std::string& request, const AdminReply& reply) { console.admin(request, reply); });
    console.serve(context);
    const sight::Speaker speaker(context.take_optional("sight"), sight::show_pages,
                                 [&](sight::Sheet& sheet) { show_house(sheet, console.keeper()); });
    context.serve([&](const Config& next) -> std::string {
      try {
        const std::string certificate = context.take_text("tls_certificate");
        console.reload(next, certificate, context.take_text("tls_key"));
        return {};
      } catch (const std::exception& refusal) {
        return refusal.what();
      }
    });
    console.stop();
    return 0;
  } catch (const ConfigError& mistake) {
    log::error("configuration", {{"reason", std::string_view(mistake.what())}});
    return 2;
  } catch (const std::exception& trouble) {
    log::error("console_failed", {{"reason", std::string_view(trouble.what())}});
    return 1;
  }
}

}  // namespace kiyome::console

#include "service/auth/account_trail.h"

#include <fmt/format.h>

#include "service/base/errors.h"
#include "service/base/log.h"

namespace kiyome::auth {

void note_down(const Event& event, store::AuditTrail& trail) {
  log::info(event.what, {{"login", std::string_view(event.login)},
                         {"actor", std::string_view(event.actor)},
                         {"client", std::string_view(event.client)},
                         {"detail", std::string_view(event.detail)}});
  try {
    trail.append(event.what, event.actor.empty() ? event.login : event.actor,
                 fmt::format(R"({{"login":{},"client":{},"detail":{}}})", log::json_string(event.login),
                             log::json_string(event.client), log::json_string(event.detail)));
  } catch (const TemporaryFailure& trouble) {
    log::error("audit trail", {{"why", trouble.what()}});
  }
}

}  // namespace kiyome::auth

#include "service/console/console.h"

#include "proto/base/limits.h"
#include "service/auth/account_trail.h"
#include "service/auth/admin_commands.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/console/routes.h"
#include "service/policy/tenant.h"
#include "service/store/place.h"
#include "service/trail/words.h"

namespace kiyome::console {
namespace {

bool comes_here(const auth::Account& account) {
  return account.has(auth::Role::reviewer) || account.has(auth::Role::auditor) ||
         account.has(auth::Role::administrator);
}

}  // namespace

Console::Console(RoleContext& context)
    : tenants_(std::make_shared<const std::vector<TenantConfig>>(context.config().tenants)),
      trail_(store::place_of(context.config().store, "audit.sqlite", store::schema::kConsoleTrail)),
      accounts_(
          ".", context.config().auth, [this](const auth::Event& event) { auth::note_down(event, trail_); },
          "Kiyome 検疫", {},
          store::place_of(context.config().store, "accounts.sqlite", store::schema::kConsoleAccounts)),
      web_(context.take_optional("web")),
      portal_(accounts_, web_.get(), "kiyome-console"),
      cleaner_("../run/review.sock", std::chrono::milliseconds(limits::kReviewWaitMs)),
      keeper_(".", context.config(),
              {.trail = audit::Trail::console,
               .book = trail_.book(),
               .carries = {audit::Trail::console},
               .tell = [this](const audit::Checkpoint& checkpoint) { tell_cleaner(checkpoint); },
               .connected = [] { return true; }}) {
  portal_.reload(context.config().auth);
  portal_.only({auth::Role::reviewer, auth::Role::auditor, auth::Role::administrator});
  // An account without a tenant sees all of them: those are the service's own people.
  accounts_.set_tenants(
      {.trouble = [this](const auth::Account& account) -> std::string {
         if (!comes_here(account)) return "roles";
         return policy::account_trouble(*tenants(), account.tenant, account.mail);
       },
       .of = [this](const std::string& mail) { return policy::tenant_name_of(*tenants(), mail); }});
}

std::shared_ptr<const std::vector<TenantConfig>> Console::tenants() {
  return tenants_.with([](const auto& now) { return now; });
}

// The cleaner carries it to the other zone, and answers with it once it stands there.
void Console::tell_cleaner(const audit::Checkpoint& checkpoint) {
  review::Call call;
  call.operation = review::kCheckpointCall;
  call.body = audit::checkpoint_json(checkpoint);
  try {
    const review::Reply reply = cleaner_.ask(call, true);
    if (const auto standing = audit::checkpoint_of_json(reply.content)) keeper_.confirmed(*standing);
  } catch (const http::Problem& refusal) {
    log::debug("audit checkpoint: the cleaner is not reached", {{"why", std::string_view(refusal.code)}});
  }
}

void Console::serve(RoleContext& context) {
  keeper_.start();
  http::Router router;
  portal_.add_to(router);
  add_operations(router, portal_,
                 [this](const review::Call& call, bool reads) { return cleaner_.ask(call, reads); });
  const HttpConfig& http = context.config().console.http;
  http::ServerOptions options;
  options.certificate_pem = context.take_text("tls_certificate");
  options.key_pem = context.take_text("tls_key");
  options.connections_max = http.connections_max;
  options.hosts = http.hosts;
  server_ = std::make_unique<http::Server>(context.take("console"), std::move(options), std::move(router));
}

void Console::stop() {
  server_.reset();
  keeper_.stop();
}

void Console::reload(const Config& config, const std::string& certificate_pem, const std::string& key_pem) {
  if (server_ && !certificate_pem.empty()) server_->reload(certificate_pem, key_pem);
  tenants_.with(
      [&](auto& held) { held = std::make_shared<const std::vector<TenantConfig>>(config.tenants); });
  accounts_.reload(config.auth);
  portal_.reload(config.auth);
  keeper_.reload(config);
}

void Console::admin(const std::string& request, const AdminReply& reply) {
  if (auth::handle_admin(accounts_, request, reply)) return;
  if (!trail::tell_trail(keeper_, request, reply)) throw PermanentFailure("no such command");
}

}  // namespace kiyome::console

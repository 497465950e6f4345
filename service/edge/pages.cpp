#include "service/edge/pages.h"

#include "proto/base/limits.h"
#include "service/auth/account_trail.h"
#include "service/auth/admin_commands.h"
#include "service/base/errors.h"
#include "service/policy/tenant.h"
#include "service/store/place.h"
#include "service/trail/words.h"

namespace kiyome::edge {
namespace {

// Nowhere where nothing is shared: then each has a file in its folder.
store::Place shared_place(const StoreConfig& config, const char* schema) {
  return config.shared() ? store::edge_place_of(config, {}, schema) : store::Place{};
}

}  // namespace

Pages::Pages(RoleContext& context, std::shared_ptr<const EdgeSettings> settings,
             store::OriginalLog& originals, IntakeLink& link, const std::vector<ItemId>& announced)
    : settings_(std::move(settings)),
      tenants_(std::make_shared<const std::vector<TenantConfig>>(context.config().tenants)),
      disk_("."),
      trail_(store::edge_place_of(context.config().store, "audit.sqlite", store::schema::kEdgeTrail)),
      keeper_(".", context.config(),
              {.trail = audit::Trail::edge,
               .book = trail_.book(),
               .carries = {audit::Trail::edge},
               .tell = [&link](const audit::Checkpoint& checkpoint) { link.say(checkpoint); },
               .connected = [&link] { return link.connected(); }}),
      accounts_(
          ".", context.config().auth, [this](const auth::Event& event) { auth::note_down(event, trail_); },
          "Kiyome 送付", {}, shared_place(context.config().store, store::schema::kEdgeAccounts)),
      web_(context.take_optional("web")),
      portal_(accounts_, web_.get(), "kiyome-drop-box"),
      invitations_(std::make_unique<invite::Invitations>(
          "invite", context.config(),
          invite::Around{
              .accounts = accounts_,
              .knows_recipient = [this](const std::string& mailbox) { return knows_recipient(mailbox); },
              .is_own = [this](const auth::Account& account,
                               const std::string& mailbox) { return is_own(account, mailbox); },
              .wall_ms = unix_ms_now,
              .note = [this](const auth::Event& event) { auth::note_down(event, trail_); }},
          shared_place(context.config().store, store::schema::kEdgeInvitations))),
      pictures_([&link](const transfer::AskPicture& asked) { return link.ask(asked); },
                std::chrono::milliseconds(limits::kPictureWaitMs)),
      outside_(outside(originals, link)),
      box_("drop", context.config().drop_box, outside_, announced,
           shared_place(context.config().store, store::schema::kEdge)) {
  portal_.reload(context.config().auth);
  accounts_.set_tenants(
      {.trouble =
           [this](const auth::Account& account) {
             return policy::account_trouble(*tenants(), account.tenant, account.mail);
           },
       .of = [this](const std::string& mail) { return policy::tenant_name_of(*tenants(), mail); }});
}

drop::Outside Pages::outside(store::OriginalLog& originals, IntakeLink& link) {
  return {
      .originals = originals,
      .announce = [&link](const transfer::Announce& item) { link.announce(item); },
      .ask = [&link](const transfer::AskDrop& asked) { link.ask(asked.id); },
      .knows_recipient = [this](const std::string& mailbox) { return knows_recipient(mailbox); },
      .has_room =
          [this](std::uint64_t octets) {
            const auto now = settings();
            return disk_.has_room(octets, now->config.free_bytes_min, now->config.free_inodes_min);
          },
      .write_failed = [this] { disk_.forget(); },
      .allowance = [this](const auth::Account& account) { return invitations_->allowance(account); },
      .submitted = [this](const auth::Account& account) { invitations_->submitted(account); },
      .is_own = [this](const auth::Account& account,
                       const std::string& mailbox) { return is_own(account, mailbox); },
      .may_invite = [this](const auth::Account& account) { return invitations_->may_invite(account); },
      .picture = [this](const ItemId& id, std::uint32_t page) { return pictures_.get(id, page); },
  };
}

std::shared_ptr<const EdgeSettings> Pages::settings() {
  return settings_.with([](const std::shared_ptr<const EdgeSettings>& now) { return now; });
}

bool Pages::knows_recipient(const std::string& mailbox) {
  const auto now = settings();
  return now->takes_domain_of(mailbox) && now->knows(mailbox);
}

std::shared_ptr<const std::vector<TenantConfig>> Pages::tenants() {
  return tenants_.with([](const auto& now) { return now; });
}

bool Pages::is_own(const auth::Account& account, const std::string& mailbox) {
  return policy::is_own(*tenants(), account.tenant, mailbox);
}

void Pages::serve(RoleContext& context, const EdgeFiles& files) {
  keeper_.start();
  std::vector<Descriptor> listeners = context.take("drop_box");
  if (listeners.empty()) return;
  http::Router router;
  portal_.add_to(router);
  box_.add_to(router, portal_);
  invitations_->add_to(router, portal_);
  const HttpConfig& http = context.config().drop_box.http;
  http::ServerOptions options;
  options.certificate_pem = files.certificate;
  options.key_pem = files.key;
  options.connections_max = http.connections_max;
  options.hosts = http.hosts;
  server_ = std::make_unique<http::Server>(std::move(listeners), std::move(options), std::move(router));
}

void Pages::stop() {
  server_.reset();
  keeper_.stop();
}

void Pages::reload(const Config& config, std::shared_ptr<const EdgeSettings> settings,
                   const EdgeFiles& files) {
  if (server_ && !files.certificate.empty()) server_->reload(files.certificate, files.key);
  settings_.with([&](std::shared_ptr<const EdgeSettings>& held) { held = std::move(settings); });
  tenants_.with(
      [&](auto& held) { held = std::make_shared<const std::vector<TenantConfig>>(config.tenants); });
  accounts_.reload(config.auth);
  portal_.reload(config.auth);
  box_.reload(config.drop_box);
  invitations_->reload(config);
  keeper_.reload(config);
}

void Pages::admin(const std::string& request, const AdminReply& reply) {
  if (auth::handle_admin(accounts_, request, reply)) return;
  if (!trail::tell_trail(keeper_, request, reply)) throw PermanentFailure("no such command");
}

IntakeLink::DropCalls Pages::calls() {
  return {.state = [this](const transfer::DropState& state) { box_.heard(state); },
          .connected = [this] { box_.connected(); },
          .picture = [this](transfer::Picture picture) { pictures_.came(std::move(picture)); },
          .away = [this] { pictures_.away(); },
          .checkpoint = [this](const transfer::Checkpoint& checkpoint) { keeper_.confirmed(checkpoint); }};
}

}  // namespace kiyome::edge

#include "service/gate/pick_up/service.h"

#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/gate/pick_up/asked.h"
#include "service/http/json_text.h"
#include "service/policy/tenant.h"
#include "service/store/place.h"

namespace kiyome::gate {
namespace {

http::ServerOptions options_of(const Config& config, const PickUpGifts& gifts) {
  http::ServerOptions out;
  out.certificate_pem = gifts.certificate_pem;
  out.key_pem = gifts.key_pem;
  out.connections_max = config.pick_up.http.connections_max;
  out.hosts = config.pick_up.http.hosts;
  return out;
}

std::string detail_of(const auth::Event& event) {
  http::JsonText out;
  out.begin_object()
      .member("login", event.login)
      .member("client", event.client)
      .member("detail", event.detail)
      .end_object();
  return out.take();
}

}  // namespace

RoundsSettings rounds_settings(const Config& config) {
  RoundsSettings out;
  out.head.hostname = config.smtp.hostname;
  out.head.from = !config.pick_up.notify_sender.empty() ? config.pick_up.notify_sender
                  : !config.notice.sender.empty()       ? config.notice.sender
                                                        : "postmaster@" + config.smtp.hostname;
  out.head.url = config.pick_up.url;
  return out;
}

PickUpService::PickUpService(const std::string& folder, const Config& config, PickUpParts parts,
                             PickUpGifts gifts)
    : parts_(std::move(parts)),
      gifts_(std::move(gifts)),
      options_(options_of(config, gifts_)),
      accounts_(
          folder, config.auth, [this](const auth::Event& event) { note(event); }, "Kiyome 受取", {},
          store::place_of(config.store, folder + "/accounts.sqlite", store::schema::kGateAccounts)),
      portal_(accounts_, gifts_.web.get(), "kiyome-pick-up"),
      pick_up_(parts_, accounts_, config,
               [this] {
                 rounds_.wake();
                 parts_.folder_wake();
               }),
      doors_(parts_),
      rounds_(parts_, pick_up_, rounds_settings(config)) {
  portal_.reload(config.auth);
  accounts_.set_tenants({.trouble =
                             [this](const auth::Account& account) {
                               return policy::account_trouble(pick_up_.config()->tenants, account.tenant,
                                                              account.mail);
                             },
                         .of =
                             [this](const std::string& mail) {
                               return policy::tenant_name_of(pick_up_.config()->tenants, mail);
                             }});
  // Deciders look at the account, too: nothing depends on how soon this is on the disk.
  accounts_.on_disabled([this](const auth::Account& account) {
    Writer::Work work;
    work.kept = work.lazy = true;
    work.apply = [login = account.login, now = parts_.now_ms()](GateStore& store) {
      store.drops().end_delegations(login, now);
    };
    parts_.writer.submit(std::move(work));
  });
}

PickUpService::~PickUpService() { stop(); }

// The accounts have done it already; its entry follows, whatever happens to this batch.
void PickUpService::note(const auth::Event& event) {
  Writer::Work work;
  work.kept = work.lazy = true;
  work.apply = [what = event.what, actor = event.actor.empty() ? event.login : event.actor,
                detail = detail_of(event), now = parts_.now_ms()](GateStore& store) {
    store.drops().audit().note(what, nullptr, actor, detail, now);
  };
  parts_.writer.submit(std::move(work));
}

Asked PickUpService::asked(const transfer::DropBundle& bundle) {
  return asked_of(bundle, *pick_up_.config(), accounts_, parts_.is_folder);
}

http::Router PickUpService::router() {
  http::Router out;
  portal_.add_to(out);
  pick_up_.add_to(out, portal_);
  doors_.add_to(out);
  return out;
}

void PickUpService::start() {
  rounds_.start();
  if (gifts_.listeners.empty()) return;  // an output folder alone
  server_ = std::make_unique<http::Server>(std::move(gifts_.listeners), options_, router());
  log::info("pick-up serves");
}

void PickUpService::stop() {
  server_.reset();
  rounds_.stop();
}

std::string PickUpService::reload(const Config& next, const std::string& certificate_pem,
                                  const std::string& key_pem) {
  try {
    if (server_ && !certificate_pem.empty()) server_->reload(certificate_pem, key_pem);
    accounts_.reload(next.auth);
    portal_.reload(next.auth);
  } catch (const std::exception& trouble) {
    return std::string("gate.pick_up: ") + trouble.what();
  }
  pick_up_.reload(next);
  rounds_.reload(rounds_settings(next));
  rounds_.wake();
  return {};
}

}  // namespace kiyome::gate

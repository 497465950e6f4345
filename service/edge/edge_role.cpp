#include "service/edge/edge_role.h"

#include <signal.h>

#include <cstring>
#include <thread>

#include "service/base/admin.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/edge/intake_link.h"
#include "service/edge/pages.h"
#include "service/edge/smtp_server.h"

namespace kiyome::edge {
namespace {

using namespace std::chrono_literals;

constexpr auto kStopPatience = 8s;         // the supervisor waits 10 s
constexpr auto kCleanerKeyPatience = 30s;  // the cleaner makes its key at its first start

EdgeFiles take_files(RoleContext& context) {
  EdgeFiles files;
  files.recipients = context.take_text("recipients");
  files.certificate = context.take_text("tls_certificate");
  files.key = context.take_text("tls_key");
  return files;
}

store::CleanerPublicKey cleaner_key(RoleContext& context) {
  const std::string text = context.take_text("cleaner_key");
  store::CleanerPublicKey key;
  if (text.size() == key.bytes.size()) {
    std::memcpy(key.bytes.data(), text.data(), text.size());
    return key;
  }
  const auto deadline = Steady::now() + kCleanerKeyPatience;
  for (;;) try {
      return store::load_cleaner_public_key("../run/cleaner.pub");
    } catch (const TemporaryFailure&) {
      if (Steady::now() > deadline) throw;
      std::this_thread::sleep_for(100ms);
    }
}

std::string reload(SmtpServer& server, Pages& pages, RoleContext& context, const Config& next) {
  try {
    const EdgeFiles files = take_files(context);
    const auto settings = make_settings(next.smtp, files);
    pages.reload(next, settings, files);
    server.reload(settings);
    return {};
  } catch (const std::exception& refusal) {
    return refusal.what();
  }
}

}  // namespace

int run_edge(RoleContext& context) {
  ::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  try {
    const EdgeFiles files = take_files(context);
    const auto settings = make_settings(context.config().smtp, files);
    std::vector<Descriptor> listeners = context.take("smtp");
    const store::CleanerPublicKey key = cleaner_key(context);

    // Announcements of commits that end last still find the link; the link's thread ends before the log goes.
    IntakeLink link("../run/cleaner.sock");
    const auto announce = [&link](const transfer::Announce& item) { link.announce(item); };
    std::vector<ItemId> announced;
    store::OriginalLog originals("originals", key, [&](const transfer::Announce& item) {
      announced.push_back(item.id);
      announce(item);
    });
    Pages pages(context, settings, originals, link, announced);
    link.start(originals, pages.calls());
    {
      AdminServer admin(context.take_one("admin"), [&](const std::string& request, const AdminReply& reply) {
        pages.admin(request, reply);
      });
      SmtpServer server(std::move(listeners), settings, originals, announce, "originals");
      pages.serve(context, files);
      context.serve([&](const Config& next) { return reload(server, pages, context, next); });
      pages.stop();
      server.stop(Steady::now() + kStopPatience);
    }
    link.stop();
    return 0;
  } catch (const ConfigError& mistake) {
    log::error("configuration", {{"reason", std::string_view(mistake.what())}});
    return 2;
  } catch (const std::exception& trouble) {
    log::error("edge_failed", {{"reason", std::string_view(trouble.what())}});
    return 1;
  }
}

}  // namespace kiyome::edge

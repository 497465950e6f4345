#include "service/edge/edge_role.h"

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <signal.h>

#include <cstring>
#include <memory>
#include <thread>

#include "service/base/admin.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/edge/disk_space.h"
#include "service/edge/edge_sight.h"
#include "service/edge/folder/hot_folder.h"
#include "service/edge/intake_link.h"
#include "service/edge/pages.h"
#include "service/edge/smtp_server.h"
#include "service/sight/speaker.h"

namespace kiyome::edge {
namespace {

using namespace std::chrono_literals;

constexpr auto kStopPatience = 8s;         // the supervisor waits 10 s
constexpr auto kCleanerKeyPatience = 30s;  // the cleaner makes its key at its first start

using Announcing = std::function<void(const transfer::Announce&)>;

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

bool asks_for_folder(const std::string& request) {
  Poco::JSON::Parser parser;
  return parser.parse(request).extract<Poco::JSON::Object::Ptr>()->optValue<std::string>("command", "") ==
         "folder";
}

// Where originals go on this host, and so where room for them is asked for; empty: to a database.
std::string originals_folder(const Config& config) {
  if (!config.store.shared()) return "originals";
  return store::shared_originals(config.store, true).folder;
}

// What earlier lives left is told through `announce`, where nobody else knows of it: cleaners that share a
// database find it there.
store::OriginalLog open_originals(const StoreConfig& config, const store::CleanerPublicKey& key,
                                  const Announcing& announce) {
  if (config.shared()) return store::OriginalLog(store::shared_originals(config, true), key);
  return store::OriginalLog("originals", key, announce);
}

// None when none is configured, or when the supervisor could not reach where it stands.
std::unique_ptr<HotFolder> watched_folder(RoleContext& context, store::OriginalLog& originals,
                                          IntakeLink& link, const Announcing& announce,
                                          const std::vector<ItemId>& announced) {
  Descriptor parent = context.take_optional("folder");
  if (!parent) return nullptr;
  const auto disk =
      std::make_shared<DiskSpace>(originals_folder(context.config()));  // shared by two functions
  FolderSurroundings around{
      .originals = originals,
      .announce = announce,
      .ask = [&link](const ItemId& id) { link.ask(id); },
      .has_room =
          [disk, smtp = context.config().smtp](std::uint64_t octets) {
            return disk->has_room(octets, smtp.free_bytes_min, smtp.free_inodes_min);
          },
      .write_failed = [disk] { disk->forget(); },
  };
  return std::make_unique<HotFolder>("folder", std::move(parent), context.config().folder, std::move(around),
                                     announced);
}

IntakeLink::DropCalls both(const IntakeLink::DropCalls& pages, HotFolder* folder) {
  if (folder == nullptr) return pages;
  IntakeLink::DropCalls out = pages;
  out.state = [pages, folder](const transfer::DropState& state) {
    pages.state(state);
    folder->heard(state);
  };
  out.connected = [pages, folder] {
    pages.connected();
    folder->connected();
  };
  return out;
}

std::string reload(SmtpServer& server, Pages& pages, HotFolder* folder, RoleContext& context,
                   const Config& next) {
  try {
    const EdgeFiles files = take_files(context);
    const auto settings = make_settings(next.smtp, files);
    pages.reload(next, settings, files);
    server.reload(settings);
    if (folder != nullptr) folder->reload(next.folder);
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
    const bool shared = context.config().store.shared();
    const Announcing announce = [&link, shared](const transfer::Announce& item) {
      if (!shared) link.announce(item);
    };
    std::vector<ItemId> announced;
    store::OriginalLog originals =
        open_originals(context.config().store, key, [&](const transfer::Announce& item) {
          announced.push_back(item.id);
          announce(item);
        });
    Pages pages(context, settings, originals, link, announced);
    const auto folder = watched_folder(context, originals, link, announce, announced);
    link.start(originals, both(pages.calls(), folder.get()));
    {
      AdminServer admin(context.take_one("admin"), [&](const std::string& request, const AdminReply& reply) {
        if (folder && asks_for_folder(request)) return folder->list(reply);
        pages.admin(request, reply);
      });
      const std::string room = originals_folder(context.config());
      SmtpServer server(std::move(listeners), settings, originals, announce, room);
      pages.serve(context, files);
      if (folder) folder->start();
      const sight::Speaker speaker(
          context.take_optional("sight"), [&](sight::Sheet& sheet) { show_now(sheet, server, link, room); },
          [&](sight::Sheet& sheet) { show_house(sheet, pages.keeper(), room, shared); });
      context.serve([&](const Config& next) { return reload(server, pages, folder.get(), context, next); });
      pages.stop();
      if (folder) folder->stop();
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

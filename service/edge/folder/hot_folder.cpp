#include "service/edge/folder/hot_folder.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <future>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "proto/base/limits.h"
#include "proto/clean/findings.h"
#include "service/base/beneath.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/guarded.h"
#include "service/base/log.h"
#include "service/edge/folder/journal.h"
#include "service/edge/folder/names.h"
#include "service/edge/folder/walk.h"
#include "service/store/original_file.h"

namespace kiyome::edge {
namespace {

using namespace std::chrono_literals;
using namespace folder;

// Files that share their fsyncs. Copied one after the other, so that only one is memory.
constexpr std::size_t kTogether = limits::kFolderAtOnce;
constexpr std::uint64_t kTogetherOctets = limits::kDropDurable;

constexpr auto kRemoveAgain = 30s;  // after a source that could not be removed
constexpr auto kReadAgain = 60s;    // after a file that could not be read
constexpr auto kAskAgain = 60s;     // how files fare that still move

// A file that waits to settle, or is left where it is.
struct Known {
  Identity identity;
  Steady::time_point since{};  // unchanged
  std::uint64_t round = 0;     // when it was seen last
  Unfit unfit = Unfit::none;
  Steady::time_point again{};  // tried, when it could not be read
};

struct Ready {
  std::string path;
  Identity identity;
};

// Copied, and on its way into the log.
struct Given {
  TakenFile file;
  std::unique_ptr<store::OriginalWriter> writer;
  std::future<Result<transfer::Announce>> said;
};

struct Inbox {
  std::map<ItemId, transfer::DropState> heard;
  bool ask = false;
};

const char* name_of(transfer::DropProgress state) {
  static constexpr const char* kNames[] = {"",        "received", "cleaning",  "clean",    "held",
                                           "refused", "waiting",  "delivered", "returned", "picked-up"};
  const auto number = static_cast<std::size_t>(state);
  return number < std::size(kNames) ? kNames[number] : "";
}

std::string reasons_of(const std::vector<std::uint16_t>& findings) {
  std::string out;
  for (const std::uint16_t code : findings)
    if (const auto finding = clean::finding_of_code(code))
      out.append(out.empty() ? "" : ",").append(log::json_string(clean::info(*finding).slug));
  return out;
}

// A name for people, whatever its octets are.
std::string shown(const std::string& path) {
  if (std::optional<std::string> told = told_path(path)) return *std::move(told);
  std::string out;
  for (const char c : path) out += c >= 0x20 && c < 0x7F ? c : '?';
  return out;
}

std::string made_folder(const std::string& folder) {
  std::error_code ignored;  // opening the journal says it
  std::filesystem::create_directory(folder, ignored);
  return folder;
}

}  // namespace

struct HotFolder::Impl {
  FolderSurroundings around;
  Descriptor parent;
  Guarded<FolderConfig> config;
  Guarded<std::unique_ptr<Journal>> journal;
  Guarded<std::map<std::string, Known>> known;
  Guarded<Inbox> inbox;
  std::atomic<bool> stopping{false};
  Guarded<bool> ended{false};
  std::thread thread;

  // the thread's own
  FolderConfig now;  // of this turn
  std::optional<Walk> walk;
  std::uint64_t round = 0;
  std::uint64_t root = 0;  // inode of the folder
  std::string away;        // why the folder cannot be seen, as it was said
  bool said_no_room = false, said_many = false;
  std::vector<std::pair<TakenFile, transfer::Announce>> committed;  // not written down yet
  std::vector<ItemId> undone;                                       // the same
  std::map<std::string, TakenFile> sources;                         // committed ones that have to go, by path
  std::set<ItemId> said_stuck;
  Steady::time_point remove_next{}, ask_next{};
  std::optional<ItemId> ask_after;  // a walk over what moves is under way

  Impl(const std::string& folder, Descriptor at, const FolderConfig& told, FolderSurroundings surroundings)
      : around(std::move(surroundings)), parent(std::move(at)), config(told) {
    journal.with([&](auto& mine) { mine = std::make_unique<Journal>(made_folder(folder)); });
  }
  template <class Use>
  auto with_journal(Use&& use) {
    return journal.with([&](std::unique_ptr<Journal>& mine) { return use(*mine); });
  }

  void reconcile(const std::vector<ItemId>& announced);
  void run();
  void turn();
  bool open_folder();
  std::vector<Ready> look();
  std::optional<Ready> consider(const Found& found);
  void leave(const std::string& path, Unfit unfit);
  void end_round();
  bool take(const Ready* begin, const Ready* end);
  bool give(const Ready& ready, std::vector<Given>& given);
  void settle();
  void remove_sources(bool all);
  void look_after_states();
  store::Envelope envelope_of(const TakenFile& file) const;
};

// What an earlier life left. Nothing is announced before it is written down as committed, so what the log
// does not tell of was never there.
void HotFolder::Impl::reconcile(const std::vector<ItemId>& announced) {
  const std::set<ItemId> there(announced.begin(), announced.end());
  std::vector<ItemId> done, never;
  for (TakenFile& file : with_journal([](Journal& mine) { return mine.unfinished(); })) {
    if (file.stage == Stage::intended) {
      (there.contains(file.item) ? done : never).push_back(file.item);
      if (!there.contains(file.item)) continue;
    }
    sources[file.path] = std::move(file);
  }
  with_journal([&](Journal& mine) {
    mine.set_stage(done, Stage::committed);
    mine.forget(never);
  });
}

void HotFolder::Impl::run() {
  while (!stopping) {
    try {
      turn();
    } catch (const TemporaryFailure& trouble) {
      log::error("watched folder", {{"why", trouble.what()}});
      around.write_failed();
    }
    ended.wait_until(
        Steady::now() + std::chrono::milliseconds(limits::kFolderTurnMs), [](bool end) { return end; },
        [](bool) {});
  }
}

void HotFolder::Impl::turn() {
  settle();
  now = config.with([](const FolderConfig& told) { return told; });
  look_after_states();
  if (!open_folder()) return;
  remove_sources(false);
  const std::vector<Ready> ready = look();
  for (std::size_t at = 0; at < ready.size() && !stopping;) {
    std::size_t end = at;
    for (std::uint64_t octets = 0; end < ready.size() && end - at < kTogether && octets < kTogetherOctets;
         ++end)
      octets += ready[end].identity.bytes;
    if (!take(ready.data() + at, ready.data() + end)) break;
    at = end;
  }
  if (walk && walk->over()) walk.reset();  // a share that is not looked at can be unmounted
}

// A walk under way goes on; else the folder is opened anew, so that what is mounted there by now is seen.
bool HotFolder::Impl::open_folder() {
  if (walk) return true;
  Descriptor opened(::openat(parent.get(), kiyome::name_of(now.watch).c_str(),
                             O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  const std::string why = opened ? std::string() : std::strerror(errno);
  if (why != away) {
    if (opened)
      log::info("watched folder is there again", {{"watch", now.watch}});
    else
      log::error("watched folder is away", {{"watch", now.watch}, {"why", why}});
    away = why;
  }
  if (!opened) return false;
  struct stat status {};
  if (::fstat(opened.get(), &status) != 0) return false;
  root = status.st_ino;
  walk.emplace(std::move(opened));
  ++round;
  return true;
}

std::vector<Ready> HotFolder::Impl::look() {
  std::vector<Ready> out;
  for (std::size_t seen = 0; seen < limits::kFolderEntries && !stopping; ++seen) {
    Found found;
    const Walk::Step step = walk->step(found);
    if (step == Walk::Step::end) {
      end_round();
      break;
    }
    if (step != Walk::Step::file) continue;
    if (std::optional<Ready> ready = consider(found)) out.push_back(*std::move(ready));
  }
  return out;
}

std::optional<Ready> HotFolder::Impl::consider(const Found& found) {
  if (sources.contains(found.path)) return std::nullopt;  // until it is removed
  Unfit unfit = found.unfit;
  if (unfit == Unfit::none && found.identity.bytes > now.file_bytes_max) unfit = Unfit::size;
  bool news = false, many = false;
  const bool ready = known.with([&](std::map<std::string, Known>& all) {
    auto at = all.find(found.path);
    if (at == all.end()) {
      many = all.size() >= limits::kFolderKnown;
      if (many) return false;
      at = all.emplace(found.path, Known{found.identity, around.now(), round, Unfit::none}).first;
    }
    Known& one = at->second;
    if (one.identity != found.identity) {
      // What was said of it once is not said at every octet more.
      one.identity = found.identity;
      one.since = around.now();
      one.again = {};
    }
    one.round = round;
    const bool later = around.now() - one.since >= std::chrono::duration<double>(now.settle_seconds);
    if (unfit != Unfit::none) {
      news = later && one.unfit != unfit;
      if (news) one.unfit = unfit;
      return false;
    }
    if (one.unfit != Unfit::unreadable) one.unfit = Unfit::none;  // see leave()
    return later && around.now() >= one.again;
  });
  if (many && !std::exchange(said_many, true))
    log::error("watched folder: too many files wait", {{"watch", now.watch}});
  if (news)
    log::warning("file left in the watched folder",
                 {{"name", shown(found.path)}, {"why", std::string_view(words_of(unfit))}});
  if (!ready) return std::nullopt;
  return Ready{found.path, found.identity};
}

// Said once, and tried again in a while: rights can be given.
void HotFolder::Impl::leave(const std::string& path, Unfit unfit) {
  const bool news = known.with([&](std::map<std::string, Known>& all) {
    Known& one = all[path];
    one.again = around.now() + kReadAgain;
    return std::exchange(one.unfit, unfit) != unfit;
  });
  if (news)
    log::warning("file left in the watched folder",
                 {{"name", shown(path)}, {"why", std::string_view(words_of(unfit))}});
}

// Forgets what was not met in this round.
void HotFolder::Impl::end_round() {
  if (walk->incomplete()) return;
  said_many = false;
  known.with([&](std::map<std::string, Known>& all) {
    std::erase_if(all, [&](const auto& one) { return one.second.round != round; });
  });
}

store::Envelope HotFolder::Impl::envelope_of(const TakenFile& file) const {
  store::Envelope out;
  out.id = file.item;
  out.received_ms = file.taken_ms;
  out.protocol = "FOLDER";
  out.sender = now.sender;
  out.smtputf8 = true;
  for (const std::string& recipient : now.recipients)
    out.recipients.push_back({static_cast<std::uint32_t>(out.recipients.size()), recipient, 0, ""});
  store::Drop drop;
  drop.submission = new_item_id();
  drop.sender_name = now.sender_name;
  drop.file_name = file.name;
  drop.importance = now.importance;
  out.drop = std::move(drop);
  return out;
}

// Copies one file into the log. false: there is no room, or it is time to stop.
bool HotFolder::Impl::give(const Ready& ready, std::vector<Given>& given) {
  if (!around.has_room(ready.identity.bytes)) {
    if (!std::exchange(said_no_room, true))
      log::error("watched folder: no room on the disk", {{"watch", now.watch}});
    return false;
  }
  said_no_room = false;
  Copy copy = copy_whole(walk->root(), ready.path, ready.identity, stopping);
  switch (copy.outcome) {
    case Copy::Outcome::stopped:
      return false;
    case Copy::Outcome::changed:  // settles anew
      known.with([&](std::map<std::string, Known>& all) { all.erase(ready.path); });
      return true;
    case Copy::Outcome::refused:
      leave(ready.path, copy.trouble == 0 ? Unfit::special : Unfit::unreadable);
      return true;
    case Copy::Outcome::whole:
      break;
  }
  Given one;
  one.file.item = new_item_id();
  one.file.path = ready.path;
  one.file.name = shown(ready.path);
  one.file.identity = ready.identity;
  one.file.root = root;
  one.file.sha256 = copy.digest;
  one.file.taken_ms = around.wall_ms();
  one.writer = around.originals.begin(one.file.item);
  if (!store::append_file(*one.writer, copy.memory.get(), ready.identity.bytes))
    throw TemporaryFailure("a sealed copy cannot be read");
  given.push_back(std::move(one));
  return true;
}

// Takes these together: one after the other into the log, their commits share an fsync. false: no more now.
bool HotFolder::Impl::take(const Ready* begin, const Ready* end) {
  std::vector<Given> given;
  std::string trouble;
  bool more = true;
  try {
    for (const Ready* one = begin; more && one != end; ++one) more = give(*one, given);
  } catch (const TemporaryFailure& failed) {
    trouble = failed.what();
  }
  std::vector<TakenFile> files;
  for (const Given& one : given) files.push_back(one.file);
  if (!files.empty()) with_journal([&](Journal& mine) { mine.intend(files); });
  for (Given& one : given)
    one.said = store::commit_file(around.originals, std::move(one.writer), envelope_of(one.file));
  for (Given& one : given) {
    const Result<transfer::Announce> said = one.said.get();
    if (said) {
      committed.emplace_back(std::move(one.file), *said);
    } else {
      undone.push_back(one.file.item);
      trouble = said.error().what;
    }
  }
  settle();
  remove_sources(true);
  if (trouble.empty()) return more;
  log::error("watched folder: not stored", {{"why", std::string_view(trouble)}});
  around.write_failed();
  return false;
}

// Writes down what the log has by now; only then the cleaner may hear of it.
void HotFolder::Impl::settle() {
  if (committed.empty() && undone.empty()) return;
  std::vector<ItemId> items;
  for (const auto& [file, announce] : committed) items.push_back(file.item);
  with_journal([&](Journal& mine) {
    mine.set_stage(items, Stage::committed);
    mine.forget(undone);
  });
  undone.clear();
  for (auto& [file, announce] : committed) {
    log::info("accepted", file.item,
              {{"sender", std::string_view(now.sender)},
               {"recipients", static_cast<std::int64_t>(now.recipients.size())},
               {"bytes", static_cast<std::int64_t>(file.identity.bytes)},
               {"protocol", std::string_view("FOLDER")},
               {"name", std::string_view(file.name)}});
    around.announce(announce);
    const std::string path = file.path;
    known.with([&](std::map<std::string, Known>& all) { all.erase(path); });
    sources[path] = std::move(file);
  }
  committed.clear();
}

// `all`: those that were just committed; else what could not be removed before, once in a while.
void HotFolder::Impl::remove_sources(bool all) {
  if (sources.empty() || (!all && around.now() < remove_next)) return;
  std::vector<ItemId> gone;
  std::set<std::string> folders;
  for (auto at = sources.begin(); at != sources.end() && !stopping;) {
    const TakenFile& file = at->second;
    if (all && said_stuck.contains(file.item)) {
      ++at;
      continue;
    }
    const Removal removal = remove_copied(walk->root(), file.path, file.identity, file.sha256, file.item);
    if (removal == Removal::gone && file.root != root) {  // its share may be away
      remove_next = around.now() + kRemoveAgain;
      ++at;
      continue;
    }
    if (removal == Removal::failed) {
      if (said_stuck.insert(file.item).second)
        log::error("taken file cannot be removed from the watched folder", file.item,
                   {{"name", std::string_view(file.name)}, {"why", std::string_view(std::strerror(errno))}});
      remove_next = around.now() + kRemoveAgain;
      ++at;
      continue;
    }
    gone.push_back(file.item);
    said_stuck.erase(file.item);
    folders.insert(folder_of(file.path));
    at = sources.erase(at);
  }
  for (const std::string& folder : folders) sync_folder(walk->root(), folder);
  with_journal([&](Journal& mine) { mine.set_stage(gone, Stage::removed); });
}

void HotFolder::Impl::look_after_states() {
  Inbox taken = inbox.with([](Inbox& mine) { return std::exchange(mine, {}); });
  std::vector<transfer::DropState> states;
  for (auto& [id, state] : taken.heard) states.push_back(std::move(state));
  for (const TakenFile& file : with_journal([&](Journal& mine) { return mine.hear(states); }))
    log::info("file of the watched folder", file.item,
              {{"name", std::string_view(file.name)}, {"state", std::string_view(name_of(file.state))}});
  if (taken.ask || around.now() >= ask_next) {
    ask_next = around.now() + kAskAgain;
    ask_after = ItemId{};
    const auto history = static_cast<std::int64_t>(now.history_days * kDayMs);
    with_journal([&](Journal& mine) { mine.prune(around.wall_ms() - history); });
  }
  if (!ask_after) return;
  const auto items = with_journal([&](Journal& mine) { return mine.moving(*ask_after, limits::kDropSweep); });
  for (const ItemId& item : items) around.ask(item);
  ask_after = items.size() < limits::kDropSweep ? std::nullopt : std::optional(items.back());
}

HotFolder::HotFolder(const std::string& folder, Descriptor parent, const FolderConfig& config,
                     FolderSurroundings surroundings, const std::vector<ItemId>& announced)
    : impl_(std::make_unique<Impl>(folder, std::move(parent), config, std::move(surroundings))) {
  impl_->reconcile(announced);
}

HotFolder::~HotFolder() { stop(); }

void HotFolder::start() {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

void HotFolder::stop() {
  impl_->stopping = true;
  impl_->ended.with([](bool& end) { end = true; });
  impl_->ended.notify_all();
  if (impl_->thread.joinable()) impl_->thread.join();
}

void HotFolder::turn() { impl_->turn(); }

void HotFolder::reload(const FolderConfig& config) {
  impl_->config.with([&](FolderConfig& told) { told = config; });
}

void HotFolder::heard(const transfer::DropState& state) {
  impl_->inbox.with([&](Inbox& mine) {
    if (mine.heard.size() < limits::kDropStatesHeard || mine.heard.contains(state.id))
      mine.heard[state.id] = state;
  });
}

void HotFolder::connected() {
  impl_->inbox.with([](Inbox& mine) { mine.ask = true; });
}

void HotFolder::list(const AdminReply& reply) {
  const auto waiting = impl_->known.with([](const auto& all) { return all; });
  for (const auto& [path, one] : waiting) {
    const bool left = one.unfit != Unfit::none;
    if (!reply(fmt::format(R"({{"name":{},"state":"{}","bytes":{},"reasons":[{}]}})",
                           log::json_string(shown(path)), left ? "left" : "settling", one.identity.bytes,
                           left ? log::json_string(words_of(one.unfit)) : "")))
      return;
  }
  ItemId after;
  for (;;) {
    const auto page =
        impl_->with_journal([&](Journal& mine) { return mine.page(after, limits::kDropSweep); });
    for (const TakenFile& file : page)
      if (!reply(fmt::format(
              R"({{"id":"{}","name":{},"state":"{}","source":"{}","bytes":{},"reasons":[{}],"received_at":"{}"}})",
              file.item.text(), log::json_string(file.name), name_of(file.state),
              file.stage == Stage::removed ? "removed" : "there", file.identity.bytes,
              reasons_of(file.findings), iso_time(file.taken_ms))))
        return;
    if (page.size() < limits::kDropSweep) return;
    after = page.back().item;
  }
}

}  // namespace kiyome::edge

#include "service/cleaner/review/audit_desk.h"

#include <fmt/format.h>

#include <atomic>
#include <future>
#include <thread>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/guarded.h"
#include "service/base/hex.h"
#include "service/base/log.h"
#include "service/trail/export.h"

namespace kiyome::cleaner {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kNameMax = 100;             // characters of an event or an actor
constexpr std::size_t kExportOctets = 48u << 20;  // of one answer; it says where the next begins
constexpr auto kVerifyWait = 20s;                 // of the thirty a browser waits
constexpr auto kWriteWait = 20s;
constexpr std::size_t kTenantTurns = 20;  // pages looked through for one tenant's entries
constexpr std::int64_t kSequences = INT64_MAX;

[[noreturn]] void refuse(int status, const char* code, std::vector<std::string> fields = {}) {
  throw http::Problem{status, code, {}, std::move(fields), {}};
}

audit::Trail trail_asked(const review::Call& call) {
  const std::string name = review::text_of(call, "trail", kNameMax);
  if (name.empty()) return audit::Trail::cleaner;
  const auto trail = audit::trail_of(name);
  if (!trail) refuse(422, "invalid", {"trail"});
  return *trail;
}

// `until` as a day means that day too.
std::int64_t until_of(const review::Call& call) {
  const std::int64_t until = review::time_of(call, "until");
  const auto text = call.query.find("until");
  return until != 0 && text->second.size() == 10 ? until + kDayMs : until;
}

ItemId item_of(const std::string& text) {
  const Result<ItemId> id = ItemId::parse(text);
  if (!id) refuse(422, "invalid", {"item"});
  return *id;
}

store::AuditQuery query_of(const review::Call& call) {
  store::AuditQuery out;
  out.event = review::text_of(call, "event", kNameMax);
  out.actor = review::text_of(call, "actor", kNameMax);
  const std::string item = review::text_of(call, "item", kNameMax);
  if (!item.empty()) out.item = item_of(item);
  out.since_ms = review::time_of(call, "since");
  out.until_ms = until_of(call);
  out.before = static_cast<std::uint64_t>(review::number_of(call, "after", 0, 1, kSequences));
  out.max = static_cast<std::size_t>(review::number_of(call, "limit", 100, 1, limits::kAuditListed));
  return out;
}

bool is_json_object(std::string_view text) {
  try {
    http::JsonDocument{text};
    return true;
  } catch (const http::Problem&) {
    return false;
  }
}

void write_entry(http::JsonText& out, const audit::Entry& entry) {
  out.begin_object().member("trail", "cleaner").member("sequence", entry.sequence).time("at", entry.unix_ms);
  out.member("event", entry.event);
  if (entry.item) out.member("item", entry.item->text());
  out.member("actor", entry.actor);
  // What is on the disk is ours; were it changed into something else, the page still gets JSON.
  if (is_json_object(entry.detail))
    out.key("detail").raw(entry.detail);
  else
    out.key("detail").begin_object().member("text", entry.detail).end_object();
  out.end_object();
}

// A checkpoint as the page shows it.
void write_checkpoint(http::JsonText& out, const store::KeptCheckpoint& kept) {
  const audit::Checkpoint& each = kept.checkpoint;
  out.begin_object().member("trail", audit::name_of(each.trail)).member("sequence", each.sequence);
  out.member("kind", each.kind == audit::CheckpointKind::cut ? "cut" : "head").time("at", each.unix_ms);
  out.member("head", hex(each.head)).member("key", hex(each.key));
  out.member("signature", hex(each.signature));
  if (kept.told_ms != 0) out.time("told_at", kept.told_ms);
  out.end_object();
}

constexpr std::array kTrails{audit::Trail::cleaner, audit::Trail::edge, audit::Trail::gate,
                             audit::Trail::console};

}  // namespace

struct AuditDesk::Impl {
  store::ItemStore& items;
  trail::Keeper& keeper;
  ReviewSight& sight;
  struct Verifying {
    bool running = false;
    std::string done;  // the last answer, until it was told
    std::thread thread;
  };
  Guarded<Verifying> verifying;
  std::atomic_flag exporting;

  std::vector<audit::Entry> found(const review::Actor& actor, store::AuditQuery query, std::uint64_t& next);
  review::Reply list(const review::Call& call);
  review::Reply verify(const std::string& login);
  void note(const audit::Finding& finding, const std::string& login);
  review::Reply download(const review::Call& call);
  review::Reply checkpoints(const review::Call& call);
  review::Reply keep(const review::Call& call);
  review::Reply unkeep(const review::Call& call);
  review::Reply kept(const review::Call& call);
  std::string verification(const std::string& login);
  void written(const std::function<void(std::function<void(std::optional<store::Keep>)>)>& submit);
};

AuditDesk::AuditDesk(store::ItemStore& items, trail::Keeper& keeper, ReviewSight& sight)
    : impl_(new Impl{items, keeper, sight, {}, {}}) {}

AuditDesk::~AuditDesk() {
  std::thread thread = impl_->verifying.with([](Impl::Verifying& now) { return std::move(now.thread); });
  if (thread.joinable()) thread.join();
}

void AuditDesk::add_to(review::Desk& desk) {
  Impl* impl = impl_.get();
  desk.on("listAudit", [impl](const review::Call& call) { return impl->list(call); });
  desk.on("exportAudit", [impl](const review::Call& call) { return impl->download(call); });
  desk.on("verifyAudit", [impl](const review::Call& call) { return impl->verify(call.actor.login); });
  desk.on("listCheckpoints", [impl](const review::Call& call) { return impl->checkpoints(call); });
  desk.on("keepItem", [impl](const review::Call& call) { return impl->keep(call); });
  desk.on("unkeepItem", [impl](const review::Call& call) { return impl->unkeep(call); });
  desk.on("listKept", [impl](const review::Call& call) { return impl->kept(call); });
}

// A person of one tenant sees what is told of its items, and nothing else.
std::vector<audit::Entry> AuditDesk::Impl::found(const review::Actor& actor, store::AuditQuery query,
                                                 std::uint64_t& next) {
  const auto database = keeper.book().open();
  if (actor.tenant.empty()) {
    std::vector<audit::Entry> out = store::find_audit(*database, query);
    next = out.size() == query.max ? out.back().sequence : 0;
    return out;
  }
  const std::size_t wanted = query.max;
  query.max = limits::kAuditListed;
  std::vector<audit::Entry> out;
  for (std::size_t turn = 0; turn < kTenantTurns; ++turn) {
    for (audit::Entry& each : store::find_audit(*database, query)) {
      next = query.before = each.sequence;
      if (each.item && sight.may_see(actor, *each.item)) out.push_back(std::move(each));
      if (out.size() == wanted) return out;
      query.max -= 1;
    }
    if (std::exchange(query.max, limits::kAuditListed) > 0) {  // that was the last of them
      next = 0;
      return out;
    }
  }
  return out;
}

review::Reply AuditDesk::Impl::list(const review::Call& call) {
  const audit::Trail trail = trail_asked(call);
  const store::AuditQuery query = query_of(call);
  http::JsonText out;
  out.begin_object().key("entries").begin_array();
  std::uint64_t next = 0;
  if (trail == audit::Trail::cleaner)
    for (const audit::Entry& each : found(call.actor, query, next)) write_entry(out, each);
  out.end_array();
  if (next != 0) out.member("next", std::to_string(next));
  // Of another role's trail there are checkpoints here: its entries are shown by `kiyome audit` on its host.
  if (trail != audit::Trail::cleaner) out.member("elsewhere", true);
  out.end_object();
  return review::Reply::json(out.take());
}

// One at a time: what takes long goes on, and who asks again gets the answer.
review::Reply AuditDesk::Impl::verify(const std::string& login) {
  std::thread before = verifying.with([&](Verifying& now) {
    if (now.running || !now.done.empty()) return std::thread();
    now.running = true;
    return std::exchange(now.thread, std::thread([this, login] {
                           std::string answer = "-";
                           try {
                             answer = verification(login);
                           } catch (const std::exception& trouble) {
                             log::error("audit verification", {{"why", trouble.what()}});
                           }
                           verifying.with([&](Verifying& state) {
                             state.running = false;
                             state.done = std::move(answer);
                           });
                           verifying.notify_all();
                         }));
  });
  if (before.joinable()) before.join();
  const std::string answer = verifying.wait_until(
      Steady::now() + kVerifyWait, [](Verifying& now) { return !now.running; },
      [](Verifying& now) { return now.running ? std::string() : std::exchange(now.done, {}); });
  if (answer.empty()) return review::Reply::json(R"({"state":"working"})", 202);
  if (answer == "-") throw TemporaryFailure("the trail cannot be read now");
  return review::Reply::json(answer);
}

// That the trail is looked at is itself told in it.
void AuditDesk::Impl::note(const audit::Finding& finding, const std::string& login) {
  http::JsonText out;
  out.begin_object().member("entries", finding.entries).member("intact", !finding.fault);
  if (finding.fault) out.member("first_bad", finding.fault->sequence).member("fault", finding.fault->what);
  items.note({0, 0, "audit-verified", std::nullopt, login, out.end_object().take()});
}

std::string AuditDesk::Impl::verification(const std::string& login) {
  const auto database = keeper.book().open();
  http::JsonText out;
  out.begin_object().key("trails").begin_array();
  for (const audit::Trail trail : kTrails) {
    const std::vector<store::KeptCheckpoint> marks = store::checkpoints_of(*database, trail);
    if (trail != audit::Trail::cleaner && marks.empty()) continue;
    std::uint64_t told = 0;
    for (const store::KeptCheckpoint& each : marks) told += each.told_ms != 0 ? 1 : 0;
    out.begin_object().member("trail", audit::name_of(trail));
    if (trail == audit::Trail::cleaner) {
      const audit::Finding finding = keeper.examine({});
      out.member("entries", finding.entries).member("intact", !finding.fault);
      out.member("fault", finding.fault ? finding.fault->what : std::string());
      if (finding.fault) out.member("first_bad", finding.fault->sequence);
      note(finding, login);
    } else {  // what its owner says can only be compared there: `kiyome audit verify`
      out.member("entries", marks.back().checkpoint.sequence).member("elsewhere", true);
      bool sound = true;
      for (const store::KeptCheckpoint& each : marks) sound = sound && audit::holds(each.checkpoint);
      out.member("intact", sound).member("fault", sound ? "" : "a checkpoint's signature does not fit");
    }
    out.member("checkpoints", marks.size()).member("witnessed", told);
    if (!marks.empty()) out.time("last_checkpoint_at", marks.back().checkpoint.unix_ms);
    out.end_object();
  }
  return out.end_array().end_object().take();
}

review::Reply AuditDesk::Impl::download(const review::Call& call) {
  if (trail_asked(call) != audit::Trail::cleaner) refuse(404, "not-found");
  if (!call.actor.tenant.empty()) refuse(403, "forbidden");  // it holds everybody's
  trail::ExportRange range;
  range.since_ms = review::time_of(call, "since");
  range.until_ms = until_of(call);
  range.after = static_cast<std::uint64_t>(review::number_of(call, "after", 0, 1, kSequences));
  if (exporting.test_and_set()) refuse(503, "busy");
  struct Done {
    std::atomic_flag& flag;
    ~Done() { flag.clear(); }
  } const one_at_a_time{exporting};
  review::Reply out;
  out.type = "application/x-ndjson";
  out.file_name = "kiyome-audit.jsonl";
  audit::Linked last;
  bool cut = false;
  trail::export_trail(*keeper.book().open(), audit::Trail::cleaner, keeper.key(), range,
                      [&](std::string_view line) {
                        cut = out.content.size() + line.size() > kExportOctets;
                        if (cut) return false;
                        out.content.append(line).push_back('\n');
                        if (const auto entry = trail::entry_of_line(line)) last = *entry;
                        return true;
                      });
  if (cut)
    out.content += fmt::format(R"({{"trail":"cleaner","end":{{"sequence":{0},"head":"{1}"}},"next":{0}}})",
                               last.entry.sequence, hex(last.hash)) +
                   "\n";
  items.note({0, 0, "audit-exported", std::nullopt, call.actor.login,
              fmt::format(R"({{"to":{}}})", last.entry.sequence)});
  return out;
}

review::Reply AuditDesk::Impl::checkpoints(const review::Call& call) {
  const std::string name = review::text_of(call, "trail", kNameMax);
  const auto max = static_cast<std::size_t>(review::number_of(call, "limit", 100, 1, limits::kAuditListed));
  const auto database = keeper.book().open();
  http::JsonText out;
  out.begin_object().key("checkpoints").begin_array();
  for (const audit::Trail trail : kTrails) {
    if (!name.empty() && trail_asked(call) != trail) continue;
    std::vector<store::KeptCheckpoint> marks = store::checkpoints_of(*database, trail, max);
    for (auto it = marks.rbegin(); it != marks.rend(); ++it) write_checkpoint(out, *it);
  }
  return review::Reply::json(out.end_array().end_object().take());
}

// ---- legal hold ----

void AuditDesk::Impl::written(
    const std::function<void(std::function<void(std::optional<store::Keep>)>)>& submit) {
  const auto result = store::wait_for_answer<std::optional<store::Keep>>(kWriteWait, submit);
  if (!result || !*result) throw TemporaryFailure("the store is busy");
  if (**result == store::Keep::no_item) refuse(404, "not-found");
}

review::Reply AuditDesk::Impl::keep(const review::Call& call) {
  const std::string reason = review::read_body(
      call, [](http::JsonObject& json) { return json.text("reason", limits::kReviewReason); });
  const ItemId id = sight.item_of(call);
  written([&](auto done) { items.keep(id, call.actor.login, reason, std::move(done)); });
  return review::Reply::none();
}

review::Reply AuditDesk::Impl::unkeep(const review::Call& call) {
  const ItemId id = sight.item_of(call);
  written([&](auto done) { items.unkeep(id, call.actor.login, std::move(done)); });
  return review::Reply::none();
}

// Also for administrators, who lift a hold and see no items: what it is called, and why it is kept.
review::Reply AuditDesk::Impl::kept(const review::Call& call) {
  const std::string after = review::text_of(call, "after", kNameMax);
  const auto limit = static_cast<std::size_t>(review::number_of(call, "limit", 50, 1, limits::kReviewListed));
  std::optional<ItemId> last;
  if (!after.empty()) {
    const Result<ItemId> id = ItemId::parse(after);
    if (!id) refuse(422, "invalid", {"after"});
    last = *id;
  }
  std::size_t count = 0;
  bool more = true;
  http::JsonText out;
  out.begin_object().key("kept").begin_array();
  while (more && count < limit) {
    const std::vector<store::KeptItem> page = items.legal_holds(last, limit);
    more = page.size() == limit;
    for (const store::KeptItem& each : page) {
      last = each.id;
      if (!sight.may_see(call.actor, each.id)) continue;
      out.begin_object().member("item", each.id.text()).member("subject", each.subject);
      out.member("by", each.hold.by).member("reason", each.hold.reason).time("at", each.hold.at_ms);
      out.end_object();
      if (++count < limit) continue;
      more = more || &each != &page.back();
      break;
    }
  }
  out.end_array();
  if (more && count == limit) out.member("next", last->text());
  return review::Reply::json(out.end_object().take());
}

// What stands in the other zone is answered at once; else the console asks again in a while.
review::Reply AuditDesk::heard(const review::Call& call) {
  const auto checkpoint = audit::checkpoint_of_json(call.body);
  if (!checkpoint || checkpoint->trail != audit::Trail::console) refuse(422, "invalid");
  const auto standing = store::wait_for_answer<audit::Checkpoint>(500ms, [&](auto done) {
    impl_->keeper.heard(*checkpoint, [done](const audit::Checkpoint& kept) { done(kept); });
  });
  return review::Reply::json(standing ? audit::checkpoint_json(*standing) : "{}");
}

}  // namespace kiyome::cleaner

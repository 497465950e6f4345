#include "service/cleaner/review/evidence.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "service/base/clock.h"
#include "service/base/log.h"
#include "service/store/audit_book.h"
#include "service/workers/selftest.h"

namespace kiyome::cleaner {
namespace {

constexpr std::int64_t kDays = 30;
constexpr std::size_t kReasons = 500;  // more than there are findings

std::int64_t single(store::Database& database, const char* sql, std::int64_t since) {
  std::int64_t out = 0;
  store::Statement(database, sql).one([&](const store::Row& row) { out = row.integer(0); }, since);
  return out;
}

bool is_private(const std::string& path) {
  struct stat file {};
  return ::stat(path.c_str(), &file) == 0 && (file.st_mode & 0077) == 0;
}

void take_trail(store::Database& items, Evidence& out) {
  out.audit_entries = store::audit_last(items) - store::audit_base(items).sequence;
  for (const store::KeptCheckpoint& each : store::checkpoints_of(items, audit::Trail::cleaner)) {
    out.last_checkpoint_ms = std::max(out.last_checkpoint_ms, each.checkpoint.unix_ms);
    if (each.told_ms > 0) out.last_witnessed_ms = std::max(out.last_witnessed_ms, each.checkpoint.unix_ms);
  }
}

void take_events(store::Database& items, std::int64_t since, Evidence& out) {
  out.last_delivery_ms =
      single(items,
             "SELECT coalesce(max(unix_ms), 0) FROM (SELECT unix_ms FROM audit WHERE event='delivery' AND "
             "sequence>? ORDER BY sequence DESC LIMIT 1)",
             0);
  out.refused_by_gate =
      single(items, "SELECT count(*) FROM audit WHERE event='refused-by-gate' AND unix_ms>?", since);
  out.looked_at = single(
      items, "SELECT count(*) FROM audit WHERE event IN ('audit-verified', 'audit-exported') AND unix_ms>?",
      since);
  out.originals_released = single(
      items, "SELECT count(*) FROM proposals WHERE kind='original' AND state='done' AND decided_ms>?", since);
  out.alone = single(items, "SELECT count(*) FROM proposals WHERE alone=1 AND decided_ms>?", since);
}

void take_figures(store::Database& index, const review::CountScope& scope, Evidence& out) {
  using review::Count;
  const std::int64_t today = review::day_of(out.now_ms), first = today - kDays + 1;
  for (const auto& row : review::counts_by_key(index, scope, Count::items, first, today, 1))
    out.items = row.count;
  for (const auto& row : review::counts_by_key(index, scope, Count::verdict, first, today, 10))
    if (row.key == "held") out.held = row.count;
  for (const auto& row : review::counts_by_key(index, scope, Count::reason, first, today, kReasons)) {
    if (row.key == "encrypted") out.encrypted = row.count;
    if (row.key == "malware") out.malware = row.count;
    if (row.key.starts_with("sanitizer-") || row.key == "conversion-failed" || row.key == "scan-failed")
      out.sanitizer_failures += row.count;
  }
}

}  // namespace

SelfChecks::SelfChecks(store::ItemsAt at, Parts parts, SelftestPrograms programs)
    : at_(std::move(at)), parts_(parts), programs_(std::move(programs)) {}

void SelfChecks::stop() {
  std::thread thread = state_.with([](State& state) {
    state.stopping = true;
    return std::move(state.thread);
  });
  if (thread.joinable()) thread.join();
}

// The sandbox and the trail themselves.
void SelfChecks::look() {
  Evidence found;
  if (programs_.empty()) found.selftest_trouble = "自己試験のプログラムがありません / no self-test program";
  try {
    for (const auto& [kind, program] : programs_)
      for (const workers::ActResult& act :
           workers::run_selftest(kind, Descriptor(::fcntl(program.get(), F_DUPFD_CLOEXEC, 0)))) {
        ++found.acts_tried;
        found.acts_stopped += act.stopped ? 1 : 0;
      }
    if (!programs_.empty()) found.selftest_ms = unix_ms_now();
  } catch (const std::exception& trouble) {
    found.selftest_trouble = trouble.what();
    log::warning("self test", {{"why", found.selftest_trouble}});
  }
  try {
    store::Database items(at_.place);
    const audit::Finding trail = store::examine_trail(items, audit::Trail::cleaner, std::nullopt, {});
    found.audit_intact = !trail.fault;
    if (trail.fault) found.audit_fault = trail.fault->sequence;
    found.audit_verified_ms = unix_ms_now();
    store::Statement(items, "SELECT min(received_ms) FROM items WHERE original_kept=1")
        .one([&](const store::Row& row) { found.oldest_original_ms = row.integer(0); });
  } catch (const std::exception& trouble) {
    log::warning("self check of the trail", {{"why", trouble.what()}});
  }
  state_.with([&](State& state) {
    state.slow = found;
    state.looking = false;
  });
  state_.notify_all();
}

void SelfChecks::begin_look() {
  state_.with([this](State& state) {
    const std::int64_t known = std::max(state.slow.selftest_ms, state.slow.audit_verified_ms);
    if (state.looking || state.stopping || (known > 0 && std::abs(unix_ms_now() - known) < kDayMs)) return;
    if (state.thread.joinable()) state.thread.join();  // it has ended: it does not look any more
    state.looking = true;
    state.thread = std::thread([this] { look(); });
  });
}

void SelfChecks::look_now() {
  begin_look();
  state_.wait([](State& state) { return !state.looking || state.stopping; }, [](State&) {});
}

Evidence SelfChecks::collect(const review::CountScope& scope) {
  begin_look();
  Evidence out = state_.with([](State& state) { return state.slow; });
  out.now_ms = unix_ms_now();
  out.days = kDays;
  out.gate_connected = parts_.gate.connected();
  out.same_host = parts_.gate.same_host();
  for (const PartHealth& part : parts_.health.parts()) {
    if (part.name.starts_with("sanitizer.")) {
      ++out.sanitizers;
      out.sanitizers_up += part.ok ? 1 : 0;
    }
    if (part.name == "clamd" && !part.ok) out.clamd_trouble = part.en;
  }
  out.key_is_private = is_private(at_.folder + "/cleaner.key");
  store::Database items(at_.place), index(at_.folder + "/review.db");
  take_trail(items, out);
  take_events(items, out.now_ms - kDays * kDayMs, out);
  take_figures(index, scope, out);
  return out;
}

std::vector<Clause> SelfChecks::clauses(const review::CountScope& scope) {
  return self_check(*parts_.config.get(), collect(scope));
}

void SelfChecks::add_to(review::Desk& desk) {
  desk.on("getSelfCheck", [this](const review::Call& call) {
    http::JsonText out;
    out.begin_object().key("clauses").begin_array();
    for (const Clause& each : clauses({call.actor.tenant, {}}))
      out.begin_object()
          .member("code", each.code)
          .member("ja", each.ja)
          .member("en", each.en)
          .member("ok", name_of(each.ok))
          .member("evidence_ja", each.evidence_ja)
          .member("evidence_en", each.evidence_en)
          .end_object();
    out.end_array().end_object();
    return review::Reply::json(out.take());
  });
}

}  // namespace kiyome::cleaner

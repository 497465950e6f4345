#include "service/trail/keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <future>
#include <thread>

#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/base/guarded.h"
#include "service/base/hex.h"
#include "service/base/log.h"

namespace kiyome::trail {
namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 1s;     // whether the other side is there
constexpr auto kRepeat = 20s;  // what was not answered
constexpr std::size_t kToldAtOnce = 64;
constexpr auto kWriteWait = 20s;
// A role makes one in some minutes, and says again what was not answered; more is a conquered peer, which
// must not fill this disk.
constexpr unsigned kHeardHour = 200;

struct State {
  bool stopping = false, started = false;
  bool tell = true;  // there may be something that was never said
  double minutes = 10, days = 3650;
  Steady::time_point next{};  // checkpoint
};

struct Heard {
  Steady::time_point hour{};
  std::array<unsigned, 4> count{};
};

template <std::size_t N>
store::Blob octets(const std::array<std::uint8_t, N>& from) {
  return {{reinterpret_cast<const char*>(from.data()), N}};
}

// Whether just this one stands here.
bool is_kept(store::Database& database, const audit::Checkpoint& c) {
  return store::Statement(database,
                          "SELECT 1 FROM checkpoints WHERE trail=? AND sequence=? AND kind=? AND head=? AND "
                          "key=?")
      .one([](const store::Row&) {}, c.trail, c.sequence, c.kind, octets(c.head), octets(c.key));
}

}  // namespace

struct Keeper::Impl {
  Around around;
  audit::Signer signer;
  std::unique_ptr<store::Database> reader;  // this and the next: the keeper's thread
  bool say = true, was_up = false;
  Steady::time_point repeat{};
  Guarded<State> state;
  Guarded<Heard> heard;
  std::unique_ptr<Forwarder> forwarder;
  std::string folder;
  std::thread thread;

  Impl(const std::string& where, Around parts) : around(std::move(parts)), signer(where), folder(where) {}
  void run();
  void look();
  void tell_untold();
  void refuse_other_key();
  void note(const std::string& event, const Config& config);
  bool carries(audit::Trail trail) const {
    return std::find(around.carries.begin(), around.carries.end(), trail) != around.carries.end();
  }
  bool has_room(audit::Trail trail);
  void count(audit::Trail trail);
  void checkpoint(std::function<void(std::optional<audit::Checkpoint>)> done);
};

Keeper::Keeper(const std::string& folder, const Config& config, Around around)
    : impl_(std::make_unique<Impl>(folder, std::move(around))) {
  impl_->state.with([&](State& state) {
    state.minutes = config.audit.checkpoint_minutes;
    state.days = config.audit.days;
  });
  impl_->reader = impl_->around.book.open();
  impl_->refuse_other_key();
  impl_->forwarder =
      std::make_unique<Forwarder>(folder, config.audit, impl_->around.trail, impl_->around.book);
  impl_->note("start", config);
}

// Of one trail, whoever writes it, there is one key: the other zone takes no second one.
void Keeper::Impl::refuse_other_key() {
  if (!reader->shared()) return;
  const std::vector<store::KeptCheckpoint> last = store::checkpoints_of(*reader, around.trail, 1);
  if (!last.empty() && last.front().checkpoint.key != signer.key())
    throw ConfigError(folder +
                      "/audit.key is not the key of this trail: copy it from a host that shares the store");
}

Keeper::~Keeper() { stop(); }

audit::Trail Keeper::trail() const { return impl_->around.trail; }
const audit::PublicKey& Keeper::key() const { return impl_->signer.key(); }
const store::AuditBook& Keeper::book() const { return impl_->around.book; }

// Never the text: it may bear passwords. Its hash says whether it is the one that stands in a folder.
void Keeper::Impl::note(const std::string& event, const Config& config) {
  const std::string detail = fmt::format(R"({{"sha256":"{}"}})", hex(sha256(config.source)));
  around.book.write(
      [=, trail = std::string(audit::name_of(around.trail))](store::Database&, store::AuditLog& log) {
        log.note(event, nullptr, event == "start" ? trail : "supervisor", detail, unix_ms_now());
      },
      {});
}

void Keeper::start() {
  impl_->state.with([](State& state) {
    state.started = true;
    state.next = Steady::now() + 1s;
  });
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
  impl_->forwarder->start();
}

void Keeper::stop() {
  const bool was = impl_->state.with([](State& state) {
    state.stopping = true;
    return std::exchange(state.started, false);
  });
  impl_->state.notify_all();
  if (impl_->thread.joinable()) impl_->thread.join();
  impl_->forwarder->stop();
  if (!was) return;
  checkpoint_now();
  try {
    if (impl_->around.connected())
      impl_->tell_untold();  // it may still arrive; else it is said at the next start
  } catch (const TemporaryFailure& trouble) {
    log::warning("audit trail", {{"why", trouble.what()}});
  }
}

void Keeper::reload(const Config& config) {
  impl_->forwarder->reload(config.audit);
  impl_->state.with([&](State& state) {
    state.minutes = config.audit.checkpoint_minutes;
    state.days = config.audit.days;
    state.next = std::min(state.next,
                          Steady::now() + std::chrono::duration_cast<Steady::duration>(
                                              std::chrono::duration<double, std::ratio<60>>(state.minutes)));
  });
  impl_->state.notify_all();
  impl_->note("configuration", config);
}

std::optional<Forwarding> Keeper::forwarding() const { return impl_->forwarder->state(); }

std::uint64_t Keeper::unsent(std::uint64_t sent) const {
  const std::uint64_t last = store::audit_last(*impl_->around.book.open());
  return last - std::min(last, sent);
}

std::optional<meters::Collector> Keeper::collector() const {
  const std::optional<Forwarding> state = forwarding();
  if (!state) return std::nullopt;
  return meters::Collector{state->connected, unsent(state->sent)};
}

// ---- our own checkpoints ----

void Keeper::Impl::checkpoint(std::function<void(std::optional<audit::Checkpoint>)> done) {
  const auto made = std::make_shared<std::optional<audit::Checkpoint>>();  // shared by the two halves
  const double days = state.with([](State& now) { return now.days; });
  around.book.write(
      [this, made, days](store::Database& database, store::AuditLog& log) {
        const std::int64_t now = unix_ms_now();
        store::cut_trail(database, log, around.trail, signer,
                         now - static_cast<std::int64_t>(days * static_cast<double>(kDayMs)), now);
        *made = store::make_checkpoint(database, log, around.trail, signer, now);
      },
      [this, made, done = std::move(done)](bool written) {
        if (!written) made->reset();
        state.with([](State& now) { now.tell = true; });
        state.notify_all();
        if (done) done(*made);
      });
}

std::optional<audit::Checkpoint> Keeper::checkpoint_now() {
  const auto promise = std::make_shared<std::promise<std::optional<audit::Checkpoint>>>();  // may come late
  auto future = promise->get_future();
  impl_->checkpoint([promise](std::optional<audit::Checkpoint> made) { promise->set_value(made); });
  if (future.wait_for(kWriteWait) != std::future_status::ready) return std::nullopt;
  return future.get();
}

void Keeper::Impl::run() {
  for (;;) {
    const auto wake = state.with([](State& now) { return std::min(now.next, Steady::now() + kLook); });
    const bool stop = state.wait_until(
        wake, [](State& now) { return now.stopping || now.tell; },
        [&](State& now) {
          say = std::exchange(now.tell, false) || say;
          return now.stopping;
        });
    if (stop) return;
    try {
      look();
    } catch (const std::exception& trouble) {
      log::warning("audit trail: it is looked after later", {{"why", trouble.what()}});
      std::this_thread::sleep_for(100ms);
    }
  }
}

void Keeper::Impl::look() {
  if (around.book.on_duty && !around.book.on_duty()) return;
  const bool due = state.with([](State& now) {
    if (Steady::now() < now.next) return false;
    now.next = Steady::now() + std::chrono::duration_cast<Steady::duration>(
                                   std::chrono::duration<double, std::ratio<60>>(now.minutes));
    return true;
  });
  if (due) checkpoint({});
  const bool up = around.connected();
  if (!up || (!say && was_up && Steady::now() < repeat)) {
    was_up = up;
    return;
  }
  was_up = true;
  say = false;
  repeat = Steady::now() + kRepeat;
  tell_untold();
}

void Keeper::Impl::tell_untold() {
  for (const audit::Checkpoint& each : store::untold_checkpoints(*reader, around.carries, kToldAtOnce))
    around.tell(each);
}

// ---- those of others ----

bool Keeper::Impl::has_room(audit::Trail trail) {
  return heard.with([&](Heard& now) {
    if (Steady::now() - now.hour > 1h) now = {Steady::now(), {}};
    return now.count[static_cast<std::size_t>(trail) - 1] < kHeardHour;
  });
}

void Keeper::Impl::count(audit::Trail trail) {
  heard.with([&](Heard& now) { ++now.count[static_cast<std::size_t>(trail) - 1]; });
}

void Keeper::heard(const audit::Checkpoint& checkpoint,
                   std::function<void(const audit::Checkpoint&)> answer) {
  Impl& keeper = *impl_;
  if (!audit::holds(checkpoint)) {
    log::error("audit checkpoint refused: its signature does not fit",
               {{"trail", audit::name_of(checkpoint.trail)}});
    return;
  }
  struct Kept {
    audit::Checkpoint standing;
    bool answered = false, fresh = false, counts = false;
  };
  const auto kept = std::make_shared<Kept>();  // shared by the two halves of one write
  const bool goes_on = keeper.carries(checkpoint.trail), room = keeper.has_room(checkpoint.trail);
  keeper.around.book.write(
      [=](store::Database& database, store::AuditLog& log) {
        *kept = {checkpoint, false, false, false};
        if (is_kept(database, checkpoint)) {
          kept->answered = !goes_on || store::is_told(database, checkpoint);
          return;
        }
        kept->counts = true;
        if (!room) return;
        const std::int64_t now = unix_ms_now();
        const store::Keeping how = store::keep_checkpoint(database, log, checkpoint, now, kept->standing);
        kept->fresh = how == store::Keeping::fresh;
        kept->answered = how == store::Keeping::conflict || !goes_on;
        if (kept->fresh && !goes_on) store::confirm_checkpoint(database, log, checkpoint, now);
      },
      [=, &keeper](bool written) {
        if (!written) return;
        if (kept->counts) keeper.count(checkpoint.trail);
        if (kept->counts && !room)
          log::warning("audit checkpoints: too many in an hour",
                       {{"trail", audit::name_of(checkpoint.trail)}});
        if (kept->answered && answer) answer(kept->standing);
        if (!kept->fresh || !goes_on) return;
        keeper.state.with([](State& now) { now.tell = true; });
        keeper.state.notify_all();
      });
}

void Keeper::confirmed(const audit::Checkpoint& checkpoint, std::function<void()> passed) {
  Impl& keeper = *impl_;
  if (!keeper.carries(checkpoint.trail) || !audit::holds(checkpoint)) {
    log::error("audit checkpoint refused", {{"trail", audit::name_of(checkpoint.trail)}});
    return;
  }
  const auto same = std::make_shared<bool>(false);  // shared by the two halves of one write
  const bool room = keeper.has_room(checkpoint.trail);
  keeper.around.book.write(
      [=](store::Database& database, store::AuditLog& log) {
        *same = false;
        if (room || is_kept(database, checkpoint))
          *same = store::confirm_checkpoint(database, log, checkpoint, unix_ms_now());
      },
      [=, &keeper](bool written) {
        if (!written) return;
        if (!*same) return keeper.count(checkpoint.trail);
        if (passed) passed();
      });
}

audit::Finding Keeper::examine(std::span<const audit::Checkpoint> elsewhere) {
  return store::examine_trail(*impl_->around.book.open(), impl_->around.trail, impl_->signer.key(),
                              elsewhere);
}

}  // namespace kiyome::trail

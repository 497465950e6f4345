#include "service/edge/drop/drop_box.h"

#include <map>
#include <thread>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/edge/drop/dispatch.h"
#include "service/edge/drop/drop_rows.h"
#include "service/edge/drop/previews.h"
#include "service/edge/drop/submissions.h"

namespace kiyome::edge {
namespace {

using namespace drop;
using namespace std::chrono_literals;

constexpr auto kHearPause = 100ms;     // states gather so long for one transaction
constexpr auto kTick = 1s;             // between two looks at what is due
constexpr auto kUnsentPause = 10s;     // before a submission that was cut off is tried again
constexpr auto kMovingAskAfter = 60s;  // what should move by itself is asked for so often …
constexpr auto kOpenAskAfter = 1h;     // … and what waits for people

constexpr std::int64_t kHourMs = 3'600'000;

struct Inbox {
  std::map<ItemId, transfer::DropState> heard;  // the latest of each item
  bool ask = false;                             // the link has come up
  bool stop = false;
};

// A walk through items whose state is asked for, some at every turn, so that the link is not flooded.
struct Walk {
  bool moving = false;
  bool under_way = false;
  ItemId after;
  Steady::time_point next{};
  void begin() { under_way = true, after = {}; }
};

}  // namespace

struct DropBox::Impl {
  const Outside outside;
  CurrentConfig config;
  DropStore store;
  UploadFiles files;
  Dispatch dispatch;
  Uploads uploads;
  Submissions submissions;
  Previews previews;
  Guarded<Inbox> inbox;
  // The thread's own.
  Walk moving, open;
  Steady::time_point next_unsent{};
  std::thread thread;

  Impl(const std::string& folder, const DropBoxConfig& told, const Outside& around,
       const std::vector<ItemId>& announced, const store::Place& place)
      : outside(around),
        config(std::make_shared<const DropBoxConfig>(told)),
        store(made_folder(folder), place),
        files(folder, store, outside.wall_ms),
        dispatch(store, files, outside, announced),
        uploads(store, files, outside, config),
        submissions(store, dispatch, outside, config),
        previews(store, outside) {
    moving.moving = true;
    thread = std::thread([this] { run(); });
  }
  ~Impl() {
    inbox.with([](Inbox& now) { now.stop = true; });
    inbox.notify_all();
    thread.join();
  }

  // States are written down together; what fails is asked for again.
  void run() {
    auto next_tick = Steady::now();
    for (;;) {
      Inbox taken = inbox.wait_until(
          next_tick, [](const Inbox& now) { return now.stop || now.ask || !now.heard.empty(); },
          [](Inbox& now) {
            Inbox out = std::move(now);
            now = Inbox{.heard = {}, .ask = false, .stop = out.stop};
            return out;
          });
      attempt("states", [&] { write_down(taken); });
      if (taken.stop) return;
      if (taken.ask) moving.begin(), open.begin();
      if (Steady::now() >= next_tick) {
        next_tick = Steady::now() + kTick;
        turn();
      } else if (!taken.heard.empty()) {
        inbox.wait_until(
            Steady::now() + kHearPause, [](const Inbox& now) { return now.stop; }, [](Inbox&) {});
      }
    }
  }

  template <class Work>
  void attempt(std::string_view what, Work&& work) {
    try {
      work();
    } catch (const std::exception& trouble) {
      log::error("drop_box", {{"what", what}, {"reason", std::string_view(trouble.what())}});
    }
  }

  void write_down(const Inbox& taken) {
    std::vector<transfer::DropState> states;
    for (const auto& [id, state] : taken.heard) states.push_back(state);
    store.hear(states, outside.wall_ms());
  }

  void turn() {
    if (!store.any()) return;  // as on an edge that has no drop box
    attempt("idle uploads", [&] { drop_idle_uploads(); });
    attempt("history", [&] {
      const std::int64_t day_ago = outside.wall_ms() - kDayMs;
      const auto history = static_cast<std::int64_t>(now(config)->history_days * double(kDayMs));
      store.prune(outside.wall_ms() - history, day_ago);
    });
    attempt("submissions", [&] { go_on(); });
    attempt("questions", [&] {
      walk(moving, kMovingAskAfter);
      walk(open, kOpenAskAfter);
    });
  }

  void drop_idle_uploads() {
    const std::int64_t before = outside.wall_ms() - std::int64_t{now(config)->upload_hours} * kHourMs;
    for (const ItemId& id : store.idle_uploads(before))
      if (!files.standing(id) && files.drop(id))
        log::info("upload_expired", {{"upload", std::string_view(id.text())}});
  }

  // What a crash or a full disk has cut off.
  void go_on() {
    if (Steady::now() < next_unsent) return;
    next_unsent = Steady::now() + kUnsentPause;
    for (const ItemId& id : store.unsent()) {
      if (inbox.with([](const Inbox& now) { return now.stop; })) return;
      dispatch.send(id, 0ms);
    }
  }

  void walk(Walk& mine, Steady::duration pause) {
    if (!mine.under_way && Steady::now() >= mine.next) mine.begin();
    if (!mine.under_way) return;
    const std::vector<ItemId> items = store.open_items(mine.after, mine.moving);
    for (const ItemId& id : items) outside.ask({id});
    if (items.size() == limits::kDropSweep) {
      mine.after = items.back();
    } else {
      mine.under_way = false;
      mine.next = Steady::now() + pause;
    }
  }
};

DropBox::DropBox(const std::string& folder, const DropBoxConfig& config, const Outside& outside,
                 const std::vector<ItemId>& announced, const store::Place& place)
    : impl_(std::make_unique<Impl>(folder, config, outside, announced, place)) {}
DropBox::~DropBox() = default;

void DropBox::add_to(http::Router& router, portal::Portal& portal) {
  impl_->uploads.add_to(router, portal);
  impl_->submissions.add_to(router, portal);
  impl_->previews.add_to(router, portal);
}

void DropBox::reload(const DropBoxConfig& config) {
  impl_->config.with([&](std::shared_ptr<const DropBoxConfig>& current) {
    current = std::make_shared<const DropBoxConfig>(config);
  });
}

void DropBox::heard(const transfer::DropState& state) {
  impl_->inbox.with([&](Inbox& now) {
    if (now.heard.size() < limits::kDropStatesHeard || now.heard.contains(state.id))
      now.heard[state.id] = state;
  });
  impl_->inbox.notify_all();
}

void DropBox::connected() {
  impl_->inbox.with([](Inbox& now) { now.ask = true; });
  impl_->inbox.notify_all();
}

}  // namespace kiyome::edge

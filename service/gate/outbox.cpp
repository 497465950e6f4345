#include "service/gate/outbox.h"

#include <algorithm>
#include <random>

#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/meters.h"

namespace kiyome::gate {
namespace {

using delivery::RecipientResult;

constexpr std::size_t kHeldOctetsMax = 64u << 20;         // contents kept in memory until their first attempt
constexpr std::int64_t kFarMs = 3'600'000;                // nothing is due: look again then
constexpr std::int64_t kDatabaseBackMs = 2'000;           // a shared one comes back by itself
constexpr auto kMayNot = std::chrono::milliseconds(200);  // then it is asked again whether we may send

double random01() {
  thread_local std::minstd_rand generator(std::random_device{}());
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

const char* word(RecipientResult::Kind kind) {
  switch (kind) {
    case RecipientResult::Kind::delivered:
    case RecipientResult::Kind::relayed_without_dsn:
      return "delivered";
    case RecipientResult::Kind::temporary:
      return "delivery put off";
    case RecipientResult::Kind::permanent:
      return "delivery failed";
  }
  return "";
}

void tell(const PendingBundle& bundle, const transfer::Recipient& recipient, const RecipientResult& result) {
  const std::string status = std::to_string(result.status_class) + "." +
                             std::to_string(result.status_subject) + "." +
                             std::to_string(result.status_detail);
  log::info(word(result.kind), bundle.id,
            {{"part", bundle.part},
             {"recipient", recipient.address},
             {"status", status},
             {"hop", result.hop},
             {"reply", result.reply},
             {"attempt", static_cast<std::int64_t>(bundle.attempts) + 1}});
}

void count(const PendingBundle& bundle, const RecipientResult& result, std::int64_t now_ms) {
  const auto kind = static_cast<std::size_t>(result.kind);
  static_assert(static_cast<std::size_t>(RecipientResult::Kind::delivered) == 0 &&
                static_cast<std::size_t>(RecipientResult::Kind::relayed_without_dsn) == 1 &&
                static_cast<std::size_t>(RecipientResult::Kind::temporary) == 2 &&
                static_cast<std::size_t>(RecipientResult::Kind::permanent) == 3);
  meters::gate.attempts[kind].add();
  if (kind <= 1) meters::gate.to_delivery.see(static_cast<double>(now_ms - bundle.received_ms) / 1000);
}

// What is there and cannot be read, or not now: the same for every recipient.
std::vector<RecipientResult> local_trouble(std::size_t count) {
  RecipientResult one;
  one.status_subject = 3;
  one.reply = "the content cannot be read";
  one.reached = true;
  return std::vector<RecipientResult>(count, one);
}

}  // namespace

Outbox::Outbox(GateStore& store, Writer& writer, const SmtpClientConfig& config, const std::string& hostname,
               Calls calls)
    : store_(store), writer_(writer), calls_(std::move(calls)) {
  hop_.with([&](std::shared_ptr<Hop>& hop) { hop = std::make_shared<Hop>(config, hostname); });
  if (!store_.shared())
    store_.pending([&](const PendingBundle& bundle) {
      Entry entry{bundle, nullptr, false, 0};
      entry.bundle.next_ms = next_of(bundle);
      state_.with([&](State& state) { put(state, std::move(entry)); });
    });
  for (std::uint32_t i = 0; i < std::max(config.connections_max, 1u); ++i)
    threads_.emplace_back([this] { run(); });
}

Outbox::~Outbox() { stop(std::chrono::milliseconds(0)); }

// A clock that was set back must not make it wait for longer than a pause.
std::int64_t Outbox::next_of(const PendingBundle& bundle) {
  const std::shared_ptr<Hop> hop = hop_.with([](std::shared_ptr<Hop>& held) { return held; });
  return std::min(bundle.next_ms, calls_.now_ms() + delivery::longest_pause_ms(hop->config));
}

void Outbox::put(State& state, Entry entry) {
  const std::int64_t row = entry.bundle.row;
  state.due.emplace(entry.bundle.next_ms, row);
  state.waiting.insert_or_assign(row, std::move(entry));
}

void Outbox::add(const PendingBundle& bundle, std::shared_ptr<const transfer::Bundle> held) {
  state_.with([&](State& state) {
    if (state.held_octets + held->content.size() > kHeldOctetsMax)
      held.reset();
    else
      state.held_octets += held->content.size();
    put(state, {bundle, std::move(held), false, state.life});
  });
  state_.notify_one();
}

void Outbox::adopt(const std::vector<PendingBundle>& bundles) {
  for (const PendingBundle& bundle : bundles) {
    PendingBundle ours = bundle;
    ours.next_ms = next_of(bundle);
    state_.with([&](State& state) { put(state, {ours, nullptr, false, state.life}); });
  }
  state_.notify_all();
}

void Outbox::abandon() {
  state_.with([](State& state) {
    state.waiting.clear();
    state.due.clear();
    state.held_octets = 0;
    ++state.life;
  });
}

void Outbox::make_due(const std::vector<std::int64_t>& rows) {
  const std::int64_t now = calls_.now_ms();
  state_.with([&](State& state) {
    for (const std::int64_t row : rows) {
      const auto found = state.waiting.find(row);
      if (found == state.waiting.end()) continue;
      state.due.erase({found->second.bundle.next_ms, row});
      found->second.bundle.next_ms = std::min(found->second.bundle.next_ms, now);
      state.due.emplace(found->second.bundle.next_ms, row);
    }
  });
  state_.notify_all();
}

void Outbox::reload(const SmtpClientConfig& config, const std::string& hostname) {
  std::shared_ptr<Hop> next = std::make_shared<Hop>(config, hostname);
  hop_.with([&](std::shared_ptr<Hop>& hop) { hop.swap(next); });
  state_.with([&](State& state) {
    std::erase_if(state.replaced, [](const std::weak_ptr<Hop>& old) { return old.expired(); });
    state.replaced.push_back(next);
  });
  note_reached(true);
}

unsigned Outbox::retry(const ItemId& id) {
  const std::int64_t now = calls_.now_ms();
  const unsigned found = state_.with([&](State& state) {
    unsigned count = 0;
    for (auto& [row, entry] : state.waiting) {
      if (entry.bundle.id != id) continue;
      state.due.erase({entry.bundle.next_ms, row});
      entry.bundle.next_ms = now;
      state.due.emplace(now, row);
      ++count;
    }
    return count;
  });
  state_.notify_all();
  return found;
}

Outbox::Numbers Outbox::numbers() {
  return state_.with([](State& state) {
    return Numbers{state.waiting.size(), state.sending, state.reached};
  });
}

void Outbox::stop(std::chrono::milliseconds patience) {
  if (threads_.empty()) return;
  state_.with([](State& state) { state.stopping = true; });
  state_.notify_all();
  state_.wait_until(
      Steady::now() + patience, [](State& state) { return state.sending == 0; }, [](State&) {});
  const std::shared_ptr<Hop> hop = hop_.with([](std::shared_ptr<Hop>& held) { return held; });
  hop->sender.stop();
  for (const std::weak_ptr<Hop>& old : state_.with([](State& state) { return state.replaced; }))
    if (const std::shared_ptr<Hop> used = old.lock()) used->sender.stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

std::optional<Outbox::Entry> Outbox::next() {
  for (;;) {
    std::int64_t earliest = 0;
    std::optional<Entry> out;
    const std::int64_t now = calls_.now_ms();
    if (calls_.may_send && !calls_.may_send()) {
      const bool end = state_.wait_until(
          Steady::now() + kMayNot, [](State& state) { return state.stopping; },
          [](State& state) { return state.stopping; });
      if (end) return out;
      continue;
    }
    const bool stopping = state_.with([&](State& state) {
      if (state.stopping) return true;
      earliest = state.due.empty() ? now + kFarMs : state.due.begin()->first;
      if (earliest > now) return false;
      const std::int64_t row = state.due.begin()->second;
      state.due.erase(state.due.begin());
      const auto found = state.waiting.find(row);
      out = std::move(found->second);
      state.waiting.erase(found);
      ++state.sending;
      if (out->held) state.held_octets -= out->held->content.size();
      return false;
    });
    if (stopping || out) return out;
    const auto deadline = Steady::now() + std::chrono::milliseconds(std::min(earliest - now, kFarMs));
    state_.wait_until(
        deadline,
        [&](State& state) {
          return state.stopping || (!state.due.empty() && state.due.begin()->first < earliest);
        },
        [](State&) {});
  }
}

void Outbox::run() {
  while (std::optional<Entry> entry = next()) {
    send(std::move(*entry));
    const bool stopping = state_.with([](State& state) {
      --state.sending;
      return state.stopping;
    });
    if (stopping) state_.notify_all();
  }
}

void Outbox::send(Entry entry) {
  const std::shared_ptr<Hop> hop = hop_.with([](std::shared_ptr<Hop>& held) { return held; });
  LoadedBundle loaded;
  const std::vector<transfer::Recipient>* recipients = nullptr;
  delivery::OutgoingMail mail;
  try {
    if (entry.held) {
      recipients = &entry.held->recipients;
      mail = {entry.held->sender, entry.held->ret, entry.held->envid, recipients, entry.held->content};
    } else {
      std::optional<LoadedBundle> found = store_.load(entry.bundle.row);
      if (!found) return;  // finished
      loaded = std::move(*found);
      recipients = &loaded.recipients;
      mail = {loaded.sender, loaded.ret, loaded.envid, recipients, loaded.content->view()};
    }
  } catch (const TemporaryFailure& trouble) {
    log::error("bundle cannot be loaded", entry.bundle.id, {{"why", trouble.what()}});
    return put_off(std::move(entry), store_.shared() ? kDatabaseBackMs : 60'000);
  }
  // Also when the gate begins anew meanwhile: what it had is another's then.
  if (calls_.may_send)
    mail.still_ours = [this, life = entry.life] {
      return calls_.may_send() && state_.with([&](State& state) { return state.life == life; });
    };
  const std::vector<RecipientResult> results =
      mail.content.empty() ? local_trouble(recipients->size()) : hop->sender.send(mail);
  const auto later = [](const RecipientResult& each) {
    return each.kind == RecipientResult::Kind::temporary;
  };
  if (mail.still_ours && !mail.still_ours() && std::ranges::all_of(results, later)) {
    log::warning("not sent: another gate may have it", entry.bundle.id, {});
    return put_off(std::move(entry), kDatabaseBackMs);
  }
  bool reached = false;
  for (std::size_t i = 0; i < recipients->size(); ++i) {
    tell(entry.bundle, (*recipients)[i], results[i]);
    count(entry.bundle, results[i], calls_.now_ms());
    reached = reached || results[i].reached;
  }
  Outcome outcome = judge(entry.bundle, *recipients, results, hop->config, calls_.now_ms(), random01());
  entry.unreached = !reached;
  note_reached(reached);
  settle(std::move(entry), std::move(outcome));
}

// As if it had not been tried.
void Outbox::put_off(Entry entry, std::int64_t pause_ms) {
  entry.held.reset();
  entry.bundle.next_ms = calls_.now_ms() + pause_ms;
  state_.with([&](State& state) {
    if (entry.life == state.life) put(state, std::move(entry));
  });
  state_.notify_one();
}

// When a next hop is back, what waited only for it need not wait for its own pause.
void Outbox::note_reached(bool reached) {
  const std::int64_t now = calls_.now_ms();
  const bool back = state_.with([&](State& state) {
    if (std::exchange(state.reached, reached) || !reached) return false;
    for (auto& [row, entry] : state.waiting) {
      if (!entry.unreached) continue;
      state.due.erase({entry.bundle.next_ms, row});
      entry.bundle.next_ms = std::min(entry.bundle.next_ms, now);
      state.due.emplace(entry.bundle.next_ms, row);
    }
    return true;
  });
  if (back) state_.notify_all();
}

// It waits again only when its outcome is on the disk: else a recipient that has it could get it twice.
void Outbox::settle(Entry entry, Outcome outcome) {
  struct Settled {
    Entry entry;
    Outcome outcome;
    std::vector<NumberedResult> results;
  };
  entry.held.reset();
  const auto settled = std::make_shared<Settled>();  // shared by the two halves of one work
  entry.bundle = outcome.bundle;
  settled->entry = std::move(entry);
  settled->outcome = std::move(outcome);
  Writer::Work work;
  work.kept = true;
  work.lazy = !store_.shared();  // where another gate may take our place, what was sent is written at once
  work.apply = [settled](GateStore& store) { store.record(settled->outcome, settled->results); };
  work.done = [this, settled](bool) {
    calls_.results(settled->results);
    if (settled->outcome.left.empty()) return;
    state_.with([&](State& state) {
      if (settled->entry.life == state.life) put(state, std::move(settled->entry));
    });
    state_.notify_one();
  };
  writer_.submit(std::move(work));
}

}  // namespace kiyome::gate

#include "service/gate/pick_up/rounds.h"

#include <algorithm>
#include <set>
#include <utility>

#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/policy/tenant.h"

namespace kiyome::gate {
namespace {

using namespace std::chrono_literals;

constexpr auto kBetween = 30s;              // of two turns when nothing happens
constexpr std::int64_t kSameTimeMs = 1000;  // looks that were asked for at one time are numbered on by 1 ms

// How a delivery stands for one of its recipients.
struct Standing {
  std::size_t available = 0, waiting = 0, returned = 0, held = 0;
  std::int64_t latest_ms = 0;  // when the last of the available ones became so
};

Standing standing_of(const DropView& drop, const std::string& address) {
  Standing out;
  for (const ItemView& item : drop.items) {
    const RecipientView* one = item.recipient(address);
    if (one == nullptr) continue;
    out.waiting += one->stage == Stage::waiting ? 1 : 0;
    out.returned += one->stage == Stage::returned ? 1 : 0;
    out.held += one->stage == Stage::told ? 1 : 0;
    if (one->stage != Stage::delivered && one->stage != Stage::picked_up) continue;
    ++out.available;
    out.latest_ms = std::max(out.latest_ms, one->available_ms);
  }
  return out;
}

// What he has to be told now, if anything.
std::optional<MailKind> news(const DropView& drop, const std::string& address, const Standing& standing,
                             const MailTold& told) {
  const auto was = [&](MailKind kind) { return told.contains({address, kind}); };
  if (standing.waiting != 0) return std::nullopt;
  if (standing.available != 0) {
    const auto before = told.find({address, MailKind::available});
    if (before == told.end()) return MailKind::available;
    if (standing.latest_ms > before->second && !was(MailKind::more)) return MailKind::more;
    return std::nullopt;
  }
  if (standing.returned != 0)
    return was(MailKind::returned) ? std::nullopt : std::optional(MailKind::returned);
  return drop.complete() && standing.held != 0 && !was(MailKind::held) ? std::optional(MailKind::held)
                                                                       : std::nullopt;
}

// What the trail tells of a mail: each step of an approval.
const char* event_of(MailKind kind) {
  switch (kind) {
    case MailKind::approval:
      return "approval-asked";
    case MailKind::nobody:
      return "approval-nobody";
    default:
      return nullptr;
  }
}

std::string last_comment(const DropView& drop) {
  return drop.decisions.empty() ? std::string() : drop.decisions.back().comment;
}

}  // namespace

Rounds::Rounds(PickUpParts parts, const PickUp& pick_up, RoundsSettings settings)
    : parts_(std::move(parts)), pick_up_(pick_up) {
  reload(std::move(settings));
}

Rounds::~Rounds() { stop(); }

void Rounds::start() {
  thread_ = std::thread([this] { run(); });
}

void Rounds::stop() {
  state_.with([](State& state) { state.stopping = true; });
  state_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Rounds::wake() {
  state_.with([](State& state) { state.woken = true; });
  state_.notify_all();
}

void Rounds::reload(RoundsSettings settings) {
  state_.with([&](State& state) { state.settings = std::move(settings); });
}

bool Rounds::stopping() {
  return state_.with([](State& state) { return state.stopping; });
}

void Rounds::run() {
  for (bool woken = true;;) {
    try {
      // What comes to us we look after at once; with several gates one looks after what time brings.
      if (woken || parts_.keeps_house()) turn();
    } catch (const TemporaryFailure& trouble) {
      log::error("pick-up: a round failed", {{"why", trouble.what()}});
      state_.wait_until(
          Steady::now() + 1s, [](State& state) { return state.stopping; }, [](State&) {});
    }
    const bool end = state_.wait_until(
        Steady::now() + kBetween, [](State& state) { return state.woken || state.stopping; },
        [&](State& state) {
          woken = std::exchange(state.woken, false);
          return state.stopping;
        });
    if (end) return;
  }
}

void Rounds::turn() {
  if (parts_.keeps_house()) end_old();
  for (;;) {
    Deciders deciders = pick_up_.deciders();
    const std::vector<ItemId> due =
        parts_.store.drops().due(parts_.now_ms() + kSameTimeMs, limits::kPickUpRound);
    std::vector<Look> quiet;
    for (const ItemId& submission : due) {
      if (stopping()) return;
      look_after(submission, deciders, quiet);
    }
    // Nothing was to be told of these: one fsync for all of them, however many wait.
    if (!quiet.empty())
      commit(parts_.writer, [quiet](GateStore& store) {
        for (const Look& one : quiet) store.drops().looked(one.submission, one.seen_ms, one.next_ms);
      });
    if (due.size() < limits::kPickUpRound) return;
  }
}

void Rounds::end_old() {
  for (const std::vector<std::string>& tenants : parts_.store.drops().tenants()) end_old_of(tenants);
}

void Rounds::end_old_of(const std::vector<std::string>& tenants) {
  const std::int64_t now = parts_.now_ms();
  const std::shared_ptr<const Config> config = pick_up_.config();
  const auto ago = [&](double days) { return now - static_cast<std::int64_t>(days * kDayMs); };
  const std::int64_t before = ago(policy::pick_up_days_of(*config, tenants));
  const std::int64_t forgotten = ago(policy::retention_of(*config, tenants).records_days);
  struct Ended {
    std::size_t ended = 0, forgotten = 0;
    std::vector<NumberedResult> results;
  };
  for (bool more = true; more && !stopping();) {
    const auto ended = std::make_shared<Ended>();  // shared with the writer's thread
    commit(
        parts_.writer,
        [=](GateStore& store) {
          ended->ended = store.drops().expire(tenants, before, now, ended->results);
          ended->forgotten = store.drops().forget(tenants, std::min(forgotten, before));
        },
        [this, ended] { parts_.results(ended->results); });
    if (ended->ended != 0)
      log::info("deliveries ended", {{"count", static_cast<std::int64_t>(ended->ended)}});
    more = ended->ended == limits::kPickUpRound || ended->forgotten == limits::kPickUpRound;
  }
}

std::vector<Letter> Rounds::letters_for(const DropView& drop, Deciders& deciders, bool& waits) {
  const MailTold told = parts_.store.drops().told(drop.submission);
  std::set<std::string> addresses;
  for (const ItemView& item : drop.items)
    for (const RecipientView& one : item.recipients) addresses.insert(one.address);
  Letter letter;
  letter.title = drop.title;
  letter.sender = drop.sender;
  letter.sender_name = drop.sender_name;
  letter.expires_ms = pick_up_.expires_ms(drop);
  std::vector<Letter> out;
  const auto add = [&](const std::string& to, MailKind kind, std::size_t files, std::size_t held) {
    letter.to = to;
    letter.kind = kind;
    letter.files = files;
    letter.held = held;
    letter.comment = kind == MailKind::returned ? last_comment(drop) : std::string();
    out.push_back(letter);
  };
  std::set<std::string> asked;
  for (const std::string& address : addresses) {
    const Standing standing = standing_of(drop, address);
    const bool person = !parts_.is_folder(address);
    if (const std::optional<MailKind> kind = person ? news(drop, address, standing, told) : std::nullopt)
      add(address, *kind, *kind == MailKind::returned ? standing.returned : standing.available,
          standing.held);
    if (standing.waiting == 0) continue;
    waits = true;
    const std::vector<auth::Account> may_decide = deciders.of(drop, address);
    if (may_decide.empty()) {
      const MailKind kind = deciders.knows(address) ? MailKind::nobody : MailKind::sign_in;
      if (!told.contains({address, kind})) add(address, kind, standing.waiting, standing.held);
    }
    for (const auth::Account& one : may_decide) {
      const std::string to = lower(one.mail);
      if (to.empty() || told.contains({to, MailKind::approval}) || !asked.insert(to).second) continue;
      add(to, MailKind::approval, standing.waiting, standing.held);
    }
  }
  return out;
}

void Rounds::look_after(const ItemId& submission, Deciders& deciders, std::vector<Look>& quiet) {
  const std::optional<DropView> drop = parts_.store.drops().load(submission);
  if (!drop) return;
  bool waits = false;
  const std::vector<Letter> letters = letters_for(*drop, deciders, waits);
  const std::int64_t next_ms = waits ? parts_.now_ms() + limits::kPickUpLookMs : 0;
  if (letters.empty())
    quiet.push_back({submission, drop->look_ms, next_ms});
  else
    send(*drop, letters, next_ms);
}

void Rounds::send(const DropView& drop, const std::vector<Letter>& letters, std::int64_t next_ms) {
  struct Sent {
    std::int64_t row = 0;
    std::shared_ptr<const transfer::Bundle> mail;  // shared with the outbox
  };
  const std::int64_t now = parts_.now_ms();
  const Letterhead head = state_.with([](State& state) { return state.settings.head; });
  std::vector<std::pair<Letter, std::shared_ptr<const transfer::Bundle>>> mails;
  for (const Letter& letter : letters) {
    if (letter.kind == MailKind::nobody) {
      log::warning("pick-up: nobody may approve what waits",
                   {{"submission", drop.submission.text()}, {"recipient", letter.to}});
      mails.emplace_back(letter, nullptr);
      continue;
    }
    try {
      mails.emplace_back(letter,
                         std::make_shared<transfer::Bundle>(write_mail(letter, head, new_item_id(), now)));
    } catch (const TemporaryFailure& trouble) {
      log::error("pick-up: nobody is told", {{"to", letter.to}, {"why", trouble.what()}});
      if (next_ms == 0) next_ms = now + limits::kPickUpLookMs;  // as soon as the configuration is mended
    }
  }
  const auto sent = std::make_shared<std::vector<Sent>>();  // shared with the writer's thread
  commit(parts_.writer, [=, id = drop.submission, seen_ms = drop.look_ms](GateStore& store) {
    for (const auto& [letter, mail] : mails) {
      if (!store.drops().tell(id, letter.to, letter.kind, now)) continue;
      if (const char* event = event_of(letter.kind))
        store.drops().audit().note(event, &id, "gate", "{\"to\":" + log::json_string(letter.to) + "}", now);
      if (!mail) continue;
      if (const std::optional<std::int64_t> row = store.insert(*mail, now)) sent->push_back({*row, mail});
    }
    store.drops().looked(id, seen_ms, next_ms);
  });
  for (const Sent& one : *sent) parts_.mail(one.row, now, one.mail);
}

}  // namespace kiyome::gate

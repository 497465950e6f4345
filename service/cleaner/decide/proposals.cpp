#include "service/cleaner/decide/proposals.h"

#include <algorithm>
#include <charconv>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/cleaner/decide/proposal_words.h"
#include "service/http/json_body.h"
#include "service/http/json_text.h"

namespace kiyome::cleaner {
namespace {

using http::Problem;
using review::Actor;
using review::Call;
using review::Reply;
using store::Proposal;

constexpr auto kLook = std::chrono::seconds(2);  // how late an expiry may be noticed
constexpr auto kTroublePause = std::chrono::seconds(20);
constexpr auto kDoneWait = std::chrono::seconds(10);  // of a browser for what it agreed to
constexpr std::int64_t kDelegationMs = 366 * 86'400'000LL;
constexpr double kHourMs = 3'600'000;

[[noreturn]] void not_found() { throw Problem{404, "not-found", {}, {}, {}}; }
[[noreturn]] void decided() {
  throw Problem{409, "decided", "すでに決定されています / It was decided already", {}, {}};
}

// An original is for two people who each showed who they are, and so is what one does alone in need; whoever
// holds a token of theirs is neither.
void in_person(const Actor& actor) {
  if (actor.program)
    throw Problem{
        403,
        "forbidden",
        "本人がサインインして行います（プログラムのトークンでは行えません） / This is for people who "
        "signed in, not for a program's token",
        {},
        {}};
}

std::int64_t number_in(const Call& call, const char* name) {
  const auto found = call.path.find(name);
  if (found == call.path.end()) not_found();
  const std::string& text = found->second;
  std::int64_t out = 0;
  const auto [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (trouble != std::errc() || end != text.data() + text.size() || out <= 0) not_found();
  return out;
}

std::string login_of(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

}  // namespace

Proposals::Proposals(Parts parts, const store::CleanerKeyPair& key, const store::ItemsAt& at)
    : parts_(std::move(parts)),
      store_(parts_.items, at),
      originals_(parts_.items, parts_.originals, parts_.config, key) {}

void Proposals::start() {
  thread_ = std::thread([this] { run(); });
}

Proposals::~Proposals() { stop(); }

void Proposals::stop() {
  state_.with([](State& state) { state.stopped = true; });
  state_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Proposals::add_to(review::Desk& desk) {
  desk.on("listProposals", [this](const Call& call) { return list(call); });
  desk.on("propose", [this](const Call& call) { return propose_original(call); });
  desk.on("getProposal", [this](const Call& call) { return get(call); });
  desk.on("decideProposal", [this](const Call& call) { return decide(call); });
  desk.on("breakGlass", [this](const Call& call) { return break_glass(call); });
  desk.on("showPassword", [this](const Call& call) { return password(call); });
  desk.on("getReviewDelegation", [this](const Call& call) { return delegation(call); });
  desk.on("setReviewDelegation", [this](const Call& call) { return delegate(call); });
  desk.on("listAllowances", [this](const Call& call) { return allowances(call); });
  desk.on("endAllowance", [this](const Call& call) { return end_allowance(call); });
}

// ---- what is told ----

store::LettersOf Proposals::letters(const char* words, bool to_reviewers, bool to_those_above) {
  const auto config = parts_.config.get();
  return [=](const Proposal& proposal) {
    std::set<std::string> to;
    if (to_reviewers) to.insert(config->console.reviewers.begin(), config->console.reviewers.end());
    if (to_those_above) to.insert(config->console.escalate_to.begin(), config->console.escalate_to.end());
    std::vector<store::OwnLetter> out;
    for (const std::string& each : to) out.push_back({each, proposal_letter(words, proposal, each, *config)});
    return out;
  };
}

// A person sees the proposals about items that are there for him, or for somebody whom he stands in for. Of a
// proposal of that very person only what he sees himself counts: nobody is his own second person by a
// stand-in.
bool Proposals::may_see(const Actor& actor, const Proposal& proposal, std::string* as) {
  if (!proposal.item) return actor.tenant.empty();
  if (actor.tenant.empty() || parts_.sight.may_see(actor, *proposal.item)) return true;
  for (const store::Delegation& each : store_.delegations_to(actor.login, unix_ms_now())) {
    if (each.login == proposal.proposed_by) continue;
    Actor stood_in = actor;
    stood_in.tenant = each.tenant;
    if (!each.tenant.empty() && !parts_.sight.may_see(stood_in, *proposal.item)) continue;
    if (as != nullptr) *as = each.login;
    return true;
  }
  return false;
}

store::Proposal Proposals::proposal_of(const Call& call) {
  std::optional<Proposal> found = store_.find(number_in(call, "proposal"));
  if (!found || !may_see(call.actor, *found)) not_found();
  return std::move(*found);
}

void Proposals::write(const Actor& actor, const Proposal& proposal, http::JsonText& out) {
  const bool mine = proposal.proposed_by == actor.login;
  const bool open = proposal.state == "open" && proposal.until_ms > unix_ms_now();
  out.begin_object().member("number", proposal.number);
  if (proposal.item) out.member("item", proposal.item->text()).member("item_subject", proposal.item_subject);
  out.member("kind", proposal.kind).key("what").raw(proposal.what).member("reason", proposal.reason);
  out.member("by", proposal.proposed_by).time("proposed_at", proposal.proposed_ms);
  out.time("until", proposal.until_ms).member("state", public_state(proposal, unix_ms_now()));
  if (proposal.decided_ms != 0)
    out.member("decided_by", proposal.decided_by)
        .time("decided_at", proposal.decided_ms)
        .member("answer", proposal.answer);
  out.member("outcome", proposal.outcome).member("mine", mine);
  out.member("may_decide",
             open && !mine && (actor.has(review::kReviewer) || actor.has(review::kAdministrator)));
  out.member("may_break_glass", open && mine && actor.has(review::kReviewer) && proposal.kind != "original");
  out.member("password_waits", mine && proposal.password_until_ms > unix_ms_now());
  out.end_object();
}

Reply Proposals::shown(const Call& call, std::int64_t number) {
  const std::optional<Proposal> now = store_.find(number);
  if (!now) not_found();
  http::JsonText out;
  write(call.actor, *now, out);
  return Reply::json(out.take());
}

Reply Proposals::list(const Call& call) {
  const std::string state = review::text_of(call, "state", 10);
  if (!state.empty() && state != "open" && state != "all") throw Problem{422, "invalid", {}, {"state"}, {}};
  const std::int64_t after = review::number_of(call, "after", 0, 0, INT64_MAX);
  const auto limit = static_cast<std::size_t>(review::number_of(call, "limit", 50, 1, limits::kReviewListed));
  std::size_t count = 0;
  std::int64_t last = 0, next = 0;
  http::JsonText out;
  out.begin_object().key("proposals").begin_array();
  const std::int64_t now = unix_ms_now();
  store_.list(state != "all", after, [&](const Proposal& each) {
    if (state != "all" && each.until_ms <= now) return true;  // about to be written down as expired
    if (!may_see(call.actor, each)) return true;
    if (count == limit) {
      next = last;
      return false;
    }
    ++count;
    last = each.number;
    write(call.actor, each, out);
    return true;
  });
  out.end_array();
  if (next != 0) out.member("next", std::to_string(next));
  out.end_object();
  return Reply::json(out.take());
}

// ---- what is asked for ----

std::int64_t Proposals::propose(const Call& call, const std::string& kind, const ItemId& item,
                                const std::string& what, const std::string& reason) {
  const auto config = parts_.config.get();
  Proposal proposal;
  proposal.item = item;
  proposal.kind = kind;
  proposal.what = what;
  proposal.reason = reason;
  proposal.proposed_by = call.actor.login;
  proposal.tenant = call.actor.tenant;
  proposal.proposed_ms = unix_ms_now();
  proposal.until_ms =
      proposal.proposed_ms + static_cast<std::int64_t>(config->console.proposal_hours * kHourMs);
  const std::int64_t number = store_.add(std::move(proposal), letters("proposal", true, false));
  if (number == 0)
    throw Problem{429, "quota", "二人目を待つものが多すぎます / Too much waits for a second person", {}, {}};
  return number;
}

Reply Proposals::propose_original(const Call& call) {
  struct Asked {
    std::string item, reason;
    OriginalOrder order;
  };
  const Asked asked = review::read_body(call, [](http::JsonObject& json) {
    Asked out;
    if (json.text("kind", 20) != "original") json.wrong("kind");
    out.item = json.text("item", 36);
    if (!ItemId::parse(out.item)) json.wrong("item");
    out.order.to = login_of(json.text("to", limits::kAccountText));
    out.reason = json.text("reason", limits::kReviewReason);
    const std::string zone = json.optional_text("zone", 10);
    if (!zone.empty()) out.order.zone = zone;
    if (out.order.zone != "internet" && out.order.zone != "closed") json.wrong("zone");
    return out;
  });
  const ItemId item = parts_.sight.item_of(call.actor, asked.item);
  in_person(call.actor);
  // An item of several tenants: a tenant's account sends it to none of the others' people.
  if (asked.order.zone == "closed" && !parts_.sight.may_see(call.actor, asked.order.to))
    throw Problem{422, "invalid", {}, {"to"}, {}};
  originals_.check(item, asked.order);
  const std::int64_t number = propose(call, "original", item, order_json(asked.order), asked.reason);
  http::JsonText out;
  out.begin_object().member("proposal", number).end_object();
  return Reply::json(out.take(), 202);
}

Reply Proposals::get(const Call& call) { return shown(call, proposal_of(call).number); }

// Shown once, and by a POST: a page that is loaded twice must not lose it.
Reply Proposals::password(const Call& call) {
  const Proposal proposal = proposal_of(call);
  in_person(call.actor);
  const std::string sealed = proposal.proposed_by == call.actor.login
                                 ? store_.take_password(proposal.number, call.actor.login, unix_ms_now())
                                 : std::string();
  const std::string word = sealed.empty() ? std::string() : originals_.password(proposal.number, sealed);
  if (word.empty())
    throw Problem{
        404, "not-found", "表示できるパスワードはありません / There is no password to be shown", {}, {}};
  http::JsonText out;
  out.begin_object().member("password", word).end_object();
  return Reply::json(out.take());
}

// ---- what is decided ----

Reply Proposals::decide(const Call& call) {
  struct Asked {
    bool agree = false;
    std::string reason;
  };
  const Asked asked = review::read_body(call, [](http::JsonObject& json) {
    Asked out;
    const std::string decision = json.text("decision", 10);
    out.agree = decision == "agree";
    if (!out.agree && decision != "refuse") json.wrong("decision");
    out.reason = json.text("reason", limits::kReviewReason);
    return out;
  });
  const Proposal proposal = proposal_of(call);
  if (proposal.kind == "original" && asked.agree) in_person(call.actor);
  if (proposal.proposed_by == call.actor.login)
    throw Problem{403,
                  "same-person",
                  "提案した人とは別の人が決定します / It takes somebody else than the proposer",
                  {},
                  {}};
  if (asked.agree && proposal.state == "open" && proposal.kind == "original" && proposal.item)
    originals_.check(*proposal.item, order_of(proposal.what));
  store::Proposals::Decision decision;
  decision.number = proposal.number;
  decision.agree = asked.agree;
  decision.by = call.actor.login;
  decision.answer = asked.reason;
  decision.now_ms = unix_ms_now();
  may_see(call.actor, proposal, &decision.as);
  if (!store_.decide(decision)) decided();
  if (asked.agree) wait_until_done(proposal.number);
  return shown(call, proposal.number);
}

Reply Proposals::break_glass(const Call& call) {
  const std::string reason = review::read_body(
      call, [](http::JsonObject& json) { return json.text("reason", limits::kReviewReason); });
  const Proposal proposal = proposal_of(call);
  if (proposal.kind == "original")
    throw Problem{403,
                  "forbidden",
                  "原本は一人では解放できません / An original never leaves by one person alone",
                  {},
                  {}};
  if (proposal.proposed_by != call.actor.login)
    throw Problem{403, "forbidden", "提案した人だけが行えます / Only its proposer may do this", {}, {}};
  in_person(call.actor);
  store::Proposals::Decision decision;
  decision.number = proposal.number;
  decision.agree = decision.alone = true;
  decision.by = call.actor.login;
  decision.answer = reason;
  decision.now_ms = unix_ms_now();
  if (!store_.decide(decision, letters("broken-glass", true, true))) decided();
  wait_until_done(proposal.number);
  return shown(call, proposal.number);
}

// ---- who stands in, and what is let through ----

Reply Proposals::delegation(const Call& call) {
  const std::int64_t now = unix_ms_now();
  http::JsonText out;
  out.begin_object();
  if (const auto mine = store_.delegation_of(call.actor.login, now))
    out.member("to", mine->delegate).time("until", mine->until_ms);
  out.key("of").begin_array();
  for (const store::Delegation& each : store_.delegations_to(call.actor.login, now))
    out.begin_object().member("login", each.login).time("until", each.until_ms).end_object();
  out.end_array().end_object();
  return Reply::json(out.take());
}

// "to": "" ends it.
Reply Proposals::delegate(const Call& call) {
  const std::int64_t now = unix_ms_now();
  const store::Delegation asked = review::read_body(call, [&](http::JsonObject& json) {
    store::Delegation out;
    out.login = call.actor.login;
    out.tenant = call.actor.tenant;
    out.delegate = login_of(json.optional_text("to", limits::kAccountText));
    const bool plain = std::all_of(out.delegate.begin(), out.delegate.end(),
                                   [](char c) { return c > ' ' && static_cast<unsigned char>(c) < 0x7f; });
    if (!plain || out.delegate == out.login) json.wrong("to");
    const std::string until = json.optional_text("until", 40);
    if (out.delegate.empty()) return out;
    out.until_ms = unix_ms_of(until).value_or(0);
    if (out.until_ms <= now || out.until_ms > now + kDelegationMs) json.wrong("until");
    return out;
  });
  if (!store_.delegate(asked, now))
    throw Problem{
        422, "invalid", "その人はあなたの代理をしています / That person stands in for you", {"to"}, {}};
  return delegation(call);
}

// A tenant's people see and end its own: what counts for everybody was decided above them.
Reply Proposals::allowances(const Call& call) {
  const std::int64_t now = unix_ms_now();
  http::JsonText out;
  out.begin_object().key("allowances").begin_array();
  for (const store::Allowance& each : store_.allowances(call.actor.tenant, limits::kAllowances)) {
    out.begin_object().member("number", each.number).member("sender", each.sender).member("type", each.type);
    out.time("until", each.until_ms).member("by", each.allowed_by).member("agreed_by", each.agreed_by);
    out.member("reason", each.reason).time("created_at", each.created_ms);
    if (!each.tenant.empty()) out.member("tenant", each.tenant);
    out.member("ended", each.ended_ms != 0 || each.until_ms <= now).end_object();
  }
  out.end_array().end_object();
  return Reply::json(out.take());
}

// Tightens: one person is enough.
Reply Proposals::end_allowance(const Call& call) {
  if (!store_.end_allowance(number_in(call, "allowance"), call.actor.tenant, call.actor.login, unix_ms_now()))
    not_found();
  return Reply::none();
}

// ---- what is done ----

// Two rounds: the thread may be in the middle of one that began before.
void Proposals::wait_until_done(std::int64_t number) {
  const std::uint64_t before = state_.with([](State& state) {
    state.woken = true;
    return state.rounds;
  });
  state_.notify_all();
  const auto deadline = Steady::now() + kDoneWait;
  for (std::uint64_t seen = before; Steady::now() < deadline;) {
    const std::optional<Proposal> now = store_.find(number);
    if (!now || now->state != "agreed") return;
    state_.wait_until(
        deadline, [&](State& state) { return state.rounds != seen || state.stopped; },
        [&](State& state) { seen = state.rounds; });
    if (state_.with([](State& state) { return state.stopped; })) return;
  }
}

void Proposals::carry_out(const Proposal& proposal) {
  store::Proposals::Outcome outcome;
  try {
    if (proposal.kind == "original") {
      outcome = originals_.release(proposal);
    } else if (proposal.carried > 0) {  // an earlier life did it, and ended before it said so
      outcome.text = "recipients " + std::to_string(proposal.carried);
      outcome.done = true;
    } else {
      const std::optional<std::string> text = parts_.apply(proposal);
      if (!text) return;  // it takes longer
      outcome.text = *text;
      outcome.done = true;
    }
  } catch (const Problem& problem) {
    if (problem.code == "busy") throw TemporaryFailure("the item is in somebody else's hands");
    outcome.text = problem.code;
  }
  if (store_.finish(proposal.number, outcome) && outcome.crossing)
    parts_.leaving(std::move(*outcome.crossing));
  log::info("proposal", proposal.item.value_or(ItemId{}),
            {{"number", proposal.number}, {"kind", proposal.kind}, {"outcome", outcome.text}});
}

void Proposals::look() {
  const auto config = parts_.config.get();
  const std::int64_t now = unix_ms_now();
  store_.expire(now);
  store_.escalate(now - static_cast<std::int64_t>(config->console.escalation_hours * kHourMs), now,
                  letters("escalation", false, true));
}

void Proposals::run() {
  for (;;) {
    bool trouble = false;
    const auto guarded = [&](auto&& work) {
      try {
        work();
      } catch (const std::exception& why) {
        trouble = true;
        log::warning("proposals wait", {{"why", why.what()}});
      }
    };
    std::vector<Proposal> agreed;
    if (parts_.items.keeps_house()) {  // of those who share the store one carries out what was agreed
      guarded([&] { look(); });
      guarded([&] { agreed = store_.agreed(); });
    }
    for (const Proposal& each : agreed) {
      if (state_.with([](State& state) { return state.stopped; })) return;
      guarded([&] { carry_out(each); });
    }
    state_.with([](State& state) { ++state.rounds; });
    state_.notify_all();
    const bool stopped = state_.wait_until(
        Steady::now() + (trouble ? kTroublePause : kLook),
        [](State& state) { return state.woken || state.stopped; },
        [](State& state) {
          state.woken = false;
          return state.stopped;
        });
    if (stopped) return;
  }
}

}  // namespace kiyome::cleaner

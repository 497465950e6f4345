#include "service/cleaner/decide/decisions.h"

#include <algorithm>
#include <thread>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/cleaner/report.h"
#include "service/policy/tenant.h"

namespace kiyome::cleaner {
namespace {

constexpr auto kLook = std::chrono::milliseconds(20);
constexpr auto kCarryPatience = std::chrono::milliseconds(2'000);  // other proposals wait behind it
constexpr auto kBulkPatience = std::chrono::milliseconds(20'000);  // for all items of one request
constexpr auto kBulkItem = std::chrono::milliseconds(500);         // … for one that somebody else is at

bool is_held(const store::RecipientRow& row) {
  return row.state == store::State::held && row.verdict != Verdict::rejected;
}
bool is_served(const store::RecipientRow& row) {
  return row.state == store::State::sending || row.state == store::State::delivered ||
         row.state == store::State::bounced;
}

Order order_of(const Decision& decision, const Decider& decider) {
  Order out;
  out.served = decision.kind == DecisionKind::clean_again;
  // A password alone lifts no hold by policy.
  out.lifts_hold = decision.kind == DecisionKind::release || decision.kind == DecisionKind::without_part ||
                   (decision.kind == DecisionKind::clean_again && decision.policy);
  if (decision.kind == DecisionKind::clean_again) {
    out.policy = decision.policy;
    out.part = decision.part;
    out.passwords = decision.passwords;
  } else if (decision.kind == DecisionKind::without_part) {
    out.left_out = decision.part;
  }
  out.text = decision.text;
  const bool opens = !decision.passwords.empty() && !decision.policy;  // as by words of a later mail
  out.event = opens ? "unlock" : name_of(decision.kind);
  out.detail = decision_detail(decision, decider);
  out.behalf = decider.behalf;
  return out;
}

void write_why(http::JsonText& out, const std::vector<clean::Finding>& why) {
  out.key("why").begin_array();
  for (const clean::Finding each : why) {
    const clean::FindingInfo& told = clean::info(each);
    out.begin_object().member("code", told.slug).member("ja", told.japanese).member("en", told.english);
    out.end_object();
  }
  out.end_array();
}

review::Reply reply_of(const Decided& decided) {
  http::JsonText out;
  out.begin_object().member("recipients", decided.recipients);
  if (decided.working) out.member("state", "working");
  if (decided.recipients == 0 && !decided.working) write_why(out, decided.why);
  return review::Reply::json(out.end_object().take(), decided.working ? 202 : 200);
}

}  // namespace

std::string decision_detail(const Decision& decision, const Decider& decider) {
  std::string out;
  const auto add = [&](const char* name, std::string_view text) {
    if (!text.empty()) out.append(",\"").append(name).append("\":").append(log::json_string(text));
  };
  add("reason", decision.reason);
  add("agreed_by", decider.agreed_by);
  add("place", decision.part);
  if (decision.policy) add("policy", name_of(*decision.policy));
  if (decider.behalf.proposal != 0) out += ",\"proposal\":" + std::to_string(decider.behalf.proposal);
  if (decider.behalf.request != 0) out += ",\"request\":" + std::to_string(decider.behalf.request);
  if (!decision.passwords.empty()) out += ",\"passwords\":" + std::to_string(decision.passwords.size());
  return out;
}

std::vector<store::RecipientRow> Decisions::concerned(const ItemId& item, const Decision& decision,
                                                      const Decider& decider) {
  std::vector<store::RecipientRow> rows = parts_.items.recipients(item);
  const std::size_t all = rows.size();
  const std::shared_ptr<const Config> config = parts_.config.get();
  std::erase_if(rows, [&](const store::RecipientRow& row) {
    const auto& named = decision.recipients;
    return (!named.empty() && std::find(named.begin(), named.end(), row.index) == named.end()) ||
           !policy::is_own(config->tenants, decider.tenant, row.address);
  });
  // They share the file.
  if (rows.size() != all && parts_.items.is_drop(item))
    throw http::Problem{422, "invalid", {}, {"recipients"}, {}};
  return rows;
}

// A further cleaning: in the queue, or there is nobody for whom it makes sense.
Decisions::Pending Decisions::order(const store::ItemRow& item, const Decision& decision,
                                    const Decider& decider, Steady::time_point deadline) {
  if (!item.original_kept) throw http::Problem{409, "not-kept", {}, {}, {}};
  Work work;
  work.where = item.where;
  work.actor = decider.login;
  work.order = order_of(decision, decider);
  const auto answer = std::make_shared<std::promise<Told>>();  // shared: it may come after we gave up
  work.told = [answer](const Told& told) { answer->set_value(told); };
  // Somebody else may be at it at this moment: then what is left when he is done counts.
  for (;; std::this_thread::sleep_for(kLook)) {
    work.order->recipients.clear();
    for (const store::RecipientRow& row : concerned(item.id, decision, decider))
      if (is_held(row) || (work.order->served && is_served(row))) work.order->recipients.push_back(row.index);
    if (work.order->recipients.empty()) throw http::Problem{409, "decided", {}, {}, {}};
    if (parts_.queue.put(work)) break;
    if (Steady::now() > deadline || parts_.queue.stopped()) throw http::Problem{409, "busy", {}, {}, {}};
  }
  return {std::nullopt, answer->get_future(), static_cast<unsigned>(work.order->recipients.size())};
}

Decisions::Pending Decisions::begin(const ItemId& id, const Decision& decision, const Decider& decider,
                                    Steady::time_point deadline) {
  const std::optional<store::ItemRow> item = parts_.items.find(id);
  const auto done = [](unsigned recipients) {
    if (recipients == 0) throw http::Problem{409, "decided", {}, {}, {}};
    return Pending{Decided{recipients, false, {}}, {}, 0};
  };
  if (decision.kind == DecisionKind::hold) return done(hold(id, decision, decider));
  if (!item) throw http::Problem{404, "not-found", {}, {}, {}};
  switch (decision.kind) {
    case DecisionKind::reject:
    case DecisionKind::remove:
      return done(settle(*item, decision, decider));
    case DecisionKind::allow:
      return done(allow(*item, decision, decider));
    default:
      check_part(*item, decision);
      return order(*item, decision, decider, deadline);
  }
}

Decided Decisions::wait(Pending& pending, Steady::time_point deadline) {
  if (pending.decided) return *pending.decided;
  if (pending.told.wait_until(deadline) != std::future_status::ready) return {pending.ordered, true, {}};
  const Told told = pending.told.get();
  // Somebody else was first, or they have all that there is.
  if (told.recipients == 0 && told.why.empty()) throw http::Problem{409, "decided", {}, {}, {}};
  return {told.recipients, false, told.why};
}

Decided Decisions::apply(const ItemId& item, const Decision& decision, const Decider& decider,
                         std::chrono::milliseconds patience) {
  const auto deadline = Steady::now() + patience;
  Pending pending = begin(item, decision, decider, deadline);
  return wait(pending, deadline);
}

std::optional<Decided> Decisions::carry_out(const store::Proposal& proposal) {
  auto found = carried_.find(proposal.number);
  if (found == carried_.end()) {
    const Decider decider{
        proposal.proposed_by, proposal.decided_by, proposal.tenant, {.proposal = proposal.number}};
    Pending begun = begin(proposal.item.value_or(ItemId{}), decision_of(proposal.what), decider,
                          Steady::now() + kCarryPatience);
    found = carried_.emplace(proposal.number, std::move(begun)).first;
  }
  if (!found->second.decided && found->second.told.wait_for(kCarryPatience) != std::future_status::ready)
    return std::nullopt;
  Pending done = std::move(found->second);
  carried_.erase(found);
  return wait(done, Steady::now());
}

// What loosens a policy waits for a second person. A password is no part of what waits.
std::optional<std::int64_t> Decisions::proposed(const review::Call& call, const ItemId& item,
                                                const Decision& decision) {
  if (!parts_.config.get()->console.second_person || !loosens(item, decision)) return std::nullopt;
  if (!decision.passwords.empty()) throw http::Problem{422, "invalid", {}, {"passwords"}, {}};
  if (decision.reason.empty()) throw http::Problem{422, "invalid", {}, {"reason"}, {}};
  if (!propose_) throw http::Problem{403, "forbidden", {}, {}, {}};
  check_proposal(item, decision, {call.actor.login, {}, call.actor.tenant, {}});
  return propose_(call, std::string(name_of(decision.kind)), item, decision_json(decision), decision.reason);
}

// What it is now, for who came second.
review::Reply Decisions::lost(const ItemId& item, const Decider& decider) {
  http::JsonText out;
  out.begin_object().member("type", "about:blank").member("title", http::words_of("decided"));
  out.member("status", 409)
      .member("code", "decided")
      .member("id", item.text())
      .key("recipients")
      .begin_array();
  for (const store::RecipientRow& row : concerned(item, {}, decider)) {
    out.begin_object().member("index", row.index).member("address", row.address);
    out.member("state", store::name_of(row.state)).member("verdict", name_of(row.verdict));
    out.time("changed_at", row.changed_ms).end_object();
  }
  out.end_array();
  return {409, "application/problem+json", {}, out.end_object().take()};
}

Decisions::Asked Decisions::ask(const review::Call& call, const ItemId& item, const Decision& decision,
                                std::int64_t request) {
  if (const auto number = proposed(call, item, decision)) return {*number, {}};
  return {0, apply(item, decision, {call.actor.login, {}, call.actor.tenant, {.request = request}})};
}

review::Reply Decisions::decide(const review::Call& call) {
  const ItemId item = parts_.sight.item_of(call);
  const Decision decision = review::read_body(call, read_decision);
  try {
    const Asked asked = ask(call, item, decision);
    if (asked.proposal == 0) return reply_of(asked.decided);
    http::JsonText out;
    return review::Reply::json(out.begin_object().member("proposal", asked.proposal).end_object().take(),
                               202);
  } catch (const http::Problem& problem) {
    if (problem.code != "decided") throw;
    return lost(item, {call.actor.login, {}, call.actor.tenant, {}});
  }
}

// All are begun before one is waited for.
review::Reply Decisions::decide_many(const review::Call& call) {
  struct One {
    std::string id;
    std::optional<Pending> pending;
    std::optional<std::int64_t> proposal;
    std::string code;
    Decided decided;
  };
  std::vector<One> all;
  const Decision decision = review::read_body(call, [&](http::JsonObject& json) {
    for (std::string& id : json.texts("items", limits::kReviewBulk, 36))
      all.push_back({std::move(id), {}, {}, {}, {}});
    return read_decision(json);
  });
  const Decider decider{call.actor.login, {}, call.actor.tenant, {}};
  const auto deadline = Steady::now() + kBulkPatience;
  const auto attempt = [](One& one, const auto& act) {
    try {
      act();
    } catch (const http::Problem& problem) {
      one.code = problem.code;
    } catch (const TemporaryFailure&) {
      one.code = "busy";
    }
  };
  for (One& one : all)
    attempt(one, [&] {
      const ItemId item = parts_.sight.item_of(call.actor, one.id);
      one.proposal = proposed(call, item, decision);
      if (!one.proposal)
        one.pending = begin(item, decision, decider, std::min(deadline, Steady::now() + kBulkItem));
    });
  http::JsonText out;
  out.begin_object().key("results").begin_array();
  for (One& one : all) {
    if (one.pending) attempt(one, [&] { one.decided = wait(*one.pending, deadline); });
    out.begin_object().member("id", one.id);
    if (!one.code.empty())
      out.member("code", one.code);
    else if (one.proposal)
      out.member("proposal", *one.proposal);
    else if (one.decided.working)
      out.member("state", "working");
    else
      out.member("recipients", one.decided.recipients);
    if (one.code.empty() && one.pending && one.decided.recipients == 0 && !one.decided.working)
      write_why(out, one.decided.why);
    out.end_object();
  }
  out.end_array();
  return review::Reply::json(out.end_object().take());
}

void Decisions::add_to(review::Desk& desk) {
  desk.on("decideItem", [this](const review::Call& call) { return decide(call); });
  desk.on("decideItems", [this](const review::Call& call) { return decide_many(call); });
}

}  // namespace kiyome::cleaner

#include "service/cleaner/doors/doors.h"

#include <algorithm>
#include <charconv>

#include "proto/base/limits.h"
#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/compose/notice.h"
#include "service/compose/own_mail.h"
#include "service/store/item_writer.h"

namespace kiyome::cleaner {
namespace {

using namespace std::chrono_literals;
using transfer::DoorStep;

constexpr auto kTick = 500ms;           // how soon what others changed is told
constexpr std::size_t kTold = 500;      // states said at once
constexpr std::size_t kWaiting = 1000;  // passwords in memory; further ones come again
constexpr auto kAnswerPatience = 10s;   // for the store, while a reviewer waits

}  // namespace

void write_request(http::JsonText& out, const store::RequestRow& request) {
  out.begin_object()
      .member("number", request.number)
      .member("item", request.id.text())
      .member("item_subject", request.item_subject)
      .member("sender", request.sender)
      .member("recipient", request.address);
  if (request.part != transfer::kWholeItem) out.member("part", request.part);
  out.member("part_name", request.part_name)
      .time("asked_at", request.asked_ms)
      .member("state", request.state);
  if (request.state != "open") {
    out.member("decided_by", request.decided_by)
        .time("decided_at", request.decided_ms)
        .member("answer", request.answer);
  } else if (request.proposal != 0) {
    out.member("proposal", request.proposal);
  } else if (request.working) {
    out.member("working", true);
  }
  out.end_object();
}

Doors::Doors(Parts parts) : parts_(parts), store_(parts.items.at()) {
  thread_ = std::thread([this] { run(); });
}

Doors::~Doors() { stop(); }

void Doors::stop() {
  state_.with([](State& state) { state.stopping = true; });
  state_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Doors::wake() {
  state_.with([](State& state) { state.changed = true; });
  state_.notify_all();
}

// ---- what comes over the way back ----

bool Doors::take_one() {
  return state_.with([](State& state) {
    const auto now = Steady::now();
    if (now - state.minute > 60s) {
      state.minute = now;
      state.heard = 0;
    }
    if (++state.heard == limits::kDoorBackMinute + 1)
      log::warning("doors: more comes back than may", {{"minute", std::int64_t{limits::kDoorBackMinute}}});
    return state.heard <= limits::kDoorBackMinute;
  });
}

void Doors::heard(const transfer::DoorRequest& request) {
  if (!take_one()) return;                                        // the gate says it again
  const auto step = std::make_shared<std::optional<DoorStep>>();  // shared by the two halves of one write
  parts_.items.write(
      [=](store::ItemWriter& writer) { *step = writer.ask(request, unix_ms_now()); },
      [this, request, step](bool written) {
        if (!written || !*step) return;  // it comes again
        parts_.gate.say(transfer::DoorState{request.id, request.recipient, request.part, **step});
        parts_.gate.flush();
      });
}

void Doors::heard(const transfer::DoorPassword& password) {
  const Place place{password.id, password.recipient};
  const bool first = take_one() && state_.with([&](State& state) {
    return state.waiting.size() < kWaiting && state.trying.insert(place).second;
  });
  if (!first) return;
  const auto step = std::make_shared<std::optional<DoorStep>>();  // shared by the two halves of one write
  const std::uint32_t tries = parts_.config.get()->request.tries;
  parts_.items.write(
      [=](store::ItemWriter& writer) {
        *step = writer.try_password(place.first, place.second, password.attempt, tries, unix_ms_now());
      },
      [this, password, place, step](bool written) {
        if (written && !*step) {
          state_.with([&](State& state) {
            state.waiting.push_back({password.id, password.recipient, password.attempt, password.password});
            state.changed = true;
          });
          return state_.notify_all();
        }
        state_.with([&](State& state) { state.trying.erase(place); });
        if (!written) return;
        parts_.gate.say(
            transfer::DoorState{place.first, place.second, transfer::kLockedParts, **step, password.attempt});
        parts_.gate.flush();
      });
}

void Doors::connected() {
  state_.with([](State& state) { state.again = state.changed = true; });
  state_.notify_all();
}

std::string Doors::before(const BundleKey& bundle) { return store_.frames(bundle.id, bundle.part); }

void Doors::keep_house(std::int64_t now_ms) {
  parts_.items.write([now_ms](store::ItemWriter& writer) { writer.expire_doors(now_ms); }, {});
}

// ---- the thread ----

void Doors::run() {
  for (;;) {
    const bool stop = state_.wait_until(
        Steady::now() + kTick, [](State& state) { return state.stopping || state.changed; },
        [this](State& state) {
          if (std::exchange(state.again, false))
            told_ms_ =
                unix_ms_now() - static_cast<std::int64_t>(parts_.config.get()->request.days * 86'400'000);
          state.changed = false;
          return state.stopping;
        });
    if (stop) return;
    try {
      try_waiting();
      finish_answered();
      tell();
    } catch (const http::Problem&) {  // answered by somebody else meanwhile
    } catch (const std::exception& trouble) {
      log::warning("doors wait", {{"why", trouble.what()}});
    }
  }
}

// What changed in the tables since, whoever changed it.
void Doors::tell() {
  if (!parts_.gate.connected()) return;
  for (std::size_t said = 0; said < limits::kReviewOpen; said += kTold) {
    const std::vector<transfer::DoorState> states = store_.states(told_ms_, kTold, told_ms_);
    for (const transfer::DoorState& state : states) parts_.gate.say(state);
    if (!states.empty()) parts_.gate.flush();
    if (states.size() < kTold) return;
  }
}

// An item that is in somebody's hands has its turn later.
void Doors::try_waiting() {
  std::deque<Pending> waiting = state_.with([](State& state) { return std::exchange(state.waiting, {}); });
  for (Pending& each : waiting) {
    const Place place{each.id, each.recipient};
    const std::optional<store::ItemRow> item = parts_.items.find(each.id);
    if (!item || !item->original_kept) {
      tried(place, each.attempt, {});
      continue;
    }
    Work work;
    work.where = item->where;
    work.actor = "recipient";
    Order& order = work.order.emplace();
    order.recipients = {each.recipient};
    order.held = false;
    order.served = true;
    order.passwords = {each.password};
    order.event = "unlock";
    work.told = [this, place, attempt = each.attempt](const Told& told) { tried(place, attempt, told); };
    if (parts_.queue.put(std::move(work))) continue;
    state_.with([&](State& state) { state.waiting.push_back(std::move(each)); });
  }
}

void Doors::tried(const Place& place, std::uint64_t attempt, const Told& told) {
  const DoorStep step = told.recipients > 0 ? DoorStep::opened : DoorStep::wrong;
  const std::uint32_t tries = parts_.config.get()->request.tries;
  parts_.items.write(
      [=](store::ItemWriter& writer) {
        writer.password_tried(place.first, place.second, attempt, step, tries, unix_ms_now());
      },
      [this, place](bool) {
        state_.with([&](State& state) { state.trying.erase(place); });
        wake();
      });
}

// Requests that were answered elsewhere: by a second person, or by a decision about the item itself.
void Doors::finish_answered() {
  for (const store::RequestRow& request : store_.proposed(kTold)) {
    if (request.proposal_state == "done" || request.proposal_state == "broken-glass")
      answer(request, true, request.decided_by, request.answer);
    else if (request.proposal_state != "open" && request.proposal_state != "agreed")
      parts_.items.write([number = request.number](
                             store::ItemWriter& writer) { writer.request_proposed(number, 0, "", ""); },
                         {});
  }
  // The queue is asked after the row was read: what ends in between leaves its mark before it leaves the
  // queue.
  for (const store::RequestRow& request : store_.working(kTold)) {
    if (state_.with([&](State& state) { return state.deciding.contains(request.number); })) continue;
    if (request.carried)
      answer(request, true, request.decided_by.empty() ? "cleaner" : request.decided_by, request.answer);
    else if (!parts_.queue.has(request.id))
      parts_.items.write(
          [number = request.number](store::ItemWriter& writer) { writer.request_idle(number); }, {});
  }
  // A reviewer looked at the item itself and decided: that answers who asked for it.
  for (const store::RequestRow& request : store_.settled(kTold)) {
    if (state_.with([&](State& state) { return state.deciding.contains(request.number); })) continue;
    answer(request, request.delivered, "cleaner", "");
  }
}

// ---- what reviewers do ----

void Doors::add_to(review::Desk& desk) {
  desk.on("listRequests", [this](const review::Call& call) { return list(call); });
  desk.on("decideRequest", [this](const review::Call& call) { return decide(call); });
}

review::Reply Doors::list(const review::Call& call) {
  const std::string state = review::text_of(call, "state", 10);
  if (!state.empty() && state != "open" && state != "all") throw http::Problem{422, "invalid", {}, {"state"}};
  const std::int64_t after = review::number_of(call, "after", 0, 0, INT64_MAX);
  const auto limit = static_cast<std::size_t>(
      review::number_of(call, "limit", 50, 1, static_cast<std::int64_t>(limits::kReviewListed)));
  const std::vector<store::RequestRow> rows = store_.requests(state != "all", after, limit);
  http::JsonText out;
  out.begin_object().key("requests").begin_array();
  for (const store::RequestRow& row : rows)
    if (parts_.sight.may_see(call.actor, row.address)) write_request(out, row);
  out.end_array();
  if (rows.size() == limit) out.member("next", std::to_string(rows.back().number));
  return review::Reply::json(out.end_object().take());
}

review::Reply Doors::decide(const review::Call& call) {
  struct Given {
    std::string decision, text;
  };
  const Given given = review::read_body(call, [](http::JsonObject& json) {
    Given out{json.text("decision", 10), json.optional_lines("text", limits::kReviewReason)};
    if (out.decision != "grant" && out.decision != "refuse") json.wrong("decision");
    return out;
  });
  const std::string& text = call.path.at("request");
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  const std::optional<store::RequestRow> request = store_.request(number);
  if (!request || std::to_string(number) != text || !parts_.sight.may_see(call.actor, request->address))
    throw http::Problem{404, "not-found", {}, {}, {}};
  if (request->state != "open") throw http::Problem{409, "decided", {}, {}, {}};
  if (request->working || request->carried) throw http::Problem{409, "busy", {}, {}, {}};
  if (given.decision == "grant") return grant(call, *request, given.text);
  answer(*request, false, call.actor.login, given.text);
  http::JsonText out;
  write_request(out, store_.request(number).value_or(*request));
  return review::Reply::json(out.take());
}

// Nobody else answers it meanwhile: what is granted shows in the item before the request is answered.
struct Doors::Deciding {
  Deciding(Guarded<State>& shared, std::int64_t request) : state(shared), number(request) {
    if (!state.with([&](State& held) { return held.deciding.insert(number).second; }))
      throw http::Problem{409, "busy", {}, {}, {}};
  }
  ~Deciding() {
    state.with([&](State& held) { held.deciding.erase(number); });
  }
  Deciding(const Deciding&) = delete;
  Deciding& operator=(const Deciding&) = delete;
  Guarded<State>& state;
  std::int64_t number;
};

// Granting is a decision about the item like any other. What takes longer is answered when it is there.
review::Reply Doors::grant(const review::Call& call, const store::RequestRow& request,
                           const std::string& text) {
  const bool whole = request.part == transfer::kWholeItem;
  Decision decision;
  decision.kind = whole ? DecisionKind::release : DecisionKind::clean_again;
  decision.reason = "受信者の請求 / request " + std::to_string(request.number);
  if (!parts_.items.is_drop(request.id)) decision.recipients = {request.recipient};  // else they share it
  if (!whole) {
    decision.part = std::to_string(request.part);
    decision.policy = Action::flatten;
  }
  const Deciding deciding(state_, request.number);
  const Decisions::Asked asked = [&]() -> Decisions::Asked {
    try {
      return parts_.decisions.ask(call, request.id, decision, request.number);
    } catch (const http::Problem& problem) {
      if (problem.code != "decided") throw;
      return {};
    }
  }();
  http::JsonText out;
  if (asked.proposal != 0) {
    parts_.items.write(
        [=, number = request.number, by = call.actor.login](store::ItemWriter& writer) {
          writer.request_proposed(number, asked.proposal, by, text);
        },
        {});
    return review::Reply::json(out.begin_object().member("proposal", asked.proposal).end_object().take(),
                               202);
  }
  if (asked.decided.working) {
    parts_.items.write([=, number = request.number, by = call.actor.login](
                           store::ItemWriter& writer) { writer.request_working(number, by, text); },
                       {});
    return review::Reply::json(out.begin_object().member("working", true).end_object().take(), 202);
  }
  if (asked.decided.recipients == 0)
    throw http::Problem{409,
                        "nothing-new",
                        "無害化しても届けられるものがありません。理由を書いて断ってください / "
                        "There is nothing that could be given clean: please refuse it and say why",
                        {},
                        {}};
  answer(request, true, call.actor.login, text);
  write_request(out, store_.request(request.number).value_or(request));
  return review::Reply::json(out.take());
}

// The decision and the mail that tells it, in one transaction. Waits for the disk.
void Doors::answer(const store::RequestRow& request, bool granted, const std::string& by,
                   const std::string& text) {
  const std::shared_ptr<const Config> config = parts_.config.get();
  store::RequestAnswer answer{request.number, granted, by, text, std::nullopt};
  if (!request.address.empty()) {
    compose::Values values(*config);
    values.own("granted", granted ? "1" : "")
        .own("refused", granted ? "" : "1")
        .text("sender", request.sender)
        .text("subject", request.item_subject)
        .text("part", request.part_name)
        .own("item", request.id.text())
        .lines("answer", text)
        .own("contact", compose::contact_sentence(config->notice));
    transfer::Bundle& mail = answer.mail.emplace();
    mail.id = new_item_id();
    mail.kind = transfer::BundleKind::notice;
    mail.recipients = {{0, request.address, transfer::kNotifyNever, {}}};
    mail.content = compose::own_mail({.id = mail.id,
                                      .part = 0,
                                      .to = request.address,
                                      .words = compose::worded("request-answer", values, *config),
                                      .unix_ms = unix_ms_now()},
                                     *config);
    mail.sha256 = kiyome::sha256(mail.content);
  }
  const auto first = std::make_shared<bool>(false);  // shared by the two halves of one write
  const std::optional<bool> written =
      store::wait_for_answer<bool>(kAnswerPatience, [&](std::function<void(bool)> told) {
        parts_.items.write(
            [=](store::ItemWriter& writer) { *first = writer.answer_request(answer, unix_ms_now()); },
            [this, first, mail = answer.mail, told = std::move(told)](bool done) {
              if (done && *first && mail) parts_.gate.offer(*mail);
              parts_.gate.flush();
              told(done);
            });
      });
  if (!written || !*written) throw TemporaryFailure("the store could not write");
  wake();
  if (!*first) throw http::Problem{409, "decided", {}, {}, {}};
}

}  // namespace kiyome::cleaner

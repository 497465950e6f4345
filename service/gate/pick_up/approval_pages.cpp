// The pick-up's operations about approvals: what waits, the decision, who stands in.
#include <chrono>

#include "service/gate/drop_rows.h"
#include "service/gate/pick_up/answers.h"
#include "service/gate/pick_up/pick_up.h"
#include "service/http/json_body.h"

namespace kiyome::gate {
namespace {

using http::JsonObject;
using http::JsonText;
using http::Problem;

constexpr std::int64_t kDayMs = 86'400'000, kZoneMs = 9 * 3'600'000;
constexpr std::int64_t kLongestDays = 366;  // of a delegation
constexpr std::size_t kLogin = limits::kAccountText;

std::optional<Digest> read_digest(const std::string& text) {
  Digest out{};
  if (text.size() != 2 * out.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (value < 0) return std::nullopt;
    out[i / 2] = static_cast<std::uint8_t>(out[i / 2] << 4 | value);
  }
  return out;
}

// "2026-11-21": the end of that day in Japan.
std::optional<std::int64_t> read_day(const std::string& text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  int parts[3] = {0, 0, 0};
  const std::pair<std::size_t, std::size_t> places[3] = {{0, 4}, {5, 2}, {8, 2}};
  for (int i = 0; i < 3; ++i)
    for (const char c : std::string_view(text).substr(places[i].first, places[i].second)) {
      if (c < '0' || c > '9') return std::nullopt;
      parts[i] = parts[i] * 10 + (c - '0');
    }
  const std::chrono::year_month_day day{std::chrono::year(parts[0]), std::chrono::month(parts[1] & 0xFF),
                                        std::chrono::day(parts[2] & 0xFF)};
  if (!day.ok()) return std::nullopt;
  return (std::chrono::sys_days(day).time_since_epoch().count() + 1) * kDayMs - kZoneMs;
}

std::string day_text(std::int64_t until_ms) {
  const std::chrono::year_month_day day{
      std::chrono::sys_days(std::chrono::days((until_ms + kZoneMs - 1) / kDayMs))};
  const auto two = [](unsigned number) {
    return std::string(number < 10 ? "0" : "") + std::to_string(number);
  };
  return std::to_string(static_cast<int>(day.year())) + "-" + two(static_cast<unsigned>(day.month())) + "-" +
         two(static_cast<unsigned>(day.day()));
}

}  // namespace

http::Response PickUp::approvals(Request& request, const auth::Session& session) {
  const auto decided = request.query.find("decided");
  if (decided != request.query.end() && decided->second != "true" && decided->second != "false")
    throw Problem{422, "invalid", {}, {"decided"}, {}};
  const bool past = decided != request.query.end() && decided->second == "true";
  DropStore& drops = parts_.store.drops();
  // Whom nobody would ask need not be looked for in all that waits.
  const bool asked_ever =
      session.account.has(auth::Role::approver) || !drops.delegations_to(session.account.login).empty();
  if (!past && !asked_ever) return Response::json("{\"approvals\":[]}");
  const std::vector<ItemId> ids = past ? drops.decided_by(session.account.login, limits::kPickUpFound)
                                       : drops.waiting(limits::kPickUpWaiting);
  Deciders asked = deciders();
  JsonText out;
  out.begin_object().key("approvals").begin_array();
  std::size_t found = 0, files = 0;
  for (const ItemId& id : ids) {
    const std::optional<DropView> drop = drops.load(id);
    if (!drop) continue;
    const Viewer viewer = viewer_of(session.account, *drop, asked);
    if (past ? viewer.decided.empty() : viewer.about.empty()) continue;
    for (const ItemView& item : drop->items) files += 1 + item.files.size();
    write(out, *drop, viewer, session.account);
    if (++found == limits::kPickUpFound || files > limits::kPickUpListed) break;
  }
  return Response::json(out.end_array().end_object().take());
}

// He has nothing to decide here: why, as far as he may know.
void PickUp::refuse_decision(const Found& found, const auth::Account& account) {
  Deciders asked = deciders();
  bool would = false;
  std::set<std::string> addresses;
  for (const ItemView& item : found.drop.items)
    for (const RecipientView& one : item.recipients)
      if (one.stage == Stage::waiting || one.decision != 0) addresses.insert(one.address);
  for (const std::string& address : addresses)
    would = would || asked.would_decide(account, found.drop, address);
  if (would && asked.is_his_own(account, found.drop))
    throw Problem{
        403,
        "own-delivery",
        "自分だけに届いたもの、自分が送ったものは承認できません / You cannot decide about what is your own",
        {},
        {}};
  if (would || !found.viewer.decided.empty())
    throw Problem{409, "decided", "すでに決裁されています / It has been decided already", {}, {}};
  if (found.viewer.sees()) throw Problem{403, "forbidden", {}, {}, {}};
  throw Problem{404, "not-found", {}, {}, {}};
}

http::Response PickUp::decide(Request& request, const auth::Session& session) {
  const Found found = find(request, session);
  if (found.viewer.about.empty()) refuse_decision(found, session.account);
  Decision decision = http::read_json(
      request,
      [](JsonObject& json) {
        Decision out;
        const std::string word = json.ascii("decision", 7);
        out.approve = word == "approve";
        if (!out.approve && word != "return") json.wrong("decision");
        const std::optional<Digest> digest = read_digest(json.ascii("digest", 64));
        if (!digest) json.wrong("digest");
        out.digest = digest.value_or(Digest{});
        out.comment = json.optional_lines("comment", limits::kPickUpComment);
        return out;
      },
      limits::kPickUpRequest);
  decision.submission = found.drop.submission;
  decision.seen_by = found.viewer.seen_by();
  decision.about = found.viewer.about;
  decision.login = session.account.login;
  decision.name = session.account.name;
  decision.department = session.account.department;
  struct Said {
    DropStore::Decided decided = DropStore::Decided::changed;
    std::vector<NumberedResult> results;
  };
  const auto outcome = std::make_shared<Said>();  // shared with the writer's thread
  commit(
      parts_.writer,
      [outcome, decision, now = parts_.now_ms()](GateStore& store) {
        outcome->decided = store.drops().decide(decision, now, outcome->results);
      },
      [this, outcome] { parts_.results(outcome->results); });
  if (outcome->decided == DropStore::Decided::decided)
    throw Problem{409, "decided", "すでに決裁されています / It has been decided already", {}, {}};
  if (outcome->decided == DropStore::Decided::changed)
    throw Problem{409,
                  "changed",
                  "内容が変わりました。もう一度確認してください / It has changed; please look again",
                  {},
                  {}};
  changed_();
  return detail(request, session);
}

std::vector<auth::Account> PickUp::choices(const auth::Account& account) {
  std::vector<auth::Account> out;
  if (!account.has(auth::Role::approver)) return out;
  accounts_.list([&](const auth::Account& one) {
    if (may_stand_in(one, account)) out.push_back(one);
    return out.size() < limits::kPickUpChoices;
  });
  return out;
}

http::Response PickUp::delegation(Request&, const auth::Session& session) {
  std::optional<Delegation> set = parts_.store.drops().delegation_of(session.account.login);
  if (set && set->until_ms <= parts_.now_ms()) set.reset();
  JsonText out;
  out.begin_object().key("delegation").begin_object().member("to", set ? set->delegate : std::string());
  if (set) out.member("until", day_text(set->until_ms));
  out.end_object().key("choices").begin_array();
  for (const auth::Account& one : choices(session.account))
    out.begin_object()
        .member("login", one.login)
        .member("name", one.name)
        .member("department", one.department)
        .end_object();
  return Response::json(out.end_array().end_object().take());
}

http::Response PickUp::set_delegation(Request& request, const auth::Session& session) {
  if (!session.account.has(auth::Role::approver)) throw Problem{403, "forbidden", {}, {}, {}};
  const std::int64_t now = parts_.now_ms();
  Delegation set = http::read_json(
      request,
      [&](JsonObject& json) {
        Delegation out;
        out.delegate = json.text("to", kLogin, 0);
        const std::string day = json.optional_text("until", 10);
        const std::optional<std::int64_t> until = read_day(day);
        if (out.delegate.empty() ? !day.empty() && !until
                                 : !until || *until <= now || *until > now + kLongestDays * kDayMs)
          json.wrong("until");
        out.until_ms = until.value_or(0);
        return out;
      },
      limits::kPickUpRequest);
  if (!set.delegate.empty()) {
    const std::optional<auth::Account> one = accounts_.find(set.delegate);
    if (!one || !may_stand_in(*one, session.account)) throw Problem{422, "invalid", {}, {"to"}, {}};
    set.delegate = one->login;
  }
  set.login = session.account.login;
  JsonText detail;
  detail.begin_object().member("to", set.delegate);
  if (!set.delegate.empty()) detail.member("until", day_text(set.until_ms));
  commit(parts_.writer, [set, now, text = detail.end_object().take()](GateStore& store) {
    store.drops().delegate(set);
    store.drops().audit().note("delegated", nullptr, set.login, text, now);
  });
  changed_();
  return Response::empty();
}

}  // namespace kiyome::gate

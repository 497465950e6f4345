#include "service/cleaner/review/review_item.h"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/cleaner/decide/allowances.h"
#include "service/cleaner/doors/doors.h"
#include "service/cleaner/report.h"
#include "service/policy/tenant.h"
#include "service/review/index/entry.h"
#include "service/store/row_values.h"

namespace kiyome::cleaner {

// All that the answer is made of.
struct ReviewItem::Page {
  struct Event {
    std::int64_t unix_ms = 0;
    std::string event, actor, detail;
  };
  struct Hold {
    std::string by, reason;
    std::int64_t at_ms = 0;
  };
  review::Actor actor;
  std::shared_ptr<const Config> config;  // shared: a reload disturbs no answer
  store::ItemRow item;
  std::vector<store::RecipientRow> recipients;  // that this person sees
  std::vector<std::string> tenants;
  std::int64_t decided_ms = 0;
  std::vector<Event> history;  // newest first
  std::optional<Hold> legal_hold;
  std::vector<std::int64_t> proposals;  // open ones
  bool drop = false, locked = false;

  bool any(store::State state) const {
    return std::any_of(recipients.begin(), recipients.end(),
                       [&](const store::RecipientRow& each) { return each.state == state; });
  }
};

namespace {

using http::JsonText;

constexpr std::size_t kRowFiles = 5;  // as in a listing

std::vector<std::string> slugs_of(const std::string& words) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find(' ', at), words.size());
    if (end > at) out.push_back(words.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

const char* worst_state(const std::vector<store::RecipientRow>& recipients) {
  using store::State;
  for (const State state : {State::held, State::sending, State::bounced, State::delivered})
    if (std::any_of(recipients.begin(), recipients.end(),
                    [&](const store::RecipientRow& each) { return each.state == state; }))
      return store::name_of(state).data();
  return "deleted";
}

}  // namespace

ReviewItem::ReviewItem(const store::ItemsAt& at, Parts parts)
    : parts_(parts), database_(std::in_place, at.place), requests_(at) {}

void ReviewItem::add_to(review::Desk& desk) {
  desk_ = &desk;
  desk.on("getItem", [this](const review::Call& call) { return get(call); });
}

ReviewItem::Page ReviewItem::read(const review::Actor& actor, const ItemId& id) {
  Page page;
  page.actor = actor;
  page.config = parts_.config.get();
  std::optional<store::ItemRow> item = parts_.items.find(id);
  if (!item) throw http::Problem{404, "not-found", {}, {}, {}};
  page.item = std::move(*item);
  page.recipients = parts_.items.recipients(id);
  std::erase_if(page.recipients,
                [&](const store::RecipientRow& each) { return !parts_.sight.may_see(actor, each.address); });
  page.drop = parts_.items.is_drop(id);
  page.locked = page.drop ? !parts_.items.drop_places(id).empty() : !parts_.locks.copies(id).empty();
  database_.with([&](store::Database& database) {
    database.kept("SELECT decided_ms, tenants FROM items WHERE id=?")
        .one(
            [&](const store::Row& row) {
              page.decided_ms = row.integer(0);
              page.tenants = store::parted_lines(row.text(1));
            },
            store::blob(id));
    database
        .kept("SELECT unix_ms, event, actor, detail FROM audit WHERE item=? ORDER BY sequence DESC LIMIT ?")
        .each(
            [&](const store::Row& row) {
              page.history.push_back({row.integer(0), std::string(row.text(1)), std::string(row.text(2)),
                                      std::string(row.text(3))});
            },
            store::blob(id), limits::kReviewHistory);
    database.kept("SELECT kept_by, reason, kept_ms FROM kept WHERE id=?")
        .one(
            [&](const store::Row& row) {
              page.legal_hold = {std::string(row.text(0)), std::string(row.text(1)), row.integer(2)};
            },
            store::blob(id));
    database.kept("SELECT number FROM proposals WHERE id=? AND state='open' ORDER BY number LIMIT ?")
        .each([&](const store::Row& row) { page.proposals.push_back(row.integer(0)); }, store::blob(id),
              limits::kReviewListed);
  });
  return page;
}

namespace {

// What makes sense now; what each takes is looked at again when it is asked for.
std::vector<const char*> allowed(const review::Actor& actor, bool held, bool sending, bool served,
                                 bool refused_only, bool original, bool kept, bool has_parts, bool proven,
                                 const Config& config) {
  std::vector<const char*> out;
  if (!actor.has(review::kReviewer)) return out;
  if (held && !refused_only && original) out = {"release", "retry"};
  if (original && (served || (held && !refused_only))) out.push_back("clean-again");
  if (held && !refused_only && original && has_parts) out.push_back("without-part");
  if (held && !refused_only) out.push_back("reject");
  if (held && !kept) out.push_back("delete");
  if (sending) out.push_back("hold");
  if (has_parts && proven) out.push_back("allow");
  if (original && !config.console.originals_to.empty() && !config.scan.clamd.empty())
    out.push_back("original");
  return out;
}

}  // namespace

std::vector<std::string> ReviewItem::write_parts(JsonText& out, const Page& page) const {
  try {
    return write_report_parts(out, page.item.report, [&](const std::string& address) {
      return parts_.sight.may_see(page.actor, address);
    });
  } catch (const std::exception& trouble) {  // ours, and yet not JSON: the rest of the page counts
    log::error("report not readable", page.item.id, {{"why", trouble.what()}});
    throw TemporaryFailure("a report cannot be read");
  }
}

void ReviewItem::write_history(JsonText& out, const Page& page) {
  out.key("history").begin_array();
  out.begin_object().time("at", page.item.received_ms).member("event", "received").member("actor", "edge");
  out.key("detail").begin_object().member("client", page.item.client).end_object().end_object();
  for (auto event = page.history.rbegin(); event != page.history.rend(); ++event) {
    out.begin_object().time("at", event->unix_ms).member("event", event->event);
    out.member("actor", event->actor).key("detail").raw(event->detail.empty() ? "{}" : event->detail);
    out.end_object();
  }
  out.end_array();
}

// Of proposals what their own room tells this person; some he may not see.
void ReviewItem::write_waiting(JsonText& out, const Page& page) {
  out.key("proposals").begin_array();
  for (const std::int64_t number : page.proposals) {
    review::Call call;
    call.operation = "getProposal";
    call.actor = page.actor;
    call.path["proposal"] = std::to_string(number);
    try {
      out.raw(desk_->answer(call).content);
    } catch (const http::Problem&) {
    }
  }
  out.end_array().key("requests").begin_array();
  for (const store::RequestRow& request : requests_.open_of(page.item.id))
    if (parts_.sight.may_see(page.actor, request.address)) write_request(out, request);
  out.end_array();
}

review::Reply ReviewItem::get(const review::Call& call) {
  const ItemId id = parts_.sight.item_of(call);
  const Page page = read(call.actor, id);
  const store::ItemRow& item = page.item;
  Verdict verdict = Verdict::clean;
  std::vector<std::string> reasons;
  std::set<std::string> departments;
  bool refused_only = true;
  for (const store::RecipientRow& each : page.recipients) {
    verdict = std::max(verdict, each.verdict);
    if (each.state == store::State::held && each.verdict != Verdict::rejected) refused_only = false;
    for (std::string& slug : slugs_of(each.reasons))
      if (std::find(reasons.begin(), reasons.end(), slug) == reasons.end())
        reasons.push_back(std::move(slug));
    for (std::string& name : review::departments_of(*page.config, each.address))
      departments.insert(std::move(name));
  }
  JsonText out;
  out.begin_object()
      .member("id", id.text())
      .time("received_at", item.received_ms)
      .time("decided_at", page.decided_ms)
      .member("direction", page.drop ? "drop" : "mail")
      .member("sender", item.sender)
      .member("subject", item.subject)
      .member("client", item.client)
      .member("bytes", item.bytes)
      .member("sha256", item.sha256_hex)
      .member("verdict", name_of(verdict))
      .member("state", worst_state(page.recipients));
  out.key("reasons");
  write_reasons(out, reasons);
  out.key("tenants").begin_array();
  for (const std::string& name : page.tenants)
    if (!name.empty() && (call.actor.tenant.empty() || name == call.actor.tenant)) out.value(name);
  out.end_array().key("departments").begin_array();
  for (const std::string& name : departments) out.value(name);
  out.end_array().member("recipient_count", page.recipients.size()).key("recipients").begin_array();
  for (const store::RecipientRow& each : page.recipients) {
    out.begin_object()
        .member("index", each.index)
        .member("address", each.address)
        .member("state", store::name_of(each.state))
        .member("verdict", name_of(each.verdict));
    out.key("reasons");
    write_reasons(out, slugs_of(each.reasons));
    out.member("status", each.status).time("changed_at", each.changed_ms);
    const std::vector<std::string> own = review::departments_of(*page.config, each.address);
    out.member("department", own.empty() ? std::string() : own.front()).end_object();
  }
  out.end_array().key("original").begin_object().member("kept", item.original_kept);
  if (item.original_kept && !page.legal_hold) {
    const RetentionConfig days = policy::retention_of(*page.config, page.tenants);
    const double longest =
        page.any(store::State::held) ? std::max(days.held_days, days.originals_days) : days.originals_days;
    out.time("until", item.received_ms + static_cast<std::int64_t>(longest * double(kDayMs)));
  }
  out.end_object().key("headers");
  write_headers(out, item);
  JsonText parts;
  const std::vector<std::string> files = write_parts(parts, page);
  const std::string tree = parts.take();
  out.key("parts").raw(tree).member("file_count", files.size()).key("files").begin_array();
  for (std::size_t i = 0; i < std::min(files.size(), kRowFiles); ++i) out.value(files[i]);
  out.end_array();
  write_history(out, page);
  if (page.legal_hold)
    out.key("legal_hold")
        .begin_object()
        .member("by", page.legal_hold->by)
        .member("reason", page.legal_hold->reason)
        .time("at", page.legal_hold->at_ms)
        .end_object();
  out.member("kept", page.legal_hold.has_value()).member("locked", page.locked);
  out.key("allowed").begin_array();
  const bool served = page.any(store::State::delivered) || page.any(store::State::sending);
  for (const char* kind : allowed(call.actor, page.any(store::State::held), page.any(store::State::sending),
                                  served, refused_only, item.original_kept, page.legal_hold.has_value(),
                                  tree != "[]", is_proven(item, page.drop, *page.config), *page.config))
    out.value(kind);
  out.end_array();
  write_waiting(out, page);
  return review::Reply::json(out.end_object().take());
}

}  // namespace kiyome::cleaner

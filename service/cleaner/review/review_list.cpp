#include "service/cleaner/review/review_list.h"

#include <algorithm>
#include <limits>
#include <set>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/cleaner/report.h"
#include "service/cleaner/review/review_item.h"
#include "service/policy/policy.h"
#include "service/policy/tenant.h"

namespace kiyome::cleaner {
namespace {

using http::JsonText;
using review::Call;
using review::Query;

constexpr std::size_t kShownRecipients = 5;
constexpr std::size_t kSimilar = 20;
constexpr std::size_t kReasonsToFilter = 200;
constexpr std::size_t kIdText = 36;
constexpr std::int64_t kAnyDay = std::int64_t{1} << 40;

[[noreturn]] void invalid(const char* field) { throw http::Problem{422, "invalid", {}, {field}, {}}; }

std::string_view trimmed(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

// An item's id, also as it stands in X-Kiyome-Id of one of several mails: "<id>.2".
std::optional<ItemId> id_in(std::string_view text) {
  text = trimmed(text);
  if (text.size() > kIdText && text[kIdText] == '.') {
    const std::string_view part = text.substr(kIdText + 1);
    if (part.size() <= 5 && part.find_first_not_of("0123456789") == std::string_view::npos)
      text = text.substr(0, kIdText);
  }
  const Result<ItemId> id = ItemId::parse(text);
  if (!id) return std::nullopt;
  return *id;
}

std::string hash_in(std::string_view text) {
  std::string out(trimmed(text));
  for (char& c : out) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c + 32);
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) invalid("sha256");
  }
  if (!out.empty() && (out.size() < 6 || out.size() > 64)) invalid("sha256");
  return out;
}

// One of the names that `name_of` gives for these values.
template <class Value, std::size_t N, class NameOf>
std::optional<Value> choice(const Call& call, const char* field, const Value (&values)[N], NameOf&& name_of) {
  const std::string text = review::text_of(call, field, limits::kReviewQuery);
  if (text.empty()) return std::nullopt;
  for (const Value value : values)
    if (name_of(value) == text) return value;
  invalid(field);
}

bool flag(const Call& call, const char* field) {
  const std::string text = review::text_of(call, field, limits::kReviewQuery);
  if (!text.empty() && text != "true" && text != "false") invalid(field);
  return text == "true";
}

std::optional<std::int64_t> cursor(const Call& call, const char* field) {
  if (review::text_of(call, field, limits::kReviewQuery).empty()) return std::nullopt;
  // The one behind it is a number, too.
  return review::number_of(call, field, 0, 0, std::numeric_limits<std::int64_t>::max() - 1);
}

template <class Texts>
void write_texts(JsonText& out, const char* name, const Texts& texts) {
  out.key(name).begin_array();
  for (const std::string& text : texts) out.value(text);
  out.end_array();
}

bool is_of(const TenantConfig& tenant, const DepartmentConfig& department) {
  for (const std::string& domain : tenant.domains)
    for (const std::string& address : department.addresses)
      if (policy::globs_meet("*@" + domain, address)) return true;
  return false;
}

// The names that this person may know: those of his tenant's people. Empty tenant: all.
std::set<std::string> departments_of(const Config& config, const review::Actor& actor) {
  std::set<std::string> out;
  const bool all = actor.tenant.empty();
  const TenantConfig* own = policy::tenant_named(config.tenants, actor.tenant);
  for (const DepartmentConfig& each : config.console.departments)
    if (all || (own != nullptr && is_of(*own, each))) out.insert(each.name);
  for (const TenantConfig& tenant : config.tenants)
    if (all || &tenant == own)
      for (const OrganisationConfig& each : tenant.organisations) out.insert(each.name);
  return out;
}

}  // namespace

ReviewList::ReviewList(const store::ItemsAt& at, CurrentConfig& config, ReviewSight& sight)
    : config_(config),
      sight_(sight),
      index_(at, [&config] { return config.get(); }),
      items_(std::make_unique<store::Database>(at.place)) {}

void ReviewList::add_to(review::Desk& desk) {
  desk.on("listItems", [this](const Call& call) { return list(call); });
  desk.on("listSimilar", [this](const Call& call) { return similar(call); });
  desk.on("getFilters", [this](const Call& call) { return filters(call); });
}

Query ReviewList::query_of(const Call& call) {
  Query query;
  const auto text = [&](const char* field) { return review::text_of(call, field, limits::kReviewQuery); };
  query.text = text("q");
  query.sender = text("sender");
  query.recipient = text("recipient");
  query.subject = text("subject");
  query.file = text("file");
  query.sha256 = hash_in(text("sha256"));
  if (const std::string id = text("id"); !id.empty() && !(query.id = id_in(id))) invalid("id");
  if (!query.id && (query.id = id_in(query.text))) query.text.clear();
  if (const std::string slug = text("reason");
      !slug.empty() && !(query.reason = clean::finding_of_slug(slug)))
    invalid("reason");
  query.verdict = choice(call, "verdict", {Verdict::clean, Verdict::held, Verdict::rejected},
                         [](Verdict verdict) { return name_of(verdict); });
  query.state = choice(call, "state",
                       {store::State::held, store::State::sending, store::State::bounced,
                        store::State::delivered, store::State::deleted},
                       [](store::State state) { return store::name_of(state); });
  query.drop =
      choice(call, "direction", {false, true}, [](bool drop) { return std::string(drop ? "drop" : "mail"); });
  query.department = text("department");
  if (const std::string tenant = text("tenant"); !tenant.empty()) query.tenants.push_back(tenant);
  if (!call.actor.tenant.empty()) query.tenants.push_back(call.actor.tenant);
  query.kept = flag(call, "kept");
  query.asked = flag(call, "asked");
  query.since_ms = review::time_of(call, "since");
  query.until_ms = review::time_of(call, "until");
  if (query.until_ms != 0 && text("until").size() == 10) query.until_ms += kDayMs;  // all of that day
  query.after = cursor(call, "after");
  query.before = cursor(call, "before");
  query.limit = static_cast<std::size_t>(review::number_of(call, "limit", 50, 1, limits::kReviewListed));
  return query;
}

void ReviewList::write_rows(JsonText& out, const review::Actor& actor,
                            const std::vector<review::ListedItem>& rows) {
  std::set<std::string> departments;
  if (!actor.tenant.empty()) departments = departments_of(*config_.get(), actor);
  out.key("items").begin_array();
  for (const review::ListedItem& row : rows) write_row(out, actor, departments, row);
  out.end_array();
}

// `departments`: those that an actor with a tenant may know.
void ReviewList::write_row(JsonText& out, const review::Actor& actor,
                           const std::set<std::string>& departments, const review::ListedItem& row) {
  out.begin_object()
      .member("id", row.id.text())
      .time("received_at", row.received_ms)
      .member("direction", row.drop ? "drop" : "mail")
      .member("sender", row.sender)
      .member("subject", row.subject);
  out.key("recipients").begin_array();
  std::size_t shown = 0;
  for (const review::ListedRecipient& each : row.recipients) {
    if (!sight_.may_see(actor, each.address) || shown++ >= kShownRecipients) continue;
    out.begin_object()
        .member("address", each.address)
        .member("state", store::name_of(each.state))
        .member("verdict", name_of(each.verdict))
        .end_object();
  }
  // Of others' recipients not even the number is told, unless there are more than the index keeps.
  const bool all_listed = row.recipients.size() == row.recipient_count;
  out.end_array()
      .member("recipient_count", !actor.tenant.empty() && all_listed ? shown : row.recipient_count)
      .member("verdict", name_of(row.verdict))
      .member("state", store::name_of(row.state));
  out.key("reasons");
  write_reasons(out, row.reasons);
  write_texts(out, "files", row.files);
  out.member("file_count", row.file_count).member("bytes", row.bytes);
  std::vector<std::string> tenants = row.tenants, own = row.departments;
  if (!actor.tenant.empty()) {
    std::erase_if(tenants, [&](const auto& each) { return each != actor.tenant; });
    std::erase_if(own, [&](const auto& each) { return !departments.contains(each); });
  }
  write_texts(out, "tenants", tenants);
  write_texts(out, "departments", own);
  out.member("requests", row.requests)
      .member("proposals", row.proposals)
      .member("kept", row.kept)
      .end_object();
}

// What waits now: of items from the index; of proposals those without an item, too, for who sees all.
void ReviewList::write_open(JsonText& out, const review::Actor& actor) {
  std::int64_t held = 0, requests = 0, proposals = 0;
  index_.read([&](store::Database& database) {
    const review::CountScope scope{actor.tenant, ""};
    for (const review::CountRow& row :
         review::counts_by_key(database, scope, review::Count::open, 0, 0, 10)) {
      if (row.key == "held") held = row.count;
      if (row.key == "requests") requests = row.count;
      if (row.key == "proposals") proposals = row.count;
    }
  });
  if (actor.tenant.empty())
    items_.with([&](std::unique_ptr<store::Database>& database) {
      database->kept("SELECT count(*) FROM proposals WHERE state='open' AND id IS NULL")
          .one([&](const store::Row& row) { proposals += row.integer(0); });
    });
  out.member("held", held).member("requests", requests).member("proposals", proposals);
}

review::Reply ReviewList::list(const Call& call) {
  const review::Found found = index_.find(query_of(call));
  JsonText out;
  out.begin_object();
  write_rows(out, call.actor, found.items);
  if (found.next) out.member("next", std::to_string(*found.next));
  out.member("newest", std::to_string(found.newest));
  write_open(out, call.actor);
  out.member("complete", index_.state().complete).end_object();
  return review::Reply::json(out.take());
}

review::Reply ReviewList::similar(const Call& call) {
  const ItemId id = sight_.item_of(call);
  std::vector<std::string> tenants;
  if (!call.actor.tenant.empty()) tenants.push_back(call.actor.tenant);
  JsonText out;
  out.begin_object();
  write_rows(out, call.actor, index_.similar(id, tenants, kSimilar));
  out.end_object();
  return review::Reply::json(out.take());
}

review::Reply ReviewList::filters(const Call& call) {
  const std::shared_ptr<const Config> config = config_.get();
  const review::Actor& actor = call.actor;
  std::vector<std::string> reasons;
  index_.read([&](store::Database& database) {
    for (review::CountRow& row : review::counts_by_key(database, {actor.tenant, ""}, review::Count::reason, 1,
                                                       kAnyDay, kReasonsToFilter))
      reasons.push_back(std::move(row.key));
  });
  std::vector<std::string> tenants;
  for (const TenantConfig& tenant : config->tenants)
    if (actor.tenant.empty() || tenant.name == actor.tenant) tenants.push_back(tenant.name);
  JsonText out;
  out.begin_object().key("reasons");
  write_reasons(out, reasons);
  write_texts(out, "tenants", tenants);
  write_texts(out, "departments", departments_of(*config, actor));
  out.key("me")
      .begin_object()
      .member("login", actor.login)
      .member("name", actor.name)
      .key("roles")
      .begin_array();
  if (actor.has(review::kReviewer)) out.value("reviewer");
  if (actor.has(review::kAuditor)) out.value("auditor");
  if (actor.has(review::kAdministrator)) out.value("administrator");
  out.end_array().end_object();
  out.member("second_person", config->console.second_person)
      .member("originals", !config->console.originals_to.empty() && !config->scan.clamd.empty())
      .key("policies")
      .begin_array();
  for (const char* policy : {"strip", "text", "flatten", "image"}) out.value(policy);
  out.end_array().end_object();
  return review::Reply::json(out.take());
}

}  // namespace kiyome::cleaner

#include "service/cleaner/review/overview.h"

#include <algorithm>
#include <map>
#include <utility>

#include "proto/base/limits.h"
#include "proto/clean/findings.h"
#include "service/base/clock.h"
#include "service/compose/type_names.h"

namespace kiyome::cleaner {
namespace {

using review::Count;
using review::CountRow;
using review::CountScope;

constexpr std::int64_t kDaysMax = 400;
constexpr std::int64_t kDaysShown = 30;
constexpr std::size_t kTop = 20;           // of reasons, types, senders
constexpr std::size_t kDepartments = 200;  // as many as a large city has

std::int64_t& of_verdict(DayFigures& day, std::string_view key) {
  return key == "clean" ? day.clean : key == "held" ? day.held : day.rejected;
}

std::vector<NamedFigure> named(const std::vector<CountRow>& rows) {
  std::vector<NamedFigure> out;
  for (const CountRow& row : rows)
    if (row.count > 0) out.push_back({row.key, row.count, 0});
  return out;
}

void take_states(const std::vector<CountRow>& rows, std::map<std::int64_t, DayFigures*>& by_day) {
  for (const CountRow& row : rows) {
    const auto day = by_day.find(row.day);
    if (day == by_day.end()) continue;
    if (row.key == "delivered") day->second->delivered = row.count;
    if (row.key == "bounced") day->second->bounced = row.count;
    if (row.key == "sending") day->second->sending = row.count;
  }
}

void take_delivery(const std::vector<CountRow>& rows, std::map<std::int64_t, DayFigures*>& by_day,
                   Figures& out) {
  std::map<std::int64_t, std::vector<CountRow>> of_days;
  for (const CountRow& row : rows) of_days[row.day].push_back(row);
  for (const auto& [day, own] : of_days) {
    const auto found = by_day.find(day);
    if (found == by_day.end()) continue;
    found->second->p50_ms = review::delivery_quantile_ms(own, 0.5);
    found->second->p95_ms = review::delivery_quantile_ms(own, 0.95);
  }
  out.p50_ms = review::delivery_quantile_ms(rows, 0.5);
  out.p95_ms = review::delivery_quantile_ms(rows, 0.95);
}

std::vector<NamedFigure> departments(store::Database& index, const std::string& tenant, std::int64_t first,
                                     std::int64_t last) {
  std::vector<NamedFigure> out =
      named(review::counts_by_department(index, tenant, Count::items, "", first, last));
  for (const CountRow& row : review::counts_by_department(index, tenant, Count::verdict, "held", first, last))
    for (NamedFigure& each : out)
      if (each.name == row.key) each.held = row.count;
  std::sort(out.begin(), out.end(), [](const NamedFigure& a, const NamedFigure& b) {
    return std::pair(-a.items, a.name) < std::pair(-b.items, b.name);
  });
  if (out.size() > kDepartments) out.resize(kDepartments);
  return out;
}

std::int64_t single(store::Database& database, const char* sql) {
  std::int64_t out = 0;
  store::Statement(database, sql).one([&](const store::Row& row) { out = row.integer(0); });
  return out;
}

void write_day(http::JsonText& out, const DayFigures& day) {
  out.begin_object()
      .member("day", review::day_text(day.day))
      .member("items", day.items)
      .member("clean", day.clean)
      .member("held", day.held)
      .member("rejected", day.rejected)
      .end_object();
}

void write_lists(http::JsonText& out, const Figures& figures) {
  out.key("reasons").begin_array();
  for (const NamedFigure& each : figures.reasons) {
    const ReasonWords words = reason_words(each.name);
    out.begin_object()
        .member("code", each.name)
        .member("ja", words.ja)
        .member("en", words.en)
        .member("count", each.items)
        .end_object();
  }
  out.end_array().key("types").begin_array();
  for (const NamedFigure& each : figures.types)
    out.begin_object()
        .member("type", each.name)
        .member("type_name", type_label(each.name))
        .member("count", each.items)
        .end_object();
  out.end_array().key("senders_held").begin_array();
  for (const NamedFigure& each : figures.senders_held)
    out.begin_object().member("sender", each.name).member("count", each.items).end_object();
  out.end_array().key("departments").begin_array();
  for (const NamedFigure& each : figures.departments)
    out.begin_object()
        .member("name", each.name)
        .member("items", each.items)
        .member("held", each.held)
        .end_object();
  out.end_array();
}

void write_delivery(http::JsonText& out, const Figures& figures) {
  out.key("delivery").begin_object().member("p50_ms", figures.p50_ms).member("p95_ms", figures.p95_ms);
  out.key("days").begin_array();
  for (const DayFigures& day : figures.days)
    if (day.p95_ms > 0)
      out.begin_object()
          .member("day", review::day_text(day.day))
          .member("p50_ms", day.p50_ms)
          .member("p95_ms", day.p95_ms)
          .end_object();
  out.end_array().end_object();
}

}  // namespace

DaysAsked days_asked(const review::Call& call) {
  const std::int64_t days = review::number_of(call, "days", kDaysShown, 1, kDaysMax);
  const std::int64_t today = review::day_of(unix_ms_now());
  return {today - days + 1, today};
}

CountScope scope_of(const review::Call& call) {
  CountScope out{review::text_of(call, "tenant", limits::kAccountText),
                 review::text_of(call, "department", limits::kAccountText)};
  if (!call.actor.tenant.empty()) out.tenant = call.actor.tenant;
  return out;
}

ReasonWords reason_words(std::string_view slug) {
  const std::optional<clean::Finding> finding = clean::finding_of_slug(slug);
  if (!finding) return {slug, slug};
  const clean::FindingInfo& info = clean::info(*finding);
  return {info.japanese, info.english};
}

std::string type_label(std::string_view type) {
  if (type == "other") return "その他";
  const std::string_view name = compose::type_name(type);
  return std::string(name.empty() ? type : name);
}

DayFigures Figures::sum() const {
  DayFigures out;
  for (const DayFigures& day : days) {
    out.items += day.items;
    out.clean += day.clean;
    out.held += day.held;
    out.rejected += day.rejected;
    out.delivered += day.delivered;
    out.bounced += day.bounced;
    out.sending += day.sending;
  }
  return out;
}

Figures Overview::figures(const CountScope& scope, std::int64_t first, std::int64_t last) const {
  // A connection of this call's own: the index may be made anew at any time, in a file of the same name.
  store::Database index(at_.folder + "/review.db");
  Figures out;
  std::map<std::int64_t, DayFigures*> by_day;
  out.days.resize(static_cast<std::size_t>(std::max<std::int64_t>(0, last - first + 1)));
  for (std::size_t i = 0; i < out.days.size(); ++i) {
    out.days[i].day = first + static_cast<std::int64_t>(i);
    by_day[out.days[i].day] = &out.days[i];
  }
  for (const CountRow& row : review::counts_by_day(index, scope, Count::items, first, last))
    if (by_day.contains(row.day)) by_day[row.day]->items = row.count;
  for (const CountRow& row : review::counts_by_day(index, scope, Count::verdict, first, last))
    if (by_day.contains(row.day)) of_verdict(*by_day[row.day], row.key) += row.count;
  take_states(review::counts_by_day(index, scope, Count::state, first, last), by_day);
  take_delivery(review::counts_by_day(index, scope, Count::delivery, first, last), by_day, out);
  out.reasons = named(review::counts_by_key(index, scope, Count::reason, first, last, kTop));
  out.types = named(review::counts_by_key(index, scope, Count::type, first, last, kTop));
  out.senders_held = named(review::counts_by_key(index, scope, Count::sender_held, first, last, kTop));
  if (scope.department.empty()) out.departments = departments(index, scope.tenant, first, last);
  for (const CountRow& row : review::counts_by_key(index, scope, Count::open, 0, 0, kTop)) {
    if (row.key == "held") out.held_now = row.count;
    if (row.key == "requests") out.requests = row.count;
    if (row.key == "proposals") out.proposals = row.count;
  }
  if (scope.tenant.empty() && scope.department.empty()) {
    store::Database items(at_.place);
    out.to_gate = single(items, "SELECT count(*) FROM bundles");
  }
  return out;
}

review::Reply Overview::json(const review::Call& call) const {
  const DaysAsked days = days_asked(call);
  const Figures figures = this->figures(scope_of(call), days.first, days.last);
  const DayFigures& today = figures.days.back();
  http::JsonText out;
  out.begin_object().key("today").begin_object();
  out.member("items", today.items).member("held", today.held).member("rejected", today.rejected);
  out.member("delivered", today.delivered).member("bounced", today.bounced).member("waiting", today.sending);
  out.end_object().key("days").begin_array();
  for (const DayFigures& day : figures.days) write_day(out, day);
  out.end_array();
  write_lists(out, figures);
  write_delivery(out, figures);
  const Storage storage = call.actor.tenant.empty() ? parts_.storage() : Storage{};
  out.key("storage").begin_object();
  out.member("originals_bytes", storage.originals_bytes).member("clean_bytes", storage.clean_bytes);
  out.member("database_bytes", storage.database_bytes).member("free_bytes", storage.free_bytes);
  out.end_object().key("queue").begin_object();
  out.member("working", call.actor.tenant.empty() ? parts_.queue.size() : 0)
      .member("to_gate", figures.to_gate);
  out.member("held", figures.held_now)
      .member("requests", figures.requests)
      .member("proposals", figures.proposals);
  out.end_object().end_object();
  return review::Reply::json(out.take());
}

void Overview::add_to(review::Desk& desk) {
  desk.on("getOverview", [this](const review::Call& call) { return json(call); });
  desk.on("getOverviewTable", [this](const review::Call& call) { return table(call); });
}

}  // namespace kiyome::cleaner

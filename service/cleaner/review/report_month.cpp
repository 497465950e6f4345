#include "service/cleaner/review/report_month.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "service/audit/checkpoint.h"
#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/base/hex.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/document/document_cleaner.h"

namespace kiyome::cleaner {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::size_t kWantedMax = 8;
constexpr auto kLook = 10min;     // for a month that has ended
constexpr auto kFirstLook = 60s;  // not while we start
constexpr auto kAgain = 1min;     // after trouble
// Nothing is told of what is older, for each month is a file that stays.
constexpr std::int64_t kDaysBack = 3660;
constexpr std::string_view kType = "application/vnd.oasis.opendocument.text";

std::string whole_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) throw http::Problem{404, "not-found", ""};
  std::string out = read_whole(file.get());
  if (out.size() > limits::kReviewReply) throw http::Problem{404, "not-found", ""};
  return out;
}

Month month_from(std::chrono::year_month when) {
  const std::chrono::sys_days first = when / 1, last = when / std::chrono::last;
  return {fmt::format("{:04}-{:02}", static_cast<int>(when.year()), static_cast<unsigned>(when.month())),
          first.time_since_epoch().count(), last.time_since_epoch().count()};
}

}  // namespace

std::optional<Month> month_of(std::string_view name) {
  if (name.size() != 7 || !unix_ms_of(std::string(name) + "-01")) return std::nullopt;
  return month_from(std::chrono::year(std::stoi(std::string(name.substr(0, 4)))) /
                    std::chrono::month(static_cast<unsigned>(std::stoi(std::string(name.substr(5))))));
}

Month month_with(std::int64_t unix_ms) { return *month_of(iso_time(unix_ms).substr(0, 7)); }

Month month_before(const Month& month) {
  const std::chrono::year_month_day last{std::chrono::sys_days(std::chrono::days(month.first - 1))};
  return month_from(last.year() / last.month());
}

MonthReports::MonthReports(std::string folder, Parts parts) : folder_(folder + "/reports"), parts_(parts) {
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) throw_errno("create " + folder_);
}

void MonthReports::start() {
  thread_ = std::thread([this] { run(); });
}

void MonthReports::stop() {
  state_.with([](State& state) { state.stopping = true; });
  state_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::string MonthReports::path_of(const Month& month, const std::string& tenant) const {
  const std::string mark = tenant.empty() ? "" : "." + hex(sha256(tenant)).substr(0, 16);
  return folder_ + "/" + month.name + mark + ".pdf";
}

bool MonthReports::is_whole(const Month& month, const std::string& tenant) const {
  struct stat file {};
  if (::stat(path_of(month, tenant).c_str(), &file) != 0) return false;
  return review::day_of(static_cast<std::int64_t>(file.st_mtime) * 1000) > month.last;
}

void MonthReports::make(const Month& month, const std::string& tenant) {
  const std::shared_ptr<const Config> config = parts_.config.get();
  parts_.checks.look_now();
  const review::CountScope scope{tenant, {}};
  const Month before = month_before(month);
  ReportFacts facts{month.name,
                    config->console.authority,
                    tenant,
                    unix_ms_now(),
                    parts_.overview.figures(scope, month.first, month.last),
                    parts_.overview.figures(scope, before.first, before.last),
                    parts_.health.storage(),
                    parts_.checks.clauses(scope)};

  // Ours, whatever the office wants of others' documents; a scanner has nothing to find in it.
  Config plain = *config;
  plain.documents = DocumentsConfig{};
  plain.scan = ScanConfig{};
  document::Content content;
  content.append(report_pages(facts));
  content.seal();
  document::Budget budget(plain.documents);
  document::Wish wish;
  wish.action = Action::flatten;
  const document::File file{&content, "report-" + month.name, std::string(kType), {}};
  document::Made made = document::DocumentCleaner(parts_.sanitizers, plain).clean(file, wish, budget);
  if (made.held() || made.files.size() != 1 || made.files.front().type != "application/pdf")
    throw TemporaryFailure("the report's pages could not be drawn");
  write_file(path_of(month, tenant), made.files.front().octets);
  parts_.items.note({0, 0, "report", std::nullopt, "cleaner",
                     fmt::format(R"({{"month":"{}","pages":{}}})", month.name, made.files.front().pages)});
}

void MonthReports::want_last_month() {
  const std::shared_ptr<const Config> config = parts_.config.get();
  if (config->console.http.listen.empty()) return;  // nobody could read it
  const Month last = month_before(month_with(unix_ms_now()));
  if (is_whole(last, {})) return;
  if (parts_.overview.figures({}, last.first, last.last).sum().items == 0) return;
  state_.with([&](State& state) {
    if (state.wanted.empty()) state.wanted.push_back({last, {}});
  });
}

void MonthReports::run() {
  auto next_look = Steady::now() + kFirstLook;
  for (;;) {
    const bool stop = state_.wait_until(
        next_look, [](State& state) { return state.stopping || !state.wanted.empty(); },
        [](State& state) { return state.stopping; });
    if (stop) return;
    try {
      if (Steady::now() >= next_look) {
        next_look = Steady::now() + kLook;
        want_last_month();
      }
      const std::optional<Wanted> first = state_.with([](State& state) {
        return state.wanted.empty() ? std::nullopt : std::optional<Wanted>(state.wanted.front());
      });
      if (first) make(first->month, first->tenant);
    } catch (const std::exception& trouble) {
      log::warning("report", {{"why", trouble.what()}});
      next_look = std::max(next_look, Steady::now() + kAgain);
    }
    state_.with([](State& state) {
      if (!state.wanted.empty()) state.wanted.pop_front();
    });
  }
}

review::Reply MonthReports::get(const review::Call& call) const {
  const std::optional<Month> month = month_of(call.path.at("month"));
  if (!month) throw http::Problem{404, "not-found", ""};
  return {200, "application/pdf", "kiyome-report-" + month->name + ".pdf",
          whole_file(path_of(*month, call.actor.tenant))};
}

review::Reply MonthReports::order(const review::Call& call) {
  const std::optional<Month> month = month_of(call.path.at("month"));
  const std::int64_t today = review::day_of(unix_ms_now());
  if (!month || month->first > today || month->last < today - kDaysBack)
    throw http::Problem{404, "not-found", ""};
  review::read_body(call, [](http::JsonObject&) { return 0; });
  if (is_whole(*month, call.actor.tenant)) return review::Reply::json(R"({"state":"ready"})");
  const Wanted wanted{*month, call.actor.tenant};
  const bool room = state_.with([&](State& state) {
    if (std::find(state.wanted.begin(), state.wanted.end(), wanted) != state.wanted.end()) return true;
    if (state.wanted.size() >= kWantedMax) return false;
    state.wanted.push_back(wanted);
    return true;
  });
  if (!room) throw http::Problem{503, "busy", "", {}, {{"Retry-After", "60"}}};
  state_.notify_all();
  return review::Reply::json(R"({"state":"working"})", 202);
}

void MonthReports::add_to(review::Desk& desk) {
  desk.on("getReport", [this](const review::Call& call) { return get(call); });
  desk.on("makeReport", [this](const review::Call& call) { return order(call); });
}

}  // namespace kiyome::cleaner

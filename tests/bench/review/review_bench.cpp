// review_bench FOLDER [--insert ITEMS_A_SECOND] [--rounds N]: how long the cleaner takes to answer the
// console over its socket and the store that review_fill made: every filter alone and with others, words that
// many, some and no items have, pages far down, the page of one item, the overview. With --insert items are
// decided and delivered beside it at that rate, through the item store, and the index follows them.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "service/base/clock.h"
#include "service/base/sockets.h"
#include "service/cleaner/review/overview.h"
#include "service/cleaner/review/review_item.h"
#include "service/cleaner/review/review_list.h"
#include "service/review/call_client.h"
#include "service/review/call_server.h"
#include "tests/bench/review/made_items.h"

using namespace kiyome;

namespace {

using Filters = std::map<std::string, std::string>;

struct Asked {
  std::string name;
  std::string operation = "listItems";
  Filters query, path;
};

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) { return double(time.tv_sec) + double(time.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * double(values.size() - 1) + 0.5)];
}

// Decides items and hears of their delivery, as the relay does at this rate.
class Inserter {
 public:
  Inserter(store::ItemStore& items, unsigned rate) : items_(items) {
    if (rate > 0) thread_ = std::thread([this, rate] { run(rate); });
  }
  ~Inserter() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::uint64_t done() const { return done_; }

 private:
  void run(unsigned rate) {
    bench::Maker maker(static_cast<std::uint64_t>(unix_ms_now()));
    const auto began = Steady::now();
    for (std::uint64_t made = 0; !stop_;) {
      const double seconds = milliseconds_since(began) / 1000;
      for (; double(made) < seconds * rate; ++made) {
        store::DecidedItem item = maker.make(unix_ms_now());
        const ItemId id = item.envelope.id;
        const bool clean = item.groups.front().verdict == Verdict::clean;
        const std::size_t recipients = item.envelope.recipients.size();
        items_.decide(std::move(item), [this](bool written) { done_ += written ? 1 : 0; });
        if (!clean) continue;
        items_.bundle_accepted(id, 1);
        for (std::uint32_t i = 0; i < recipients; ++i)
          items_.delivery({id, 1, i, transfer::ResultClass::delivered, 2, 0, 0}, "", {});
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  store::ItemStore& items_;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> done_{0};
  std::thread thread_;
};

std::vector<Asked> questions(const std::string& sender, const std::string& hash, const std::string& some_id) {
  const Filters words{{"q", bench::kCommonWord}};
  std::vector<std::pair<std::string, Filters>> singles{
      {"nothing", {}},
      {"word, common", {{"q", bench::kCommonWord}}},
      {"word, some", {{"q", bench::kSomeWord}}},
      {"word, rare", {{"q", bench::kRareWord}}},
      {"word, absent", {{"q", "存在しない語"}}},
      {"one character", {{"q", "会"}}},
      {"one letter", {{"q", "s"}}},
      {"word in every address", {{"q", "example"}}},
      {"two words", {{"q", "入札 図書館"}}},
      {"five words", {{"q", "年度 第 号 会議 回答"}}},
      {"words that never meet", {{"q", "県庁 保健所"}}},
      {"SHA-256 digits as a word", {{"q", hash.substr(0, 12)}}},
      {"direction mail", {{"direction", "mail"}}},
      {"direction drop", {{"direction", "drop"}}},
      {"sender", {{"sender", sender}}},
      {"sender's domain", {{"sender", "example.co.jp"}}},
      {"sender, absent", {{"sender", "nobody@nowhere.example.net"}}},
      {"recipient", {{"recipient", "sato-taro1@soumu.city.example.lg.jp"}}},
      {"recipient's domain", {{"recipient", "city.example.lg.jp"}}},
      {"subject", {{"subject", "予算要求"}}},
      {"file", {{"file", "見積書"}}},
      {"file type", {{"file", "xlsx"}}},
      {"sha256", {{"sha256", hash}}},
      {"sha256, absent", {{"sha256", "00000000000000000000000000000000"}}},
      {"id", {{"id", some_id}}},
      {"reason", {{"reason", "encrypted"}}},
      {"reason, absent", {{"reason", "verify-refused"}}},
      {"verdict held", {{"verdict", "held"}}},
      {"verdict clean", {{"verdict", "clean"}}},
      {"state delivered", {{"state", "delivered"}}},
      {"state bounced", {{"state", "bounced"}}},
      {"state deleted", {{"state", "deleted"}}},
      {"department", {{"department", "水道局"}}},
      {"tenant, absent", {{"tenant", "○○町"}}},
      {"since", {{"since", "2026-06-01"}}},
      {"until", {{"until", "2026-01-31"}}},
      {"a day", {{"since", "2026-03-03"}, {"until", "2026-03-03"}}},
      {"legal hold", {{"kept", "true"}}},
      {"asked", {{"asked", "true"}}},
  };
  std::vector<Asked> out;
  for (const auto& [name, query] : singles) out.push_back({name, "listItems", query, {}});
  for (std::size_t i = 0; i < singles.size(); ++i)
    for (std::size_t j = i + 1; j < singles.size(); ++j) {
      Filters both = singles[i].second;
      both.insert(singles[j].second.begin(), singles[j].second.end());
      if (both.size() == singles[i].second.size() + singles[j].second.size())
        out.push_back({singles[i].first + " + " + singles[j].first, "listItems", both, {}});
    }
  out.push_back({"SIMILAR", "listSimilar", {}, {{"item", some_id}}});
  out.push_back({"FILTERS", "getFilters", {}, {}});
  for (const char* days : {"1", "30", "366"})
    out.push_back({"OVERVIEW", "getOverview", {{"days", days}}, {}});
  return out;
}

// The value of the first member of this name: good enough for our own compact answers.
std::string member(const std::string& json, const std::string& name) {
  const std::size_t at = json.find("\"" + name + "\":\"");
  if (at == std::string::npos) return {};
  const std::size_t from = at + name.size() + 4;
  return json.substr(from, json.find('"', from) - from);
}

struct Times {
  std::vector<double> all;
  std::vector<std::pair<double, std::string>> slow;
  void add(double ms, const std::string& name) {
    all.push_back(ms);
    slow.emplace_back(ms, name);
  }
  void print(const char* name) const {
    if (all.empty()) return;
    fmt::print("{:<28} {:>6} answers   p50 {:7.2f}   p95 {:7.2f}   max {:7.2f} ms\n", name, all.size(),
               quantile(all, 0.5), quantile(all, 0.95), quantile(all, 1));
  }
};

}  // namespace

int main(int argc, char** argv) {
  unsigned rate = 0, rounds = 3;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--insert") == 0) rate = static_cast<unsigned>(std::atoi(argv[i + 1]));
    if (std::strcmp(argv[i], "--rounds") == 0) rounds = static_cast<unsigned>(std::atoi(argv[i + 1]));
  }
  if (argc < 2) {
    fmt::print(stderr, "usage: review_bench FOLDER [--insert ITEMS_A_SECOND] [--rounds N]\n");
    return 2;
  }
  const std::string folder = argv[1];
  cleaner::CurrentConfig config(bench::configuration());
  store::ItemStore items(folder, [] {});
  cleaner::ReviewSight sight(folder, config);
  cleaner::ReviewList list(folder, config, sight);
  store::Locks locks(folder, store::load_or_make_cleaner_key(folder));
  cleaner::ReviewItem page(folder, {items, locks, config, sight});
  review::Desk desk;
  list.add_to(desk);
  page.add_to(desk);
  cleaner::WorkQueue queue;
  cleaner::Overview overview(folder, {queue, [] { return cleaner::Storage{}; }});
  overview.add_to(desk);
  const std::string socket = folder + "/bench.sock";
  review::CallServer server(listen_unix(AT_FDCWD, socket),
                            [&](const review::Call& asked) { return desk.answer(asked); });
  review::CallClient client(socket, std::chrono::seconds(30));
  while (list.index().turn()) {
  }
  list.start();
  review::Call call;
  call.actor.login = "bench";
  call.actor.roles = review::kAnyRole;
  const auto ask = [&](const Asked& what, std::string* answer = nullptr) {
    call.operation = what.operation;
    call.query = what.query;
    call.path = what.path;
    const auto began = Steady::now();
    const review::Reply reply = client.ask(call, true);
    const double ms = milliseconds_since(began);
    if (answer != nullptr) *answer = reply.content;
    return ms;
  };
  std::string first, one_page;
  ask({"", "listItems", {{"file", "見積書"}, {"limit", "1"}}, {}}, &first);
  const std::string id = member(first, "id");
  ask({"", "getItem", {}, {{"item", id}}}, &one_page);
  const std::vector<Asked> all = questions(member(first, "sender"), member(one_page, "sha256"), id);
  const std::uint64_t before = list.index().state().items;
  const double cpu = cpu_seconds();
  const auto began = Steady::now();
  Times filters, deep, item, similar, others, figures;
  {
    Inserter inserter(items, rate);
    for (unsigned round = 0; round < rounds; ++round)
      for (const Asked& each : all) {
        Times& times = each.operation == "getOverview"   ? figures
                       : each.operation == "listSimilar" ? similar
                       : each.operation == "getFilters"  ? others
                                                         : filters;
        times.add(ask(each), each.name);
      }
    for (const Filters& query :
         {Filters{}, Filters{{"q", bench::kCommonWord}}, Filters{{"state", "delivered"}}}) {
      Asked next{"deep page", "listItems", query, {}};
      next.query["limit"] = "200";
      next.query["until"] = "2026-01-31";
      for (int i = 0; i < 100; ++i) {
        std::string answer;
        deep.add(ask(next, &answer), next.name);
        item.add(ask({"item page", "getItem", {}, {{"item", member(answer, "id")}}}), "item page");
        next.query["after"] = member(answer, "next");
        if (next.query["after"].empty()) break;
      }
    }
    const double seconds = milliseconds_since(began) / 1000;
    if (rate > 0)
      fmt::print("inserted {} items in {:.1f} s: {:.0f} a second\n", inserter.done(), seconds,
                 double(inserter.done()) / seconds);
  }
  fmt::print("index    {} items, {} of them since the start; CPU of all: {:.1f} s in {:.1f} s\n",
             list.index().state().items, list.index().state().items - before, cpu_seconds() - cpu,
             milliseconds_since(began) / 1000);
  filters.print("any filters, first page");
  deep.print("pages of 200 far down");
  item.print("item page");
  similar.print("similar items");
  others.print("what there is to filter by");
  figures.print("overview, 1 to 366 days");
  std::sort(filters.slow.rbegin(), filters.slow.rend());
  for (std::size_t i = 0; i < std::min<std::size_t>(15, filters.slow.size()); ++i)
    fmt::print("   {:8.2f} ms  {}\n", filters.slow[i].first, filters.slow[i].second);
  list.stop();
  return 0;
}

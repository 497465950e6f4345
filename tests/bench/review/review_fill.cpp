// review_fill FOLDER COUNT: a store of COUNT items of the last 400 days, written by the store's own writer in
// large transactions, and its search index. Run again on a folder with items it only brings the index up to
// date.
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>

#include "service/base/clock.h"
#include "service/review/index/index.h"
#include "service/store/item_schema.h"
#include "service/store/item_writer.h"
#include "tests/bench/review/made_items.h"

using namespace kiyome;

namespace {

constexpr std::int64_t kSpanMs = 400LL * 86'400'000;
constexpr std::size_t kTogether = 5000;

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) { return double(time.tv_sec) + double(time.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// Most copies arrived, some came back, some are on their way.
void deliver(store::ItemWriter& writer, bench::Maker& maker, const store::DecidedItem& item) {
  writer.bundle_accepted(item.envelope.id, 1);
  for (const auto& each : item.envelope.recipients) {
    if (maker.chance(200)) continue;
    transfer::DeliveryResult result{
        item.envelope.id, 1, each.index, transfer::ResultClass::delivered, 2, 0, 0};
    if (maker.chance(100)) {
      result.result = transfer::ResultClass::failed;
      result.status_class = 5;
    }
    writer.delivery(result, "");
  }
}

void ask(store::Database& database, bench::Maker& maker, const store::DecidedItem& item, std::int64_t now) {
  if (maker.chance(5))
    database
        .kept(
            "INSERT INTO requests (id, recipient, part, asked_ms, state, decided_by, decided_ms, answer) "
            "VALUES (?,0,2,?,'open','',0,'')")
        .run(store::blob(item.envelope.id), now);
  if (maker.chance(50))
    database.kept("INSERT INTO kept VALUES (?,'auditor','調査中',?)").run(store::blob(item.envelope.id), now);
}

void fill(const std::string& folder, std::size_t count) {
  std::filesystem::create_directories(folder + "/bundles");
  store::Database database(folder + "/items.db");
  database.migrate(store::kItemSchema);
  database.execute("PRAGMA synchronous=OFF; PRAGMA cache_size=-262144");
  store::ItemWriter writer(database, folder);
  bench::Maker maker(1);
  const std::int64_t now = unix_ms_now();
  for (std::size_t i = 0; i < count;) {
    store::Transaction transaction(database);
    for (const std::size_t end = std::min(count, i + kTogether); i < end; ++i) {
      const std::int64_t at =
          now - kSpanMs + static_cast<std::int64_t>(double(kSpanMs) * double(i) / double(count));
      const store::DecidedItem item = maker.make(at);
      writer.decide(item);
      if (item.groups.front().verdict == Verdict::clean)
        deliver(writer, maker, item);
      else
        ask(database, maker, item, now);
    }
    writer.before_commit();
    transaction.commit();
    writer.after_commit();
  }
  // As if each had been delivered some seconds after it came.
  database.execute(
      "UPDATE recipients SET changed_ms=(SELECT received_ms FROM items WHERE items.id=recipients.id)+400+"
      "abs(random()%12000)");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: review_fill FOLDER COUNT\n");
    return 2;
  }
  const std::string folder = argv[1];
  const auto count = static_cast<std::size_t>(std::strtoull(argv[2], nullptr, 10));
  auto began = Steady::now();
  double cpu = cpu_seconds();
  if (!std::filesystem::exists(folder + "/items.db")) {
    fill(folder, count);
    fmt::print("filled   {} items, {:.1f} s, {:.0f} µs of CPU an item\n", count,
               milliseconds_since(began) / 1000, (cpu_seconds() - cpu) * 1e6 / double(count));
  }
  const auto config = std::make_shared<const Config>(bench::configuration());
  review::SearchIndex index(folder, [config] { return config; });
  began = Steady::now();
  cpu = cpu_seconds();
  while (index.turn()) {
  }
  fmt::print("indexed  {} items, {:.1f} s, {:.0f} µs of CPU an item\n", index.state().items,
             milliseconds_since(began) / 1000, (cpu_seconds() - cpu) * 1e6 / double(count));
  for (const char* name : {"items.db", "review.db"})
    fmt::print("{}  {} octets an item\n", name, std::filesystem::file_size(folder + "/" + name) / count);
  return 0;
}

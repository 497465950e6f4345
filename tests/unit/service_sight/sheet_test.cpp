#include "service/sight/sheet.h"

#include <doctest/doctest.h>

#include <thread>

#include "proto/clean/findings.h"
#include "service/sight/exposition.h"
#include "service/sight/families.h"
#include "service/sight/process.h"

using namespace kiyome;
using namespace kiyome::sight;

TEST_CASE("sheet: samples of one name stand together under one HELP and TYPE") {
  Sheet sheet;
  sheet.counter("a_total", "As", 1, {{"kind", "x"}});
  sheet.gauge("b", "Bs", 2.5);
  sheet.counter("a_total", "As", 3, {{"kind", "y"}});
  CHECK(sheet.text() ==
        "# HELP a_total As\n# TYPE a_total counter\na_total{kind=\"x\"} 1\na_total{kind=\"y\"} 3\n"
        "# HELP b Bs\n# TYPE b gauge\nb 2.5\n");
}

TEST_CASE("sheet: a histogram counts up to each bound, its own value included, and beyond the last") {
  static constexpr double kBounds[] = {1, 2};
  meters::Histogram values(kBounds);
  for (const double value : {0.5, 1.0, 1.5, 2.0, 7.0, -3.0}) values.see(value);
  Sheet sheet;
  sheet.histogram("h", "H", values, {{"store", "s"}});
  CHECK(sheet.text() ==
        "# HELP h H\n# TYPE h histogram\nh_count{store=\"s\"} 6\nh_sum{store=\"s\"} 12\n"
        "h_bucket{store=\"s\",le=\"1\"} 3\nh_bucket{store=\"s\",le=\"2\"} 5\n"
        "h_bucket{store=\"s\",le=\"+Inf\"} 6\n");
}

TEST_CASE("meters: what many threads count is all there") {
  meters::Counter counter;
  static constexpr double kBounds[] = {1};
  meters::Histogram histogram(kBounds);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int turn = 0; turn < 10'000; ++turn) {
        counter.add();
        histogram.see(0.25);
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(counter.value() == 40'000);
  CHECK(histogram.count(0) == 40'000);
  CHECK(histogram.sum() == doctest::Approx(10'000));
}

TEST_CASE("meters: there is a place for every finding") {
#define FINDING(code, name, slug, effect, japanese, english) static_assert((code) < meters::kFindingCodes);
#include "proto/clean/findings.def"
#undef FINDING
  meters::Cleaning cleaning;
  cleaning.reason(clean::Finding::kMalware, 3);
  CHECK(cleaning.reasons[static_cast<std::size_t>(clean::Finding::kMalware)].value() == 3);
}

TEST_CASE("meters: an SMTP code that is none of ours is counted as other, and none is lost") {
  meters::Smtp smtp;
  smtp.answered(552);
  smtp.answered(599);
  std::uint64_t sum = 0;
  for (const meters::Counter& each : smtp.refusals) sum += each.value();
  CHECK(sum == 2);
  CHECK(smtp.refusals.back().value() == 1);
}

TEST_CASE("families: all of them together are a text that the strict reader takes") {
  Sheet sheet;
  show_smtp(sheet);
  show_taken(sheet);
  show_commits(sheet, "originals", meters::original_commits);
  show_cleaning(sheet);
  show_sandboxes(sheet);
  show_gate(sheet);
  show_pages(sheet);
  show_zone(sheet, {1, 2, 3, 4});
  show_collector(sheet, meters::Collector{false, 7});
  show_process(sheet);
  show_disk(sheet, ".", {{"here", "."}});
  sheet.condition("disk", true);
  const Result<Told> told = read_exposition(sheet.text(), "edge");
  REQUIRE(told.has_value());
  CHECK(told->families.at("process_resident_memory_bytes").type == "gauge");
  CHECK(told->families.at("kiyome_verdicts_total").samples.size() == 3);
  CHECK(told->conditions == std::vector<std::pair<std::string, bool>>{{"disk", true}});
}

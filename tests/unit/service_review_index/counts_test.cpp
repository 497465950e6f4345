#include "service/review/index/counts.h"

#include <doctest/doctest.h>

#include "service/review/index/entry.h"

using namespace kiyome;

TEST_CASE("counts: what an item counts for survives being written down") {
  review::Counts counts;
  counts.day = 20'300;
  counts.scopes = {{"", ""}, {"町", ""}, {"", "議会"}, {"町", "議会"}};
  counts.all = {
      {review::Count::items, ""}, {review::Count::bytes, "", 77}, {review::Count::open, "held", 1, true}};
  const review::Counts read = review::Counts::of_text(counts.text());
  CHECK(read.text() == counts.text());
  CHECK(read.day == 20'300);
  REQUIRE(read.scopes.size() == 4);
  CHECK(read.scopes[3].department == "議会");
  REQUIRE(read.all.size() == 3);
  CHECK(read.all[1].amount == 77);
  CHECK(read.all[2].now);
}

TEST_CASE("counts: a day's text is that of its local date") {
  CHECK(review::day_text(review::day_of(1'790'000'000'000)).starts_with("2026-09-2"));
  CHECK(review::day_text(0) == "1970-01-01");
}

TEST_CASE("counts: times to delivery fall into growing buckets, and quantiles come back out of them") {
  CHECK(review::delivery_bucket(0) == 0);
  CHECK(review::delivery_bucket(10) == 0);
  CHECK(review::delivery_bucket(11) == 1);
  CHECK(review::delivery_bucket(20) == 2);
  CHECK(review::delivery_bucket(std::int64_t{1} << 60) == 63);
  CHECK(review::delivery_quantile_ms({}, 0.5) == 0);
  std::vector<review::CountRow> rows;
  for (int ms = 100; ms <= 10'000; ms += 100)
    rows.push_back({1, std::to_string(review::delivery_bucket(ms)), 1});
  CHECK(review::delivery_quantile_ms(rows, 0.5) == doctest::Approx(5000).epsilon(0.25));
  CHECK(review::delivery_quantile_ms(rows, 0.95) == doctest::Approx(9500).epsilon(0.25));
  CHECK(review::delivery_quantile_ms(rows, 1) >= 10'000);
}

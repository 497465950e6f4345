#include "service/review/index/counts.h"
#include "service/base/clock.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>

namespace kiyome::review {
namespace {

using store::Row;

constexpr std::size_t kBuckets = 64;

}  // namespace

std::int64_t day_of(std::int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1000;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return (unix_ms + static_cast<std::int64_t>(parts.tm_gmtoff) * 1000) / kDayMs;
}

std::string day_text(std::int64_t day) {
  const std::time_t seconds = day * (kDayMs / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char out[32];
  return {out, std::strftime(out, sizeof out, "%Y-%m-%d", &parts)};
}

std::vector<CountRow> counts_by_day(store::Database& database, const CountScope& scope, Count kind,
                                    std::int64_t first, std::int64_t last) {
  std::vector<CountRow> out;
  database
      .kept(
          "SELECT day, key, count FROM counts WHERE kind=? AND tenant=? AND department=? AND day>=? AND "
          "day<=? AND count>0 ORDER BY day, key")
      .each(
          [&](const Row& row) {
            out.push_back({row.integer(0), std::string(row.text(1)), row.integer(2)});
          },
          kind, scope.tenant, scope.department, first, last);
  return out;
}

std::vector<CountRow> counts_by_key(store::Database& database, const CountScope& scope, Count kind,
                                    std::int64_t first, std::int64_t last, std::size_t max) {
  std::vector<CountRow> out;
  database
      .kept(
          "SELECT key, sum(count) AS total FROM counts WHERE kind=? AND tenant=? AND department=? AND day>=? "
          "AND day<=? GROUP BY key HAVING total>0 ORDER BY total DESC, key LIMIT ?")
      .each(
          [&](const Row& row) {
            out.push_back({0, std::string(row.text(0)), row.integer(1)});
          },
          kind, scope.tenant, scope.department, first, last, max);
  return out;
}

std::vector<CountRow> counts_by_department(store::Database& database, const std::string& tenant, Count kind,
                                           const std::string& key, std::int64_t first, std::int64_t last) {
  std::vector<CountRow> out;
  database
      .kept(
          "SELECT department, sum(count) AS total FROM counts WHERE kind=? AND tenant=? AND department>'' "
          "AND "
          "day>=? AND day<=? AND key=? GROUP BY department HAVING total>0 ORDER BY total DESC, department")
      .each(
          [&](const Row& row) {
            out.push_back({0, std::string(row.text(0)), row.integer(1)});
          },
          kind, tenant, first, last, key);
  return out;
}

std::int64_t delivery_bucket_ms(std::size_t bucket) {
  return static_cast<std::int64_t>(std::llround(10.0 * std::exp2(static_cast<double>(bucket) / 2)));
}

std::size_t delivery_bucket(std::int64_t ms) {
  std::size_t bucket = 0;
  while (bucket + 1 < kBuckets && delivery_bucket_ms(bucket) < ms) ++bucket;
  return bucket;
}

std::int64_t delivery_quantile_ms(const std::vector<CountRow>& rows, double q) {
  std::vector<std::int64_t> counts(kBuckets, 0);
  std::int64_t total = 0;
  for (const CountRow& row : rows) {
    std::size_t bucket = kBuckets;
    std::from_chars(row.key.data(), row.key.data() + row.key.size(), bucket);
    if (bucket >= kBuckets) continue;
    counts[bucket] += row.count;
    total += row.count;
  }
  double wanted = q * static_cast<double>(total);
  for (std::size_t i = 0; total > 0 && i < kBuckets; ++i) {
    const auto here = static_cast<double>(counts[i]);
    if (wanted > here || counts[i] == 0) {
      wanted -= here;
      continue;
    }
    const std::int64_t from = i == 0 ? 0 : delivery_bucket_ms(i - 1);
    return from +
           static_cast<std::int64_t>(static_cast<double>(delivery_bucket_ms(i) - from) * wanted / here);
  }
  return 0;
}

}  // namespace kiyome::review

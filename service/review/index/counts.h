// What the search index counts besides: for each local day of receipt how many items, verdicts, reasons …
// there were, kept right when an item changes. Table `counts` of review.db:
//   counts(day INTEGER, tenant TEXT, department TEXT, kind INTEGER, key TEXT, count INTEGER)
// `day` is the days since 1970-01-01 of the day in the machine's zone (day_of()). An item counts once in the
// row of tenant "" and department "" (all items), once for each of its tenants (tenant, ""), each of its
// departments ("", department) and each pair of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "service/store/database.h"

namespace kiyome::review {

enum class Count : std::uint8_t {
  items = 1,        // key ""
  verdict = 2,      // "clean", "held", "rejected": the worst of the recipients
  state = 3,        // "held", "sending", "bounced", "delivered", "deleted"
  reason = 4,       // slug of a finding, of the item or of one of its parts
  type = 5,         // media type of a part; "other" for what has no name among us
  sender_held = 6,  // address, of items that someone did not get: held or rejected
  delivery = 7,     // "0" … "63": recipients delivered, by the time it took; see delivery_quantile_ms()
  bytes = 8,        // "": octets of the originals
  direction = 9,    // "mail", "drop"
  // Of day 0: what waits now.
  open = 10,  // "held": items with a held copy; "requests", "proposals": how many are open of items; "kept"
};

// The local day, as days since 1970-01-01, and its text "2026-11-22".
std::int64_t day_of(std::int64_t unix_ms);
std::string day_text(std::int64_t day);

struct CountScope {
  std::string tenant, department;  // empty: all
};
struct CountRow {
  std::int64_t day = 0;
  std::string key;
  std::int64_t count = 0;
};

// Over any connection to review.db. Throws TemporaryFailure.
// Each day and key of [first, last], by day.
std::vector<CountRow> counts_by_day(store::Database& database, const CountScope& scope, Count kind,
                                    std::int64_t first, std::int64_t last);
// Each key with the sum of these days, the largest first, at most `max`; `day` is 0.
std::vector<CountRow> counts_by_key(store::Database& database, const CountScope& scope, Count kind,
                                    std::int64_t first, std::int64_t last, std::size_t max);
// Departments that have a row in these days, with their number of `kind` and `key` (e.g. items, ""; open,
// "held" with first = last = 0); `key` is the department.
std::vector<CountRow> counts_by_department(store::Database& database, const std::string& tenant, Count kind,
                                           const std::string& key, std::int64_t first, std::int64_t last);

// Time from receipt to delivery: bucket i holds what took longer than that of i - 1 and at most
// delivery_bucket_ms(i) = 10 ms · 2^(i/2). The last bucket holds all that is longer (a year).
std::size_t delivery_bucket(std::int64_t ms);
std::int64_t delivery_bucket_ms(std::size_t bucket);
// q in (0, 1] of rows of kind `delivery`, whatever their days; interpolated within the bucket; 0 when there
// are none.
std::int64_t delivery_quantile_ms(const std::vector<CountRow>& rows, double q);

}  // namespace kiyome::review

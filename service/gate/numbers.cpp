#include "service/gate/numbers.h"

#include <algorithm>

namespace kiyome::gate {

using store::Row;

Numbers::Numbers(store::Database& database, const char* name, const char* last)
    : database_(database), name_(name), last_(last) {
  if (!database_.shared()) next_ = last_standing() + 1;
}

std::int64_t Numbers::last_standing() {
  std::int64_t out = 0;
  store::Statement(database_, last_).one([&](const Row& row) { out = row.integer(0); });
  return out;
}

std::int64_t Numbers::next() {
  if (database_.shared() && !counted_) {
    // A database that came from one host has its numbers in its rows alone.
    if (!database_.kept("SELECT next FROM numbers WHERE name = ?")
             .one([&](const Row& row) { next_ = row.integer(0); }, name_))
      next_ = last_standing() + 1;
    counted_ = true;
  }
  return next_++;
}

void Numbers::before_commit() {
  if (counted_)
    database_.kept("INSERT INTO numbers VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET next = excluded.next")
        .run(name_, next_);
}

}  // namespace kiyome::gate

// The overview of the console: figures of the last days out of the search index's daily counts, what is
// stored, what waits. As JSON and as a table for a spreadsheet. Reads only; what is slow to look at (folders)
// is collected elsewhere and given.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "service/cleaner/gate_link.h"
#include "service/cleaner/processor.h"
#include "service/cleaner/work_queue.h"
#include "service/review/call.h"
#include "service/review/desk.h"
#include "service/review/index/counts.h"

namespace kiyome::cleaner {

// Octets on the cleaner's disk. Not known yet: zeros.
struct Storage {
  std::uint64_t originals_bytes = 0, clean_bytes = 0, database_bytes = 0, free_bytes = 0;
};

struct DayFigures {
  std::int64_t day = 0;  // since 1970-01-01
  std::int64_t items = 0, clean = 0, held = 0, rejected = 0, delivered = 0, bounced = 0, sending = 0;
  std::int64_t p50_ms = 0, p95_ms = 0;  // from receipt to delivery; 0: nothing was delivered
};

struct NamedFigure {
  std::string name;
  std::int64_t items = 0, held = 0;
};

// Of the days [first, last].
struct Figures {
  std::vector<DayFigures> days;  // each day
  std::int64_t p50_ms = 0, p95_ms = 0;
  std::vector<NamedFigure> reasons, types, senders_held, departments;  // the largest first
  std::int64_t held_now = 0, requests = 0, proposals = 0, to_gate = 0;
  DayFigures sum() const;
};

// Thread-safe. Throws TemporaryFailure.
class Overview {
 public:
  struct Parts {
    WorkQueue& queue;
    std::function<Storage()> storage;
  };
  // The folder has, from the first call on, review.db.
  Overview(store::ItemsAt at, Parts parts) : at_(std::move(at)), parts_(std::move(parts)) {}
  void add_to(review::Desk& desk);

  Figures figures(const review::CountScope& scope, std::int64_t first, std::int64_t last) const;

 private:
  review::Reply json(const review::Call& call) const;
  review::Reply table(const review::Call& call) const;

  const store::ItemsAt at_;
  const Parts parts_;
};

// The days that a call asks for, up to today. Throws http::Problem 422 `invalid`.
struct DaysAsked {
  std::int64_t first = 0, last = 0;
};
DaysAsked days_asked(const review::Call& call);
// Whose figures a call may see: an actor with a tenant sees that tenant's alone.
review::CountScope scope_of(const review::Call& call);

// One line of RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe before it.
std::string csv_line(const std::vector<std::string>& cells);

// A slug in words; the slug itself when nobody knows it.
struct ReasonWords {
  std::string_view ja, en;
};
ReasonWords reason_words(std::string_view slug);
// A key of Count::type for people: "Excel ブック"; the media type itself where we have no word for it.
std::string type_label(std::string_view type);

}  // namespace kiyome::cleaner

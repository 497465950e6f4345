// The lists of the quarantine review: items by any filters, items alike, and what there is to filter by
// (openapi.yaml: listItems, listSimilar, getFilters). Asks the search index; what an actor may not see is not
// in it for him. Texts of items are hostile, and so are queries.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "service/cleaner/processor.h"
#include "service/cleaner/review/review_sight.h"
#include "service/http/json_text.h"
#include "service/review/desk.h"
#include "service/review/index/index.h"

namespace kiyome::cleaner {

// Thread-safe.
class ReviewList {
 public:
  // The item store is there; the index is made in our folder.
  ReviewList(const store::ItemsAt& at, CurrentConfig& config, ReviewSight& sight);

  void start() { index_.start(); }
  void stop() { index_.stop(); }
  void add_to(review::Desk& desk);
  review::SearchIndex& index() { return index_; }

 private:
  // "items":[…], each as schemas/ReviewItemRow, for this actor.
  void write_rows(http::JsonText& out, const review::Actor& actor,
                  const std::vector<review::ListedItem>& rows);
  void write_row(http::JsonText& out, const review::Actor& actor, const std::set<std::string>& departments,
                 const review::ListedItem& row);
  review::Reply list(const review::Call& call);
  review::Reply similar(const review::Call& call);
  review::Reply filters(const review::Call& call);
  review::Query query_of(const review::Call& call);
  void write_open(http::JsonText& out, const review::Actor& actor);

  CurrentConfig& config_;
  ReviewSight& sight_;
  review::SearchIndex index_;
  Guarded<std::unique_ptr<store::Database>> items_;  // proposals without an item stand there alone
};

}  // namespace kiyome::cleaner

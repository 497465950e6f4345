// One item as the review page shows it (openapi.yaml, getItem): what was decided about it, its parts, its
// headers, its way, and what this person could decide now. Reads the store; trusts the report to be ours, and
// none of the texts in it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "service/cleaner/processor.h"
#include "service/cleaner/review/review_sight.h"
#include "service/http/json_text.h"
#include "service/review/desk.h"
#include "service/store/database.h"
#include "service/store/doors.h"
#include "service/store/item_store.h"
#include "service/store/locks.h"

namespace kiyome::cleaner {

// Thread-safe.
class ReviewItem {
 public:
  struct Parts {
    store::ItemStore& items;
    store::Locks& locks;
    CurrentConfig& config;
    ReviewSight& sight;
  };
  // The item store is there.
  ReviewItem(const store::ItemsAt& at, Parts parts);

  // getItem.
  void add_to(review::Desk& desk);

 private:
  struct Page;
  review::Reply get(const review::Call& call);
  Page read(const review::Actor& actor, const ItemId& id);
  std::vector<std::string> write_parts(http::JsonText& out, const Page& page) const;
  static void write_history(http::JsonText& out, const Page& page);
  void write_waiting(http::JsonText& out, const Page& page);

  Parts parts_;
  Guarded<store::Database> database_;
  store::Doors requests_;
  const review::Desk* desk_ = nullptr;  // what it is added to: proposals are asked of it
};

// [{"name","value"}] of what was read out of the item's header, in an order of ours.
void write_headers(http::JsonText& out, const store::ItemRow& item);
// [{"code","ja","en"}], as schemas/Reason.
void write_reasons(http::JsonText& out, const std::vector<std::string>& slugs);
// Of an item's report (report.h): the parts of the first group in which `shown` has a recipient, as a tree of
// schemas/ReviewPart; where other groups are treated otherwise, that is told with the part. Gives the names
// of those that have one. Pure.
std::vector<std::string> write_report_parts(http::JsonText& out, const std::string& report,
                                            const std::function<bool(const std::string& address)>& shown);

}  // namespace kiyome::cleaner

// Who passes for a time: senders whose files of a type become pages where policy would hold or strip them.
// Only what is proven to be theirs, and never past sandbox, verifier or malware scan.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "proto/clean/types.h"
#include "service/base/clock.h"
#include "service/base/config.h"
#include "service/base/guarded.h"
#include "service/store/item_store.h"

namespace kiyome::cleaner {

// The wish with what is allowed: pages in place of hold, view and strip; whatever passes already stays.
Action with_allowances(Action wish, std::span<const store::Allowed> allowed, std::string_view tenant,
                       const clean::Part& part);

// "user@domain" in lower case, or "@domain"; empty when the address has no domain.
std::string allowed_sender(std::string_view address);
std::string allowed_domain(std::string_view address);

// Whether what the trusted upstream wrote down proves the envelope's sender: DMARC, SPF or DKIM passed for
// his very domain.
bool is_proven(std::string_view sender, std::span<const clean::Authentication> results,
               std::string_view trusted);
// The same of an item that was decided: of a mail by its record, of a dropped file because its sender signed
// in.
bool is_proven(const store::ItemRow& item, bool drop, const Config& config);

// Those that stand, as they were at most kFresh ago. Thread-safe.
class Allowances {
 public:
  static constexpr auto kFresh = std::chrono::seconds(3);
  explicit Allowances(store::ItemStore& items) : items_(items) {}
  // Of this envelope sender. Throws TemporaryFailure.
  std::vector<store::Allowed> of(std::string_view sender);

 private:
  struct Known {
    std::multimap<std::string, store::Allowed, std::less<>> by_sender;
    std::optional<Steady::time_point> at;
  };
  store::ItemStore& items_;
  Guarded<Known> known_;
};

}  // namespace kiyome::cleaner

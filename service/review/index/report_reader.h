// What the search index wants of an item's report (cleaner/report.h writes it): the parts of all its groups.
// Trusts the report to be ours, but takes no harm from one that is not: what it does not understand it leaves
// out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiyome::review {

struct ReportedPart {
  std::string name, type, type_name, sha256;
  std::vector<std::string> reasons;  // slugs
  bool operator==(const ReportedPart&) const = default;
};
struct ReportedItem {
  std::string from;                 // how the sender names himself in the header
  std::vector<ReportedPart> parts;  // each once, though several groups have it; at most kReportedParts
};
inline constexpr std::size_t kReportedParts = 200;  // more of one item are not searched for

// Thread-safe; never fails.
ReportedItem read_report(std::string_view json);

}  // namespace kiyome::review

#include "service/edge/admission.h"

#include "proto/base/check.h"

namespace kiyome::edge {

bool Admission::enter(std::uint32_t max) {
  if (total_.fetch_add(1) < max) return true;
  total_.fetch_sub(1);
  return false;
}

void Admission::leave() { KIYOME_CHECK(total_.fetch_sub(1) > 0); }

bool Admission::enter_from(const IpAddress& counted, std::uint32_t max) {
  return counts_.with([&](Counts& counts) {
    std::uint32_t& count = counts.by_address[counted];
    if (max != 0 && count >= max) return false;
    ++count;
    return true;
  });
}

void Admission::leave_from(const IpAddress& counted) {
  counts_.with([&](Counts& counts) {
    const auto found = counts.by_address.find(counted);
    KIYOME_CHECK(found != counts.by_address.end());
    if (--found->second == 0) counts.by_address.erase(found);
  });
}

}  // namespace kiyome::edge

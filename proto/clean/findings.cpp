#include "proto/clean/findings.h"

#include <iterator>

namespace kiyome::clean {
namespace {

constexpr FindingInfo kTable[] = {
#define FINDING(code, name, slug, effect, japanese, english) \
  {Finding::k##name, slug, Effect::effect, japanese, english},
#include "proto/clean/findings.def"
#undef FINDING
};

// The table is in ascending order of code, which the search below relies on.
constexpr bool ascending() {
  for (std::size_t i = 1; i < std::size(kTable); ++i)
    if (kTable[i - 1].finding >= kTable[i].finding) return false;
  return true;
}
static_assert(ascending(), "findings.def: codes ascend and none is used twice");

const FindingInfo* find(std::uint16_t code) {
  std::size_t low = 0, high = std::size(kTable);
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const auto here = static_cast<std::uint16_t>(kTable[middle].finding);
    if (here == code) return &kTable[middle];
    if (here < code)
      low = middle + 1;
    else
      high = middle;
  }
  return nullptr;
}

}  // namespace

const FindingInfo& info(Finding finding) {
  const FindingInfo* found = find(static_cast<std::uint16_t>(finding));
  return found ? *found : info(Finding::kSanitizerAnswer);  // only a value cast from nowhere gets here
}

std::string_view slug(Finding finding) { return info(finding).slug; }

std::optional<Finding> finding_of_code(std::uint16_t code) {
  const FindingInfo* found = find(code);
  return found ? std::optional(found->finding) : std::nullopt;
}

std::optional<Finding> finding_of_slug(std::string_view slug) {
  for (const FindingInfo& each : kTable)
    if (each.slug == slug) return each.finding;
  return std::nullopt;
}

}  // namespace kiyome::clean

// Findings: reason codes about a part or an item, with their one name in every place (config, API, pages,
// logs).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kiyome::clean {

enum class Finding : std::uint16_t {
#define FINDING(code, name, slug, effect, japanese, english) k##name = code,
#include "proto/clean/findings.def"
#undef FINDING
};

enum class Effect : std::uint8_t { note, part, item };

struct FindingInfo {
  Finding finding;
  std::string_view slug;  // "encrypted"
  Effect effect;
  std::string_view japanese;  // one short sentence for notices and pages
  std::string_view english;
};

// Never fails for a value of the enumeration. Thread-safe.
const FindingInfo& info(Finding finding);
std::string_view slug(Finding finding);
// Empty if the code or the slug is not ours.
std::optional<Finding> finding_of_code(std::uint16_t code);
std::optional<Finding> finding_of_slug(std::string_view slug);

}  // namespace kiyome::clean

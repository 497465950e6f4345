// The text format of Prometheus (0.0.4), read strictly and joined: the sheets of several roles become one,
// with the label `role` in front of each sample's own. A role may have been conquered: what is not exactly
// the form that service/sight writes is refused whole, and it cannot speak as another one.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/base/result.h"

namespace kiyome::sight {

// What the sight role says of the others.
inline constexpr std::string_view kSightName = "sight";
inline constexpr std::string_view kUp = "kiyome_up";
inline constexpr std::string_view kAnswerTime = "kiyome_answer_seconds";

struct Family {
  std::string help, type;
  std::vector<std::string> samples;  // whole lines, without LF
};

struct Told {
  std::map<std::string, Family> families;                // by name
  std::vector<std::pair<std::string, bool>> conditions;  // of kiyome_condition
};

// `role` is put into every sample; one that says a role itself is refused.
Result<Told> read_exposition(std::string_view text, std::string_view role);
// Families of one name stand together; of two that differ in their type the later one is left out.
std::string join(const std::vector<Told>& all);

}  // namespace kiyome::sight

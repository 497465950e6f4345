#include "sanitizers/office/content/types.h"

#include <algorithm>
#include <iterator>

namespace kiyome::sanitizer::office {
namespace {

constexpr OfficeType kTypes[] = {
#define OFFICE(type, extension, filter, families, package) \
  {type, extension, filter, families, static_cast<Package>(package)},
#include "sanitizers/office/content/types.def"
#undef OFFICE
};

}  // namespace

const OfficeType* find_office_type(std::string_view type) {
  const auto row = std::find_if(std::begin(kTypes), std::end(kTypes),
                                [&](const OfficeType& one) { return one.type == type; });
  return row == std::end(kTypes) ? nullptr : row;
}

bool of_family(const OfficeType& row, std::string_view found) {
  std::string_view rest = row.families;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find('|'));
    if (found.starts_with(one)) return true;
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
  }
  return false;
}

bool is_table_text(const OfficeType& row) { return row.extension == "csv" || row.extension == "tsv"; }

}  // namespace kiyome::sanitizer::office

// Which import filter reads a media type. The type is what the content was found to be; names do not count.
#pragma once

#include <string_view>

namespace kiyome::sanitizer::office {

enum class Package : char { zip = 'z', ole = 'o', text = 't', other = '-' };

struct OfficeType {
  std::string_view type;       // lower-case media type
  std::string_view extension;  // of the file that LibreOffice is given; may be empty
  std::string_view filter;     // its name, or empty: it is detected
  std::string_view families;   // then: beginnings of kinds that are good, '|' between
  Package package = Package::other;
};

// nullptr when the office sanitizer does not read it.
const OfficeType* find_office_type(std::string_view type);

// Whether what LibreOffice has found is one of the row's families.
bool of_family(const OfficeType& row, std::string_view found);

// Comma- or tab-separated values: read by table_text.h first.
bool is_table_text(const OfficeType& row);

}  // namespace kiyome::sanitizer::office

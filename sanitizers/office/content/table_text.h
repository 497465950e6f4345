// Comma- and tab-separated values from outside → what LibreOffice's text import is given. The charset is
// found here, not there; every cell is text, so that leading zeros and long numbers stay as the sender wrote
// them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/findings.h"

namespace kiyome::sanitizer::office {

struct TableText {
  std::string utf8;            // LF line ends
  std::string filter_options;  // of "Text - txt - csv (StarCalc)"
  std::vector<clean::Finding> findings;
};

TableText table_text(std::string_view octets, bool tabs);

}  // namespace kiyome::sanitizer::office

// The name of the job's own copy of the input. Documents show it (a page's head in a spreadsheet, a field),
// so it is the sender's, as far as it is harmless in a path.
#pragma once

#include <string>
#include <string_view>

namespace kiyome::sanitizer::office {

// "見積.xlsx" and "xls" give "見積.xls": the extension is that of the found type. `name` is UTF-8, a line, or
// empty.
std::string file_name(std::string_view name, std::string_view extension);

// The file: URL of an absolute path.
std::string file_url(std::string_view path);

}  // namespace kiyome::sanitizer::office

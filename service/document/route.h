// Which sanitizer a file goes to. The type is what its content was found to be; a wrong one costs a refusal
// in the wrong sandbox, nothing else.
#pragma once

#include <string_view>

namespace kiyome::document {

enum class Route : unsigned char {
  none,     // nobody here can read it: held, by its name in Japanese
  text,     // its words are all there is
  mail,     // a mail or a note of Outlook: its text, and its parts by their own types
  archive,  // its entries by their own types
  office,   // pages by way of a PDF
  pdf,
  image,
};

// `type` is a lower-case media type, perhaps empty.
Route route_of(std::string_view type);

}  // namespace kiyome::document

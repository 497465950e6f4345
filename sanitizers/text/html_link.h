// Where a link leads and what it shows: which of the two a reader of plain text must see, and when they
// contradict.
#pragma once

#include <string>
#include <string_view>

namespace kiyome::sanitizer::text {

struct LinkView {
  std::string
      target;  // to show as "text <target>"; empty when the text says it all or the target is nothing to show
  bool script = false;   // javascript:, data: … dropped
  bool differs = false;  // the text looks like another address than the target
};

// `href` with references resolved; `text` as shown; `base` of <base href>, or empty.
LinkView view_link(std::string_view href, std::string_view text, std::string_view base);

// "https" of "HTTPS://…", lower case, or empty.
std::string scheme_of(std::string_view url);
// A URL as browsers see it: no surrounding blanks, no TAB and line ends within; brackets and spaces
// percent-encoded, cut.
std::string tidy_url(std::string_view raw);
bool is_remote(std::string_view url);

}  // namespace kiyome::sanitizer::text

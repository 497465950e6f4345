// See words_text.h.
#include "service/compose/document/words_text.h"

#include <string_view>

#include "service/compose/compose.h"

namespace kiyome::compose {
namespace {

std::string_view between(clean::After after) {
  switch (after) {
    case clean::After::space:
      return " ";
    case clean::After::line_end:
      return "\n";
    case clean::After::paragraph_end:
      return "\n\n";
    case clean::After::nothing:
      break;
  }
  return "";
}

void trim_end(std::string& text) {
  while (text.ends_with('\n') || text.ends_with(' ')) text.pop_back();
}

}  // namespace

std::string words_as_text(const std::vector<clean::Words>& pages, std::vector<clean::Finding>& findings) {
  std::string text;
  for (const clean::Words& page : pages) {
    trim_end(text);
    if (!text.empty() && !page.words.empty()) text += "\n\n";
    for (const clean::Word& word : page.words) text.append(word.text).append(between(word.after));
  }
  trim_end(text);
  if (!text.empty()) text += '\n';
  return clean_text(text, findings);
}

}  // namespace kiyome::compose

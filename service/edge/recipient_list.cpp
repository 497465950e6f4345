#include "service/edge/recipient_list.h"

#include <algorithm>

namespace kiyome::edge {

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

RecipientList::RecipientList(std::string_view text) {
  while (!text.empty()) {
    const std::string_view whole = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(whole.size() + 1, text.size()));
    const std::string_view line = whole.substr(0, whole.find('#'));
    const std::size_t begin = line.find_first_not_of(" \t\r\xef\xbb\xbf");  // a byte order mark too
    if (begin == std::string_view::npos) continue;
    const std::size_t end = line.find_last_not_of(" \t\r");
    addresses_.insert(ascii_lower(line.substr(begin, end - begin + 1)));
  }
}

bool RecipientList::contains(std::string_view mailbox) const {
  const std::string lower = ascii_lower(mailbox);
  if (addresses_.contains(lower)) return true;
  const std::size_t at = lower.rfind('@');
  return at != std::string::npos && addresses_.contains(lower.substr(at));
}

}  // namespace kiyome::edge

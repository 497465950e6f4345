#include "service/edge/drop/mailbox.h"

#include "proto/smtp/address.h"
#include "service/compose/compose.h"

namespace kiyome::edge::drop {

std::string mailbox_of(const std::string& address) {
  const std::string in_brackets = "<" + address + ">";
  std::string_view left = in_brackets;
  const smtp::Path path = smtp::take_path(left);
  if (path.error != smtp::PathError::none || !path.has_domain || !left.empty()) return {};
  std::vector<clean::Finding> changes;
  if (compose::clean_line(path.mailbox, changes) != path.mailbox) return {};
  std::string out = path.mailbox;
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

}  // namespace kiyome::edge::drop

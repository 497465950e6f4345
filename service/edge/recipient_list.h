// The recipients that exist, when the operator gives a list: anything else is refused at RCPT.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

namespace kiyome::edge {

// Thread-safe; never changes.
class RecipientList {
 public:
  // One address a line; "@domain" is all of a domain; "#" begins a comment; ASCII case is ignored.
  explicit RecipientList(std::string_view text);
  bool contains(std::string_view mailbox) const;
  std::size_t size() const { return addresses_.size(); }

 private:
  std::unordered_set<std::string> addresses_;
};

std::string ascii_lower(std::string_view text);

}  // namespace kiyome::edge

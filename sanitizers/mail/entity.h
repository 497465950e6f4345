// What the header of one entity (a message or a body part) says about its content: type, boundaries, transfer
// encoding. Doubled and broken fields are read in the way that shows more. Hostile input.
#pragma once

#include <string_view>

#include "sanitizers/mail/tree.h"

namespace kiyome::sanitizer::mail {

// Fills type, disposition, media_type, declared_type, boundaries and encoding from node.fields; notes what is
// doubled. Result: false when a field is repeated, or a boundary can be read, more often than we look at: a
// reader that looks further would see other parts.
bool settle_entity(Node& node, std::string_view default_type, std::string_view octets);

// Whether the content is a message that stands there as it is (not encoded).
bool is_nested_message(const Node& node, std::string_view octets);

// message/rfc822 and its kin.
bool is_message_type(std::string_view media_type);

}  // namespace kiyome::sanitizer::mail

// libmagic as the last opinion: only about what our own signatures do not know, with its text and archive
// checks off.
#pragma once

#include <string>
#include <string_view>

namespace kiyome::sanitizer::type {

// Loads the database; must come before confinement. Without it magic_type() says nothing.
void load_magic();
// A media type in lower case, or empty.
std::string magic_type(std::string_view octets);

}  // namespace kiyome::sanitizer::type

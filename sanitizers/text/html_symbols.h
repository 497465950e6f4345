// Letters in fonts of pictures (Wingdings, Webdings, Symbol), as characters that every font has.
#pragma once

#include <string_view>

#include "sanitizers/text/html_style.h"

namespace kiyome::sanitizer::text {

// What the character shows in that font; "・" for pictures that no character says, empty for characters that
// are not of such a font.
std::string_view symbol_of(SymbolFont font, char32_t character);

}  // namespace kiyome::sanitizer::text

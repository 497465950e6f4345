// Which characters may stand in a text that crosses a border of trust. One walk, used by the codecs of clean
// and transfer. Trusts nothing; linear; no allocation.
#pragma once

#include <string_view>

namespace kiyome {

// Valid UTF-8 (RFC 3629: shortest form, no surrogates, at most U+10FFFF), no C0 but TAB and LF, no C1, no
// noncharacter (U+FDD0..FDEF, U+xxFFFE, U+xxFFFF). DEL is let through: it is no C0, and the trusted side
// drops it.
bool is_text(std::string_view text);

// The same without LF: a header value, a name.
bool is_line(std::string_view text);

}  // namespace kiyome

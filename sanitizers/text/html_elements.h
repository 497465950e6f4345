// What kinds of elements there are, for the renderer.
#pragma once

#include <string>
#include <string_view>

#include "sanitizers/text/html_tokenizer.h"

namespace kiyome::sanitizer::text {

enum class Shape : std::uint8_t { inline_, block, paragraph };  // paragraph: a blank line above and below

Shape shape_of(Tag tag);
bool is_void(Tag tag);
bool is_formatting(Tag tag);     // closed even across blocks
bool closes_paragraph(Tag tag);  // its start ends an open <p>
bool is_scope(Tag tag);          // what an end tag does not reach through
bool is_table_part(Tag tag);

// A heading that bears a mark of its own needs none from us.
bool begins_with_mark(std::string_view text);
// 3 → "3", "c", "C", "iii", "III" for the list types 1, a, A, i, I.
std::string list_number(unsigned number, char type);

}  // namespace kiyome::sanitizer::text

// References a desktop would act on (GRAMMAR.md section 2) are broken visibly: `file[:]//host`, `[\\]host`.
#pragma once

#include <string>
#include <string_view>

namespace kiyome::compose {

// `text` has obeyed the character rules; lines are divided by LF. `break_links`: http and https too. true if
// it changed.
bool break_references(std::string& text, bool break_links);

}  // namespace kiyome::compose

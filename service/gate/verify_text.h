// Sections 1 to 3 of the clean output grammar over decoded text: characters, references that a desktop acts
// on, lines that read as another encoding, and the lines that only we write. Trusts nothing. Linear, no
// allocation, thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "service/gate/verify_fault.h"

namespace kiyome::gate {

// One line without line end: a decoded Subject, display name. Sections 1.3 and 2.
Checked check_one_line(std::string_view line);

// Section 2 alone, over a line whose characters are proved.
Checked check_references(std::string_view line, bool wide_backslash);

enum class TextKind : std::uint8_t {
  body,        // lead lines, text, notice
  attachment,  // or a file on its own: none of our own lines
};
// Lines that each end in CRLF. Sections 1 to 3.
Checked check_text(std::string_view text, TextKind kind);

// True when `line`, spaces passed over, begins as only our own lines may: 【無害化 or 送信者確認.
bool begins_as_ours(std::string_view line);

}  // namespace kiyome::gate

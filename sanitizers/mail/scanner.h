// The structure of a mail: a bounded, iterative, top-down MIME scanner (RFC 2046) that sees what any real
// reader might see. Where readers disagree it takes the reading that shows more parts, and notes it: a file
// must not hide behind a boundary line with junk, a second Content-Type or a missing quote. Hostile input;
// linear; > 1 GB/s over bodies.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/clean/findings.h"
#include "sanitizers/mail/tree.h"

namespace kiyome::sanitizer::mail {

// What stands at the beginning of the octets.
enum class Start : std::uint8_t {
  message,  // a header of a message
  part,     // a header of a body part
  parts,    // no header: body parts behind boundary lines that no header named
};

// Scans buffer `buffer` of the tree from `begin` to its end and adds what it finds below `parent` (kNone: as
// the root). Result: empty, or the limit that was reached (limit-depth, limit-parts, limit-header): then the
// item is to be refused.
std::optional<clean::Finding> scan(Tree& tree, std::uint32_t buffer, std::int32_t parent, Start start,
                                   std::size_t begin = 0);

}  // namespace kiyome::sanitizer::mail

// A header block (RFC 5322 section 2.2) as it is found in the wild: byte order marks, "From " lines, junk
// between fields, no blank line at its end, any line ends. Views point into the message. Hostile input;
// linear; bounded by limits.h.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

namespace kiyome::sanitizer::mail {

struct Field {
  std::string_view name;   // as written, without the colon and the white space before it
  std::string_view value;  // as written, still folded, without the last line end
};

struct Fields {
  std::vector<Field> all;
  std::size_t body = 0;  // where the body begins
  bool at_boundary =
      false;          // the block was ended by a boundary line (which begins at `body`), not by a blank line
  bool junk = false;  // lines that belong to no field were skipped, or the blank line is missing
  bool too_large = false;  // kMailHeaderBytes or kMailHeaderFields: nothing of the block is to be used

  // The first field of that name (in lower case), or nullptr.
  const Field* find(std::string_view lower_name) const;
};

// Reads the block that begins at `begin`. `message`: a whole message (its From, Date … count as fields worth
// skipping junk for), else the header of a body part. `is_boundary(p)` tells whether the line at p ends the
// block.
Fields read_fields(std::string_view octets, std::size_t begin, bool message,
                   const std::function<bool(std::size_t)>& is_boundary);

// Whether the line at `begin` starts a Content-… field.
bool starts_content_field(std::string_view octets, std::size_t begin);

}  // namespace kiyome::sanitizer::mail

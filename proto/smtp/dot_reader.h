// Message octets out of an SMTP stream: after DATA up to the final dot (RFC 5321 section 4.5.2), after BDAT
// by count (RFC 3030). Trusts nothing. Only CR LF ends a line; a CR or LF alone, or a NUL, ends the reading:
// two servers that disagree about such octets can be made to see different messages (SMTP smuggling).
#pragma once

#include <cstddef>
#include <string_view>

namespace kiyome::smtp {

// Owned by one dialog; no memory of its own but a state. Linear in the input, however it is cut into pieces.
class DotReader {
 public:
  enum class Kind {
    more,    // the input is used up
    octets,  // `octets` are message content with dots unstuffed
    end,     // the final dot was read; what is left of the input are commands
    bare,    // a bare CR, LF or NUL: the session must end
  };
  struct Step {
    Kind kind;
    std::string_view octets;  // points into the input or to a constant
  };

  // Takes octets from the front of `input`. To be called until it gives anything but `octets`.
  Step step(std::string_view& input);
  void reset() { at_ = At::line_start; }

 private:
  enum class At { line_start, text, cr, dot, dot_cr };
  Step run(std::string_view& input, std::size_t begin);

  At at_ = At::line_start;
};

// The same rule for counted content: every CR is followed by LF, every LF preceded by CR, no NUL.
class PairReader {
 public:
  // false: a bare octet was met. Pieces may be cut anywhere.
  bool check(std::string_view octets);
  // At the end of the content: false when a CR still waits for its LF.
  bool complete() const { return !cr_; }
  void reset() { cr_ = false; }

 private:
  bool cr_ = false;
};

}  // namespace kiyome::smtp

// The one way text leaves this room: code points and UTF-8 in, clean-language text out (valid UTF-8, LF line
// ends, no C0 but TAB and LF, no DEL, no C1, no noncharacters). Trusts nothing it is given.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kiyome::sanitizer::text {

class CleanWriter {
 public:
  explicit CleanWriter(std::size_t expected) { out_.reserve(expected); }

  // One code point: CR and CR LF become LF, forbidden ones vanish, surrogates and values past U+10FFFF count
  // as bad().
  void put(char32_t c) {
    if (c >= 0x20 && c < 0x7f) {
      after_cr_ = false;
      out_ += static_cast<char>(c);
    } else if (c >= 0x800 && c < 0xd800) {  // three octets, nothing forbidden: the body of Japanese text
      after_cr_ = false;
      const char octets[3] = {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3f)),
                              static_cast<char>(0x80 | (c & 0x3f))};
      out_.append(octets, sizeof octets);
    } else {
      put_special(c);
    }
  }
  // Octets that no charset explains: one U+FFFD.
  void bad();
  // UTF-8 octets, valid or not; invalid sequences become one U+FFFD each ("maximal subpart", Unicode 3.9).
  void utf8(std::string_view octets);

  std::size_t bad_count() const { return bad_; }
  std::size_t size() const { return out_.size(); }
  std::string take() { return std::move(out_); }

 private:
  void put_special(char32_t c);
  void append(char32_t c);
  std::string out_;
  std::size_t bad_ = 0;
  bool after_cr_ = false;
};

// Number of leading octets that are TAB, LF or 0x20…0x7E.
std::size_t plain_prefix(std::string_view octets);

// How far octets are UTF-8. `truncated` means: valid but for an incomplete sequence at the very end.
struct Utf8Shape {
  std::size_t sequences = 0;  // well-formed multi-octet sequences
  std::size_t invalid = 0;    // ill-formed ones
  std::size_t kana = 0;       // of the well-formed: U+3040…30FF
  std::size_t marks = 0;      // of the well-formed: combining marks, U+0300…036F
  std::size_t three = 0;      // of the well-formed: three octets and longer
  bool truncated = false;
};
Utf8Shape utf8_shape(std::string_view octets);

// Decodes one sequence at `at` (which must be inside). Returns its length, or 0 when ill-formed; `skip` is
// then the length of the maximal subpart to replace.
std::size_t utf8_sequence(std::string_view octets, std::size_t at, char32_t& c, std::size_t& skip);

// At most `octets` of well-formed UTF-8, never half a character.
std::string_view cut_utf8(std::string_view utf8, std::size_t octets);

}  // namespace kiyome::sanitizer::text

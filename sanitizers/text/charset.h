// Names of charsets as mail carries them → how we decode them. Names are hostile; they only ever select a row
// of a table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kiyome::sanitizer::text {

enum class Scheme : std::uint8_t {
  unknown,     // not a name we know
  undeclared,  // no name at all
  ascii,       // US-ASCII: what is 8-bit is guessed
  utf8,
  utf7,
  utf16,  // byte order by BOM, else by looking
  utf16le,
  utf16be,
  utf32,
  utf32le,
  utf32be,
  iso2022jp,
  iso2022kr,
  iso2022cn,
  hz,  // HZ-GB-2312, RFC 1843
  cp932,
  eucjp,
  single_octet,  // `index` into the single-octet tables
  multi_octet,   // `index` into the multi-octet tables
};

struct Charset {
  Scheme scheme = Scheme::unknown;
  std::uint8_t index = 0;
};

// The lower-case core of a declared name: quotes, blanks, "charset=" and what follows ';', ',' or '*' are
// cut; '_' is '-'.
std::string core_name(std::string_view declared);
Charset charset_of(std::string_view declared);

// glibc names behind the two kinds of `index`, in order; an empty name ends each.
extern const char* const kSingleOctetNames[];
extern const char* const kMultiOctetNames[];
std::size_t single_octet_count();
std::size_t multi_octet_count();

}  // namespace kiyome::sanitizer::text

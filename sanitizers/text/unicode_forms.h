// Encodings that are small enough to walk by hand: UTF-7, UTF-16, UTF-32, ISO-2022-KR,
// ISO-2022-CN, HZ.
#pragma once

#include <string_view>

#include "sanitizers/text/clean_writer.h"

namespace kiyome::sanitizer::text {

void decode_utf7(std::string_view octets, CleanWriter& out);
// A byte order mark at the start wins over `big_endian`, and vanishes.
void decode_utf16(std::string_view octets, bool big_endian, CleanWriter& out);
void decode_utf32(std::string_view octets, bool big_endian, CleanWriter& out);
// The byte order that undeclared UTF-16 most likely has (RFC 2781 says big; Windows programs say nothing and
// mean little).
bool utf16_looks_big_endian(std::string_view octets);
void decode_iso2022kr(std::string_view octets, CleanWriter& out);
void decode_iso2022cn(std::string_view octets, CleanWriter& out);
void decode_hz(std::string_view octets, CleanWriter& out);

}  // namespace kiyome::sanitizer::text

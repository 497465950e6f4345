// UTF-7 (RFC 2152), UTF-16 (RFC 2781), UTF-32, ISO-2022-KR (RFC 1557), ISO-2022-CN (RFC 1922), HZ (RFC 1843).
#include "sanitizers/text/unicode_forms.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "proto/base/limits.h"
#include "sanitizers/text/charset.h"
#include "sanitizers/text/converters.h"

namespace kiyome::sanitizer::text {
namespace {

using U8 = unsigned char;

// Joins surrogate pairs; a lone half is bad.
class Utf16Joiner {
 public:
  explicit Utf16Joiner(CleanWriter& out) : out_(out) {}
  void unit(char32_t u) {
    if (high_ != 0) {
      const char32_t high = high_;
      high_ = 0;
      if (u >= 0xdc00 && u <= 0xdfff) return out_.put(0x10000 + ((high - 0xd800) << 10) + (u - 0xdc00));
      out_.bad();
    }
    if (u >= 0xd800 && u <= 0xdbff)
      high_ = u;
    else
      out_.put(u);
  }
  void finish() {
    if (high_ != 0) out_.bad();
    high_ = 0;
  }

 private:
  CleanWriter& out_;
  char32_t high_ = 0;
};

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// The base64 run of UTF-7 that begins at `at`; returns where it ends.
std::size_t utf7_run(std::string_view s, std::size_t at, CleanWriter& out) {
  Utf16Joiner joiner(out);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (; at < s.size(); ++at) {
    const int value = base64_value(s[at]);
    if (value < 0) break;
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0x3fffff;
    held += 6;
    if (held < 16) continue;
    held -= 16;
    joiner.unit(bits >> held & 0xffff);
  }
  joiner.finish();
  if (held >= 6) out.bad();
  return at;
}

}  // namespace

void decode_utf7(std::string_view s, CleanWriter& out) {
  std::size_t at = 0;
  while (at < s.size()) {
    const std::size_t plus = std::min(s.find('+', at), s.size());
    for (; at < plus; ++at) {
      if (static_cast<U8>(s[at]) >= 0x80)
        out.bad();
      else
        out.put(static_cast<U8>(s[at]));
    }
    if (at == s.size()) break;
    ++at;
    if (at < s.size() && s[at] == '-') {
      out.put('+');
      ++at;
      continue;
    }
    const std::size_t start = at;
    at = utf7_run(s, at, out);
    if (at == start) out.put('+');  // a plus sign that its writer forgot to encode
    if (at > start && at < s.size() && s[at] == '-') ++at;
  }
}

bool utf16_looks_big_endian(std::string_view s) {
  std::size_t big = 0, little = 0;
  const std::size_t end = std::min(s.size(), limits::kGuessOctets) & ~static_cast<std::size_t>(1);
  // ASCII, the CJK punctuation and kana row (30xx) and full-width forms (FFxx) tell where the high octet
  // stands.
  for (std::size_t i = 0; i < end; i += 2) {
    const U8 a = static_cast<U8>(s[i]), b = static_cast<U8>(s[i + 1]);
    big += (a == 0 && b != 0) || a == 0x30 || a == 0xff;
    little += (b == 0 && a != 0) || b == 0x30 || b == 0xff;
  }
  return big >= little;
}

void decode_utf16(std::string_view s, bool big_endian, CleanWriter& out) {
  if (s.size() >= 2 && s[0] == '\xfe' && s[1] == '\xff') {
    big_endian = true;
    s.remove_prefix(2);
  } else if (s.size() >= 2 && s[0] == '\xff' && s[1] == '\xfe') {
    big_endian = false;
    s.remove_prefix(2);
  }
  Utf16Joiner joiner(out);
  for (std::size_t i = 0; i + 1 < s.size(); i += 2) {
    const char32_t first = static_cast<U8>(s[i]), second = static_cast<U8>(s[i + 1]);
    joiner.unit(big_endian ? first << 8 | second : second << 8 | first);
  }
  joiner.finish();
  if (s.size() % 2 != 0) out.bad();
}

void decode_utf32(std::string_view s, bool big_endian, CleanWriter& out) {
  if (s.starts_with(std::string_view("\0\0\xfe\xff", 4))) {
    big_endian = true;
    s.remove_prefix(4);
  } else if (s.starts_with(std::string_view("\xff\xfe\0\0", 4))) {
    big_endian = false;
    s.remove_prefix(4);
  }
  for (std::size_t i = 0; i + 3 < s.size(); i += 4) {
    char32_t c = 0;
    for (std::size_t k = 0; k < 4; ++k) c = c << 8 | static_cast<U8>(s[i + (big_endian ? k : 3 - k)]);
    out.put(c);
  }
  if (s.size() % 4 != 0) out.bad();
}

void decode_iso2022kr(std::string_view s, CleanWriter& out) {
  // The one designation, ESC $ ) C, says nothing: between SO and SI is always KS X 1001.
  std::string euc;
  bool shifted_out = false;
  for (std::size_t at = 0; at < s.size(); ++at) {
    const char c = s[at];
    if (c == '\x1b' && s.substr(at).starts_with("\x1b$)C"))
      at += 3;
    else if (c == '\x0e' || c == '\x0f')
      shifted_out = c == '\x0e';
    else if (shifted_out && c >= 0x21 && c <= 0x7e)
      euc += static_cast<char>(c | 0x80);
    else
      euc += c;
    if (c == '\n') shifted_out = false;
  }
  decode_multi_octet(charset_of("euc-kr").index, euc, out);
}

// What SO and ESC N stand for is designated within the text, and forgotten at each line end.
void decode_iso2022cn(std::string_view s, CleanWriter& out) {
  enum class Set { none, gb2312, cns_1 } behind_so = Set::none;
  bool shifted_out = false;
  const std::uint8_t gb = charset_of("gb2312").index, cns = charset_of("euc-tw").index;
  for (std::size_t at = 0; at < s.size();) {
    const std::string_view rest = s.substr(at);
    const auto pair = [&](std::size_t from) {
      return rest.size() >= from + 2 && rest[from] >= 0x21 && rest[from] <= 0x7e && rest[from + 1] >= 0x21 &&
             rest[from + 1] <= 0x7e;
    };
    const auto high = [&](std::size_t from) { return static_cast<char>(rest[from] | 0x80); };
    if (rest.starts_with("\x1b$)A") || rest.starts_with("\x1b$)G")) {
      behind_so = rest[3] == 'A' ? Set::gb2312 : Set::cns_1;
      at += 4;
    } else if (rest.starts_with("\x1b$*H")) {
      at += 4;
    } else if (rest.starts_with("\x1bN") && pair(2)) {  // one character of CNS 11643, plane 2
      const char octets[4] = {'\x8e', '\xa2', high(2), high(3)};
      decode_multi_octet(cns, {octets, 4}, out);
      at += 4;
    } else if (rest[0] == '\x0e' || rest[0] == '\x0f') {
      shifted_out = rest[0] == '\x0e';
      ++at;
    } else if (shifted_out && behind_so != Set::none && pair(0)) {
      const char octets[2] = {high(0), high(1)};
      decode_multi_octet(behind_so == Set::gb2312 ? gb : cns, {octets, 2}, out);
      at += 2;
    } else {
      if (rest[0] == '\n') {
        shifted_out = false;
        behind_so = Set::none;
      }
      if (static_cast<U8>(rest[0]) < 0x80)
        out.put(static_cast<U8>(rest[0]));
      else
        out.bad();
      ++at;
    }
  }
}

void decode_hz(std::string_view s, CleanWriter& out) {
  std::string euc;
  bool chinese = false;
  for (std::size_t at = 0; at < s.size(); ++at) {
    const char c = s[at];
    const char next = at + 1 < s.size() ? s[at + 1] : '\0';
    if (c == '~' && (next == '{' || next == '}')) {
      chinese = next == '{';
      ++at;
    } else if (c == '~' && !chinese && (next == '~' || next == '\n')) {
      if (next == '~') euc += '~';
      ++at;
    } else if (c == '\n') {
      chinese = false;
      euc += c;
    } else {
      euc += chinese && c >= 0x21 && c <= 0x7e ? static_cast<char>(c | 0x80) : c;
    }
  }
  decode_multi_octet(charset_of("gb2312").index, euc, out);
}

}  // namespace kiyome::sanitizer::text

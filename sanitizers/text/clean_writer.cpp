// Cleaning of text on its way out. ASCII goes 16 octets at a time, UTF-8 one sequence at a time.
#include "sanitizers/text/clean_writer.h"

#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace kiyome::sanitizer::text {
namespace {

using U8 = unsigned char;

bool is_plain(U8 c) { return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t'; }
bool is_tail(U8 c) { return (c & 0xc0) == 0x80; }

bool is_noncharacter(char32_t c) { return (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe; }

// Copies plain octets of [p, end) to `to`, which has room for all; returns how many.
std::size_t copy_plain(const char* p, const char* end, char* to) {
  const char* const start = p;
#if defined(__SSE2__)
  const __m128i low = _mm_set1_epi8(0x20), del = _mm_set1_epi8(0x7f);
  const __m128i lf = _mm_set1_epi8('\n'), tab = _mm_set1_epi8('\t');
  while (end - p >= 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), v);
    // Signed compare: octets from 0x80 are negative, so "less than 0x20" finds them too.
    const __m128i special = _mm_or_si128(_mm_cmplt_epi8(v, low), _mm_cmpeq_epi8(v, del));
    const __m128i allowed = _mm_or_si128(_mm_cmpeq_epi8(v, lf), _mm_cmpeq_epi8(v, tab));
    const unsigned stop = static_cast<unsigned>(_mm_movemask_epi8(_mm_andnot_si128(allowed, special)));
    if (stop != 0) return static_cast<std::size_t>(p - start) + static_cast<unsigned>(__builtin_ctz(stop));
    p += 16;
    to += 16;
  }
#endif
  while (p < end && is_plain(static_cast<U8>(*p))) *to++ = *p++;
  return static_cast<std::size_t>(p - start);
}

// Writes one scalar value; returns 1…4.
std::size_t encode(char32_t c, char* to) {
  if (c < 0x80) {
    *to = static_cast<char>(c);
    return 1;
  }
  if (c < 0x800) {
    to[0] = static_cast<char>(0xc0 | c >> 6);
    to[1] = static_cast<char>(0x80 | (c & 0x3f));
    return 2;
  }
  if (c < 0x10000) {
    to[0] = static_cast<char>(0xe0 | c >> 12);
    to[1] = static_cast<char>(0x80 | (c >> 6 & 0x3f));
    to[2] = static_cast<char>(0x80 | (c & 0x3f));
    return 3;
  }
  to[0] = static_cast<char>(0xf0 | c >> 18);
  to[1] = static_cast<char>(0x80 | (c >> 12 & 0x3f));
  to[2] = static_cast<char>(0x80 | (c >> 6 & 0x3f));
  to[3] = static_cast<char>(0x80 | (c & 0x3f));
  return 4;
}

}  // namespace

std::size_t plain_prefix(std::string_view octets) {
  const char* p = octets.data();
  const char* const end = p + octets.size();
#if defined(__SSE2__)
  const __m128i low = _mm_set1_epi8(0x20), del = _mm_set1_epi8(0x7f);
  const __m128i lf = _mm_set1_epi8('\n'), tab = _mm_set1_epi8('\t');
  while (end - p >= 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i special = _mm_or_si128(_mm_cmplt_epi8(v, low), _mm_cmpeq_epi8(v, del));
    const __m128i allowed = _mm_or_si128(_mm_cmpeq_epi8(v, lf), _mm_cmpeq_epi8(v, tab));
    const unsigned stop = static_cast<unsigned>(_mm_movemask_epi8(_mm_andnot_si128(allowed, special)));
    if (stop != 0)
      return static_cast<std::size_t>(p - octets.data()) + static_cast<unsigned>(__builtin_ctz(stop));
    p += 16;
  }
#endif
  while (p < end && is_plain(static_cast<U8>(*p))) ++p;
  return static_cast<std::size_t>(p - octets.data());
}

std::size_t utf8_sequence(std::string_view s, std::size_t at, char32_t& c, std::size_t& skip) {
  const U8 a = static_cast<U8>(s[at]);
  const std::size_t left = s.size() - at;
  const auto tail = [&](std::size_t i) { return static_cast<U8>(s[at + i]); };
  skip = 1;
  if (a < 0x80) {
    c = a;
    return 1;
  }
  if (a < 0xc2 || a > 0xf4) return 0;
  if (a < 0xe0) {
    if (left < 2 || !is_tail(tail(1))) return 0;
    c = static_cast<char32_t>((a & 0x1fu) << 6 | (tail(1) & 0x3fu));
    return 2;
  }
  // The second octet's range excludes overlong forms, surrogates and what lies past U+10FFFF (Unicode table
  // 3-7).
  const U8 from = a == 0xe0 ? 0xa0 : a == 0xf0 ? 0x90 : 0x80;
  const U8 to = a == 0xed ? 0x9f : a == 0xf4 ? 0x8f : 0xbf;
  if (left < 2 || tail(1) < from || tail(1) > to) return 0;
  skip = 2;
  if (left < 3 || !is_tail(tail(2))) return 0;
  if (a < 0xf0) {
    c = static_cast<char32_t>((a & 0x0fu) << 12 | (tail(1) & 0x3fu) << 6 | (tail(2) & 0x3fu));
    return 3;
  }
  skip = 3;
  if (left < 4 || !is_tail(tail(3))) return 0;
  c = static_cast<char32_t>((a & 0x07u) << 18 | (tail(1) & 0x3fu) << 12 | (tail(2) & 0x3fu) << 6 |
                            (tail(3) & 0x3fu));
  return 4;
}

void CleanWriter::append(char32_t c) {
  char octets[4];
  out_.append(octets, encode(c, octets));
}

void CleanWriter::put_special(char32_t c) {
  const bool second_of_pair = after_cr_ && c == '\n';
  after_cr_ = c == '\r';
  if (c == '\r' || c == '\n') {
    if (!second_of_pair) out_ += '\n';
    return;
  }
  if (c == '\t') {
    out_ += '\t';
    return;
  }
  if (c < 0xa0 || is_noncharacter(c)) return;  // C0, DEL, C1
  if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
    bad();
    return;
  }
  append(c);
}

void CleanWriter::bad() {
  after_cr_ = false;
  ++bad_;
  append(0xfffd);
}

void CleanWriter::utf8(std::string_view s) {
  const char* p = s.data();
  const char* const end = p + s.size();
  constexpr std::size_t kSlack = 16;  // copy_plain() stores whole blocks
  std::size_t written = out_.size();
  out_.resize(written + s.size() + kSlack);
  char* to = out_.data() + written;
  const auto left = [&] { return static_cast<std::size_t>(end - p); };
  if (after_cr_ && p < end && *p == '\n') ++p;  // the second half of CR LF
  if (!s.empty()) after_cr_ = false;
  while (p < end) {
    const std::size_t plain = copy_plain(p, end, to);
    p += plain;
    to += plain;
    // Three octets, the body of Japanese text: all but U+0800…0FFF, surrogates and what follows U+D7FF.
    while (left() >= 3 && static_cast<U8>(*p) > 0xe0 && static_cast<U8>(*p) < 0xed &&
           is_tail(static_cast<U8>(p[1])) && is_tail(static_cast<U8>(p[2]))) {
      std::memcpy(to, p, 3);
      to += 3;
      p += 3;
    }
    if (p == end) break;
    if (is_plain(static_cast<U8>(*p))) continue;
    char32_t c = 0;
    std::size_t skip = 1;
    const std::size_t n = utf8_sequence(s, s.size() - left(), c, skip);
    p += n == 0 ? skip : n;
    if (c == '\r' && n == 1) {
      *to++ = '\n';
      if (p < end && *p == '\n')
        ++p;
      else
        after_cr_ = p == end;
    } else if (n == 0) {
      // One octet may become three: the only way to outgrow the buffer, so it is then made large enough for
      // good.
      written = static_cast<std::size_t>(to - out_.data());
      if (out_.size() - written < 3 + left() + kSlack) {
        out_.resize(written + 3 + 3 * left() + kSlack);
        to = out_.data() + written;
      }
      ++bad_;
      to += encode(0xfffd, to);
    } else if (c >= 0xa0 && !is_noncharacter(c)) {
      to += encode(c, to);
    }
  }
  out_.resize(static_cast<std::size_t>(to - out_.data()));
}

std::string_view cut_utf8(std::string_view utf8, std::size_t octets) {
  if (utf8.size() <= octets) return utf8;
  while (octets > 0 && is_tail(static_cast<U8>(utf8[octets]))) --octets;
  return utf8.substr(0, octets);
}

Utf8Shape utf8_shape(std::string_view s) {
  Utf8Shape shape;
  std::size_t at = 0;
  while (at < s.size()) {
    at += plain_prefix(s.substr(at));
    if (at == s.size()) break;
    char32_t c = 0;
    std::size_t skip = 1;
    const std::size_t n = utf8_sequence(s, at, c, skip);
    if (n == 0) {
      const U8 a = static_cast<U8>(s[at]);
      const std::size_t whole = a >= 0xf0 ? 4 : a >= 0xe0 ? 3 : 2;
      if (at + skip == s.size() && a >= 0xc2 && a <= 0xf4 && skip < whole)
        shape.truncated = true;
      else
        ++shape.invalid;
      at += skip;
      continue;
    }
    shape.sequences += n > 1;
    shape.three += n > 2;
    shape.marks += c >= 0x300 && c <= 0x36f;
    shape.kana += c >= 0x3040 && c <= 0x30ff;
    at += n;
  }
  return shape;
}

}  // namespace kiyome::sanitizer::text

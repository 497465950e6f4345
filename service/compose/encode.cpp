// Transfer encodings (RFC 2045) and encoded-words (RFC 2047). The input is ours and clean.
#include "service/compose/encode.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "proto/base/limits.h"
#include "service/compose/utf8.h"

namespace kiyome::compose {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kHex = "0123456789ABCDEF";
constexpr std::size_t kBase64Columns = 76;
constexpr std::size_t kQuotedColumns = 76;
constexpr std::size_t kWordOctets = 45;  // 60 characters of base64 between "=?UTF-8?B?" and "?=" make 72

// Two base64 characters for each value of 12 bits: half the look-ups.
struct Pairs {
  std::array<char, 8192> of{};
  constexpr Pairs() {
    for (std::size_t i = 0; i < 4096; ++i) {
      of[2 * i] = kAlphabet[i >> 6];
      of[2 * i + 1] = kAlphabet[i & 63];
    }
  }
};
constexpr Pairs kPairs;

// Writes 4 characters for each 3 octets, padded at the end; gives the end of what was written.
char* base64_into(const unsigned char* in, std::size_t size, char* out) {
  for (; size >= 3; in += 3, size -= 3, out += 4) {
    const std::uint32_t bits =
        static_cast<std::uint32_t>(in[0]) << 16 | static_cast<std::uint32_t>(in[1]) << 8 | in[2];
    const char* high = &kPairs.of[2 * (bits >> 12)];
    const char* low = &kPairs.of[2 * (bits & 0xFFF)];
    out[0] = high[0];
    out[1] = high[1];
    out[2] = low[0];
    out[3] = low[1];
  }
  if (size == 0) return out;
  const std::uint32_t bits =
      static_cast<std::uint32_t>(in[0]) << 16 | (size == 2 ? static_cast<std::uint32_t>(in[1]) << 8 : 0);
  out[0] = kAlphabet[bits >> 18];
  out[1] = kAlphabet[bits >> 12 & 63];
  out[2] = size == 2 ? kAlphabet[bits >> 6 & 63] : '=';
  out[3] = '=';
  return out + 4;
}

struct Looks {
  bool ascii = true;
  bool plain = true;  // 7bit as it is
};

// Lines over 76 columns are legal but get wrapped by some MTAs on the way, so they are quoted. "From " would
// be altered by mbox writers, "--" could end a multipart, and blanks at a line's end get lost.
Looks look(std::string_view text) {
  Looks looks;
  looks.ascii = is_ascii(text);
  if (!looks.ascii) return looks;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    const bool blank_end = !line.empty() && (line.back() == ' ' || line.back() == '\t');
    if (line.size() > kQuotedColumns || blank_end || line.starts_with("From ") || line.starts_with("--"))
      looks.plain = false;
    begin = end + 1;
  }
  return looks;
}

void append_quoted_line(std::string_view line, std::string& out) {
  std::size_t column = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool last = i + 1 == line.size();
    // TAB too: some MTAs make spaces of it.
    const bool quote =
        c == '=' || c == '\t' || (c == ' ' && last) || (column == 0 && (c == '-' || c == 'F' || c == '.'));
    const std::size_t width = quote ? 3 : 1;
    // A soft break needs a column of its own unless the line ends here.
    if (column + width > kQuotedColumns - (last ? 0 : 1)) {
      out.append("=\r\n");
      column = 0;
      --i;
      continue;
    }
    if (quote) {
      const auto octet = static_cast<unsigned char>(c);
      out += '=';
      out += kHex[octet >> 4];
      out += kHex[octet & 15];
    } else {
      out += c;
    }
    column += width;
  }
  out.append("\r\n");
}

std::string quoted_printable(std::string_view ascii) {
  std::string out;
  out.reserve(ascii.size() + ascii.size() / 8);
  for (std::size_t begin = 0; begin < ascii.size();) {
    const std::size_t end = std::min(ascii.find('\n', begin), ascii.size());
    append_quoted_line(ascii.substr(begin, end - begin), out);
    begin = end + 1;
  }
  return out;
}

}  // namespace

void append_base64(std::string_view octets, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + (octets.size() + 2) / 3 * 4);
  base64_into(reinterpret_cast<const unsigned char*>(octets.data()), octets.size(), out.data() + before);
}

std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 16 + 2);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    out.append(text, begin, end - begin).append("\r\n");
    begin = end + 1;
  }
  return out;
}

std::string base64_lines(std::string_view octets) {
  constexpr std::size_t kLineOctets = kBase64Columns / 4 * 3;
  const std::size_t characters = (octets.size() + 2) / 3 * 4;
  const std::size_t lines = (octets.size() + kLineOctets - 1) / kLineOctets;
  std::string out(characters + 2 * lines, '\0');
  char* to = out.data();
  for (std::size_t at = 0; at < octets.size(); at += kLineOctets) {
    const std::string_view line = octets.substr(at, kLineOctets);
    to = base64_into(reinterpret_cast<const unsigned char*>(line.data()), line.size(), to);
    *to++ = '\r';
    *to++ = '\n';
  }
  return out;
}

EncodedText encode_text(std::string_view text) {
  const Looks looks = look(text);
  if (!looks.ascii) return {"base64", base64_lines(with_crlf(text))};
  if (looks.plain) return {"7bit", with_crlf(text)};
  return {"quoted-printable", quoted_printable(text)};
}

std::string encoded_words(std::string_view text, std::string_view between, std::size_t column) {
  constexpr std::size_t kAround = 12;  // "=?UTF-8?B?" and "?="
  std::size_t octets = kWordOctets;
  if (column + kAround + 4 * 2 <= kBase64Columns) {
    octets = std::min(octets, (kBase64Columns - column - kAround) / 4 * 3);
  }
  std::string out;
  while (!text.empty()) {
    const std::string_view word = cut_at_character(text, octets);
    if (!out.empty()) out.append(between);
    out.append("=?UTF-8?B?");
    append_base64(word, out);
    out.append("?=");
    text.remove_prefix(word.size());
    octets = kWordOctets;
  }
  return out;
}

}  // namespace kiyome::compose

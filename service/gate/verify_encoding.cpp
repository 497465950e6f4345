#include "service/gate/verify_encoding.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "proto/base/limits.h"

namespace kiyome::gate {
namespace {

constexpr std::size_t kBase64Line = 76, kBase64LineDecoded = 57;
constexpr std::size_t kQuotedLine = 76;
constexpr std::uint8_t kNot64 = 0xFF;

constexpr std::array<std::uint8_t, 256> make_digits() {
  std::array<std::uint8_t, 256> out{};
  out.fill(kNot64);
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    out[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  return out;
}
constexpr std::array<std::uint8_t, 256> kDigits = make_digits();

std::uint8_t digit(char c) { return kDigits[static_cast<unsigned char>(c)]; }

void put(char* into, std::uint32_t bits) {
  into[0] = static_cast<char>(bits >> 16);
  into[1] = static_cast<char>(bits >> 8);
  into[2] = static_cast<char>(bits);
}

// Whole groups without padding.
bool decode_groups(std::string_view text, char* into) {
  std::uint8_t seen = 0;
  for (std::size_t i = 0; i < text.size(); i += 4, into += 3) {
    const std::uint8_t a = digit(text[i]), b = digit(text[i + 1]), c = digit(text[i + 2]),
                       d = digit(text[i + 3]);
    seen |= static_cast<std::uint8_t>(a | b | c | d);
    put(into, static_cast<std::uint32_t>(a) << 18 | static_cast<std::uint32_t>(b) << 12 |
                  static_cast<std::uint32_t>(c) << 6 | d);
  }
  return seen < 64;
}

Checked decode_base64_lines(std::string_view text, std::string& decoded) {
  if (text.empty()) return fault(0, "empty base64");
  decoded.reserve(decoded.size() + text.size() / 4 * 3);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\r', at), text.size());
    const bool last = end + 2 >= text.size();
    if (text.substr(end, 2) != "\r\n") return fault(end, "base64 line does not end in CRLF");
    if (end - at > kBase64Line || (!last && end - at != kBase64Line))
      return fault(at, "base64 line of a wrong length");
    const std::string_view line = text.substr(at, end - at);
    if (last) {
      if (!decode_base64(line, decoded)) return fault(at, "not canonical base64");
    } else {
      const std::size_t before = decoded.size();
      decoded.resize(before + kBase64LineDecoded);
      if (!decode_groups(line, decoded.data() + before)) return fault(at, "not canonical base64");
    }
    at = end + 2;
  }
  return std::nullopt;
}

int upper_hex(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

// One step of quoted-printable at `at` (RFC 2045 section 6.7). What it gives and how many octets it took; 0 =
// refused.
struct Step {
  std::size_t taken = 0;
  std::array<char, 2> out{};
  std::size_t given = 0;
  bool ends_line = false;
};

Step quoted_step(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("\r\n")) {
    if (at > 0 && text[at - 1] == ' ') return {};
    return {2, {'\r', '\n'}, 2, true};
  }
  if (rest.starts_with("=\r\n")) return {3, {}, 0, true};
  if (rest[0] == '=') {
    const int high = rest.size() > 2 ? upper_hex(rest[1]) : -1,
              low = rest.size() > 2 ? upper_hex(rest[2]) : -1;
    if (high < 0 || low < 0) return {};
    const char octet = static_cast<char>(high << 4 | low);
    if (octet == '\r' || octet == '\n') return {};
    return {3, {octet, '\0'}, 1, false};
  }
  if (rest[0] < 0x20 || rest[0] > 0x7E) return {};
  return {1, {rest[0], '\0'}, 1, false};
}

Checked decode_quoted(std::string_view text, std::string& decoded) {
  if (text.empty()) return fault(0, "empty quoted-printable");
  decoded.reserve(decoded.size() + text.size());
  std::size_t line = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Step step = quoted_step(text, at);
    if (step.taken == 0) return fault(at, "not quoted-printable");
    decoded.append(step.out.data(), step.given);
    at += step.taken;
    if (at - line > kQuotedLine + (step.ends_line ? 2 : 0))
      return fault(line, "quoted-printable line too long");
    if (step.ends_line) line = at;
  }
  // A soft break at the very end would be a second way of writing the same text.
  if (line != text.size() || text.ends_with("=\r\n"))
    return fault(text.size(), "last line does not end in CRLF");
  return std::nullopt;
}

Checked check_seven_bit(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\r', at), text.size());
    if (text.substr(end, 2) != "\r\n") return fault(end, "line does not end in CRLF");
    if (end - at > limits::kCleanMailLine) return fault(at, "line longer than 998 octets");
    for (std::size_t i = at; i < end; ++i)
      if ((text[i] < 0x20 && text[i] != '\t') || text[i] > 0x7E)
        return fault(i, "octet that 7bit does not carry");
    at = end + 2;
  }
  return std::nullopt;
}

}  // namespace

bool decode_base64(std::string_view text, std::string& decoded) {
  if (text.empty() || text.size() % 4 != 0) return false;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::size_t whole = text.size() - (padding == 0 ? 0 : 4);
  const std::size_t before = decoded.size();
  decoded.resize(before + whole / 4 * 3);
  if (!decode_groups(text.substr(0, whole), decoded.data() + before)) return false;
  if (padding == 0) return true;
  const std::uint8_t a = digit(text[whole]), b = digit(text[whole + 1]);
  const std::uint8_t c = padding == 1 ? digit(text[whole + 2]) : std::uint8_t{0};
  if ((a | b | c) >= 64) return false;
  // The bits that padding leaves over are zero: one text has one base64.
  if (padding == 2 ? (b & 0x0F) != 0 : (c & 0x03) != 0) return false;
  decoded += static_cast<char>(a << 2 | b >> 4);
  if (padding == 1) decoded += static_cast<char>(b << 4 | c >> 2);
  return true;
}

Checked decode(Encoding encoding, std::string_view encoded, std::string& decoded) {
  switch (encoding) {
    case Encoding::seven_bit:
      return check_seven_bit(encoded);
    case Encoding::quoted_printable:
      return decode_quoted(encoded, decoded);
    case Encoding::base64:
      return decode_base64_lines(encoded, decoded);
  }
  return fault(0, "unknown encoding");
}

std::size_t encoded_offset(Encoding encoding, std::string_view encoded, std::size_t wanted) {
  if (encoding == Encoding::seven_bit) return wanted;
  if (encoding == Encoding::base64) {
    const std::size_t line = wanted / kBase64LineDecoded, column = wanted % kBase64LineDecoded;
    return std::min(encoded.size(), line * (kBase64Line + 2) + column / 3 * 4 + column % 3);
  }
  std::size_t at = 0;
  for (std::size_t given = 0; at < encoded.size();) {
    const Step step = quoted_step(encoded, at);
    if (step.taken == 0 || given + step.given > wanted) break;
    given += step.given;
    at += step.taken;
  }
  return at;
}

}  // namespace kiyome::gate

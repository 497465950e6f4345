#include "service/gate/mail_form.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace kiyome::gate {
namespace {

using View = std::string_view;

constexpr std::int64_t kZoneSeconds = 9 * 3600;
constexpr std::size_t kWordText = 39;  // octets that, in base64, leave a WORD within 75 and a line within 76
constexpr std::size_t kLine = 57;      // octets that are 76 columns of base64

void append_base64(View octets, std::string& out) {
  constexpr View kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (i + k < octets.size() ? static_cast<unsigned char>(octets[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k > octets.size() ? '=' : kAlphabet[bits >> (18 - 6 * k) & 63];
  }
}

}  // namespace

// RFC 2047 words of whole characters, one a line.
std::string encoded_words(View text) {
  std::string out;
  while (!text.empty()) {
    std::size_t end = std::min(kWordText, text.size());
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?";
    append_base64(text.substr(0, end), out);
    out += "?=";
    text.remove_prefix(end);
  }
  return out;
}

void append_base64_lines(View octets, std::string& out) {
  out.reserve(out.size() + octets.size() / kLine * 78 + 80);
  for (; !octets.empty(); octets.remove_prefix(std::min(kLine, octets.size()))) {
    append_base64(octets.substr(0, kLine), out);
    out += "\r\n";
  }
}

// RFC 5322 section 3.3; not by strftime, whose names of days depend on the locale.
std::string mail_date(std::int64_t unix_ms) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = unix_ms / 1000 + kZoneSeconds;
  std::tm t{};
  ::gmtime_r(&seconds, &t);
  std::array<char, 64> out{};
  std::snprintf(out.data(), out.size(), "%s, %02d %s %04d %02d:%02d:%02d +0900", kDays[t.tm_wday], t.tm_mday,
                kMonths[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
  return out.data();
}

}  // namespace kiyome::gate

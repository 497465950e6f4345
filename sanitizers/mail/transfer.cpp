// base64 with four tables (2 GB/s), quoted-printable by runs between "=". See transfer.h.
#include "sanitizers/mail/transfer.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "sanitizers/mail/octets.h"

namespace kiyome::sanitizer::mail {
namespace {

constexpr std::uint32_t kBad = 0x80000000u;
constexpr std::size_t kBlockAhead = 80;  // octets looked at behind padding
constexpr std::size_t kBlockLine = 20;   // a line of letters that is shorter may be a word
constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct Tables {
  std::array<std::uint32_t, 256> first{}, second{}, third{}, fourth{};
};

constexpr Tables make_tables() {
  Tables t;
  for (std::size_t i = 0; i < 256; ++i) t.first[i] = t.second[i] = t.third[i] = t.fourth[i] = kBad;
  for (std::uint32_t i = 0; i < 64; ++i) {
    const auto c = static_cast<unsigned char>(kAlphabet[i]);
    t.first[c] = i << 18;
    t.second[c] = i << 12;
    t.third[c] = i << 6;
    t.fourth[c] = i;
  }
  return t;
}
constexpr Tables kTables = make_tables();

bool in_alphabet(unsigned char c) { return kTables.fourth[c] != kBad; }

// What stands between two groups of four: collects one group octet by octet, skipping what is not base64.
struct Group {
  std::uint32_t bits = 0;
  int count = 0;
  bool strict = true;
};

unsigned char* finish_group(Group& group, unsigned char* out) {
  if (group.count >= 2) *out++ = static_cast<unsigned char>(group.bits >> (group.count == 2 ? 4 : 10));
  if (group.count == 3) *out++ = static_cast<unsigned char>(group.bits >> 2);
  if (group.count == 1) group.strict = false;
  group.bits = 0;
  group.count = 0;
  return out;
}

// Behind padding: whether another block of base64 follows, or something that was never encoded (the footer of
// a mailing list, a remark).
bool block_follows(const unsigned char* p, const unsigned char* end) {
  bool same_line = true, space = false;
  while (p < end && is_space(static_cast<char>(*p))) {
    space = true;
    same_line = same_line && !is_line_end(static_cast<char>(*p));
    ++p;
  }
  if (p == end || (space && same_line)) return false;
  for (std::size_t n = 0; p < end && n < kBlockAhead && !is_line_end(static_cast<char>(*p)); ++p, ++n)
    if (!in_alphabet(*p) && *p != '=') return false;
  return true;
}

}  // namespace

Encoding encoding_of(std::string_view field_value) {
  std::string token;
  int comment = 0;
  for (const char c : field_value.substr(0, 256)) {
    if (c == '(') ++comment;
    if (comment == 0 && (is_alnum(c))) token += lower(c);
    if (c == ')' && comment > 0) --comment;
    if (c == ';' && comment == 0 && !token.empty()) break;
  }
  if (token.empty() || token == "7bit" || token == "8bit" || token == "binary" || token == "7bits" ||
      token == "8bits" || token == "none" || token == "identity" || token == "utf8" || token == "ascii" ||
      token == "7" || token == "8")
    return Encoding::identity;
  if (token.find("base64") != std::string::npos || token == "b64" || token == "b") return Encoding::base64;
  if (token.find("quotedprint") != std::string::npos || token == "qp" || token == "q")
    return Encoding::quoted_printable;
  if (token == "uuencode" || token == "xuuencode" || token == "uue" || token == "xuue" || token == "uu")
    return Encoding::uuencode;
  return Encoding::unknown;
}

void warm_up_transfer() {
  // The tables are constant; touching them once brings their pages in.
  volatile std::uint32_t sink = 0;
  for (std::size_t i = 0; i < 256; i += 16) sink = sink + kTables.first[i] + kTables.fourth[i];
}

bool decode_base64(std::string_view octets, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + octets.size() / 4 * 3 + 6);
  const auto* p = reinterpret_cast<const unsigned char*>(octets.data());
  const auto* const end = p + octets.size();
  auto* o = reinterpret_cast<unsigned char*>(out.data()) + before;
  Group group;
  bool padded = false;
  const Tables& t = kTables;
  while (p < end) {
    if (group.count == 0) {
      const unsigned char* const fast_begin = p;
      while (end - p >= 4) {
        const std::uint32_t v = t.first[p[0]] | t.second[p[1]] | t.third[p[2]] | t.fourth[p[3]];
        if ((v & kBad) != 0) break;
        o[0] = static_cast<unsigned char>(v >> 16);
        o[1] = static_cast<unsigned char>(v >> 8);
        o[2] = static_cast<unsigned char>(v);
        o += 3;
        p += 4;
      }
      if (padded && p != fast_begin) group.strict = false;  // a second block after the padding
      if (p == end) break;
    }
    const unsigned char c = *p++;
    if (in_alphabet(c)) {
      if (padded) group.strict = false;
      padded = false;
      group.bits = group.bits << 6 | t.fourth[c];
      if (++group.count == 4) {
        o[0] = static_cast<unsigned char>(group.bits >> 16);
        o[1] = static_cast<unsigned char>(group.bits >> 8);
        o[2] = static_cast<unsigned char>(group.bits);
        o += 3;
        group.bits = 0;
        group.count = 0;
      }
    } else if (c == '=') {
      padded = true;
      o = finish_group(group, o);
      while (p < end && *p == '=') ++p;
      if (!block_follows(p, end)) {
        group.strict = group.strict &&
                       trimmed({reinterpret_cast<const char*>(p), static_cast<std::size_t>(end - p)}).empty();
        break;
      }
    } else if (!is_space(static_cast<char>(c))) {
      group.strict = false;
    }
  }
  if (group.count != 0) group.strict = false;  // the padding is missing
  o = finish_group(group, o);
  out.resize(static_cast<std::size_t>(o - reinterpret_cast<unsigned char*>(out.data())));
  return group.strict;
}

bool decode_quoted_printable(std::string_view octets, std::string& out, bool header) {
  bool strict = true;
  out.reserve(out.size() + octets.size());
  std::size_t i = 0;
  const std::size_t n = octets.size();
  while (i < n) {
    const void* found = std::memchr(octets.data() + i, '=', n - i);
    const std::size_t stop =
        found == nullptr ? n : static_cast<std::size_t>(static_cast<const char*>(found) - octets.data());
    const std::size_t literal = out.size();
    out.append(octets.substr(i, stop - i));
    for (std::size_t k = literal; header && k < out.size(); ++k)
      if (out[k] == '_') out[k] = ' ';
    i = stop;
    if (i == n) break;
    const int high = i + 1 < n ? hex_value(octets[i + 1]) : -1;
    const int low = i + 2 < n ? hex_value(octets[i + 2]) : -1;
    if (high >= 0 && low >= 0) {
      out += static_cast<char>(high << 4 | low);
      i += 3;
      continue;
    }
    std::size_t p = i + 1;
    while (p < n && is_wsp(octets[p]) && p - i < 1000) ++p;
    if (p == n) break;  // a soft break at the very end
    if (is_line_end(octets[p])) {
      i = p + 1;
      if (octets[p] == '\r' && i < n && octets[i] == '\n') ++i;
      continue;
    }
    strict = false;
    out += '=';
    ++i;
  }
  return strict;
}

bool looks_like_base64(std::string_view octets, std::size_t octets_min) {
  std::size_t seen = 0;
  for (const char c : octets.substr(0, 4096)) {
    if (in_alphabet(static_cast<unsigned char>(c))) {
      ++seen;
      continue;
    }
    if (is_line_end(c) || c == '=') continue;
    if (is_wsp(c) && seen == 0) continue;
    return false;
  }
  return seen >= octets_min;
}

std::size_t plain_tail(std::string_view octets) {
  std::size_t end = 0, longest = 0;  // of the lines of base64 so far
  bool padded = false, cut = false;
  for (std::size_t p = 0; p < octets.size() && !cut;) {
    const Line line = line_at(octets, p);
    p = line.next;
    const std::string_view text = trimmed(octets.substr(line.begin, line.end - line.begin));
    if (text.empty()) continue;
    std::size_t n = 0;
    while (n < text.size() && in_alphabet(static_cast<unsigned char>(text[n]))) ++n;
    std::size_t pads = n;
    while (pads < text.size() && text[pads] == '=') ++pads;
    cut = pads < text.size();  // goes on with something else: only behind padding is that a tail
    if (cut && (pads == n || n == 0)) break;
    if (padded && n < kBlockLine && pads == n) break;  // a word, not another block
    padded = pads > n;
    longest = std::max(longest, n);
    end = static_cast<std::size_t>(text.data() - octets.data()) + pads;
  }
  const std::string_view tail = octets.substr(end);
  if (trimmed(tail).empty() || (longest < kBlockLine && !padded)) return std::string_view::npos;
  return !padded && is_mostly_base64(tail) ? std::string_view::npos : end;
}

bool is_mostly_base64(std::string_view octets) {
  std::size_t good = 0, bad = 0;
  for (const char c : octets.substr(0, 65536)) {
    if (in_alphabet(static_cast<unsigned char>(c)) || c == '=')
      ++good;
    else if (!is_line_end(c))
      ++bad;
  }
  return bad * 12 <= good || good + bad == 0;
}

}  // namespace kiyome::sanitizer::mail

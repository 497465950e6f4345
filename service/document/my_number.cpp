#include "service/document/my_number.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "proto/base/limits.h"

namespace kiyome::document {
namespace {

constexpr std::size_t kDigits = 12;
constexpr std::size_t kGroup = 4;  // as the cards print it
constexpr std::array<std::string_view, 6> kWords{"個人番号",  "マイナンバー", "ﾏｲﾅﾝﾊﾞｰ",
                                                 "my number", "mynumber",     "individual number"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

// One octet that tells what it replaces, so that digits and what parts them can be told apart by a look:
// digits of both widths, blanks (also the ideographic one), hyphens of all kinds; ASCII letters small.
struct Plain {
  std::string_view from;
  char to;
};
constexpr std::array<Plain, 10> kPlain{{{"　", ' '},
                                        {"\xc2\xa0", ' '},
                                        {"－", '-'},
                                        {"‐", '-'},
                                        {"‑", '-'},
                                        {"–", '-'},
                                        {"—", '-'},
                                        {"−", '-'},
                                        {"ー", '-'},
                                        {"｜", '|'}}};

std::string plain(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const std::string_view rest = text.substr(at);
    if (c >= 'A' && c <= 'Z') {
      out += static_cast<char>(c | 0x20);
      ++at;
    } else if (rest.starts_with("\xef\xbc") && rest.size() > 2 && rest[2] >= '\x90' && rest[2] <= '\x99') {
      out += static_cast<char>('0' + (rest[2] - '\x90'));
      at += 3;
    } else if (static_cast<unsigned char>(c) < 0x80) {
      out += c == '\t' || c == '\n' || c == '\r' ? ' ' : c;
      ++at;
    } else {
      const auto known = std::find_if(kPlain.begin(), kPlain.end(),
                                      [&](const Plain& each) { return rest.starts_with(each.from); });
      // The long vowel of マイナンバー is no hyphen of a number.
      if (known != kPlain.end() &&
          !(known->from == "ー" && !(at > 0 && !out.empty() && is_digit(out.back())))) {
        out += known->to;
        at += known->from.size();
      } else {
        out += c;
        ++at;
      }
    }
  }
  return out;
}

// A number that may be one, and what parts its groups: 0 when they stand together.
struct Candidate {
  std::size_t begin = 0, end = 0;
  char between = 0;
  std::string digits;
};

// Twelve digits at `at`, together or as 4-4-4 with one sign between.
std::optional<Candidate> candidate_at(std::string_view text, std::size_t at) {
  Candidate out{at, at, 0, {}};
  while (out.digits.size() < kDigits) {
    const char c = out.end < text.size() ? text[out.end] : '\0';
    const bool group_ends = out.digits.size() % kGroup == 0 && !out.digits.empty();
    if (is_digit(c) && !(out.between != 0 && group_ends && text[out.end - 1] != out.between)) {
      out.digits += c;
    } else if (out.digits.size() == kGroup && out.between == 0 && (c == ' ' || c == '-')) {
      out.between = c;
    } else if (!(group_ends && c == out.between && c != 0 && text[out.end - 1] != c)) {
      return std::nullopt;
    }
    ++out.end;
  }
  return out;
}

// Whether what stands beside it makes a longer number or a word of it: "A1234…", "1.234…", "…-5678".
bool goes_on(char next, char after_next, char between) {
  if (is_digit(next) || is_letter(next)) return true;
  const bool joins = next == '-' || next == '.' || next == '/' || next == '_' || next == between;
  return joins && is_digit(after_next);
}

bool stands_alone(std::string_view text, const Candidate& one) {
  const auto sign = [&](std::size_t at) { return at < text.size() ? text[at] : '\0'; };  // also below 0
  return !goes_on(sign(one.begin - 1), sign(one.begin - 2), one.between) &&
         !goes_on(sign(one.end), sign(one.end + 1), one.between);
}

// The first twelve digits behind a word for it, whatever parts them.
bool near(std::string_view behind) {
  std::string digits;
  for (const char c : behind.substr(0, limits::kMyNumberNear)) {
    if (is_digit(c))
      digits += c;
    else if (!digits.empty() && c != ' ' && c != '-' && c != '|')
      digits.clear();  // "個人番号（12桁） 1234 …"
    if (digits.size() == kDigits && is_my_number(digits)) return true;
    if (digits.size() == kDigits) digits.erase(0, 1);
  }
  return false;
}

}  // namespace

bool is_my_number(std::string_view digits) {
  constexpr std::array<int, kDigits - 1> kWeights{6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2};
  if (digits.size() != kDigits || !std::all_of(digits.begin(), digits.end(), is_digit)) return false;
  if (std::all_of(digits.begin(), digits.end(), [](char c) { return c == '0'; })) return false;
  int sum = 0;
  for (std::size_t i = 0; i < kWeights.size(); ++i) sum += (digits[i] - '0') * kWeights[i];
  const int rest = sum % 11;
  return digits.back() - '0' == (rest <= 1 ? 0 : 11 - rest);
}

bool has_my_number(std::string_view utf8) {
  const std::string text = plain(utf8.substr(0, limits::kMyNumberText));
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!is_digit(text[at]) || (at > 0 && is_digit(text[at - 1]))) continue;
    const auto one = candidate_at(text, at);
    if (one && stands_alone(text, *one) && is_my_number(one->digits)) return true;
  }
  for (const std::string_view word : kWords)
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + word.size()))
      if (near(std::string_view(text).substr(at + word.size()))) return true;
  return false;
}

}  // namespace kiyome::document

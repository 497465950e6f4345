// Finds references a desktop would act on. Input is hostile text in clean characters; one pass, linear.
#include "service/compose/references.h"

#include <array>

#include "service/compose/utf8.h"

namespace kiyome::compose {
namespace {

// Names that act without a host after them. GRAMMAR.md section 2.2 has the same list.
constexpr std::array<std::string_view, 38> kNames = {"file",       "search",  "search-ms",   "microsoft-edge",
                                                     "javascript", "jscript", "vbscript",    "livescript",
                                                     "wscript",    "data",    "mhtml",       "mk",
                                                     "res",        "ldap",    "ldaps",       "smb",
                                                     "cifs",       "nfs",     "ftp",         "sftp",
                                                     "ssh",        "telnet",  "view-source", "about",
                                                     "blob",       "shell",   "hcp",         "jar",
                                                     "onenote",    "outlook", "stssync",     "callto",
                                                     "skype",      "zoommtg", "msteams",     "webcal",
                                                     "feed",       ""};
constexpr std::size_t kLongestName = 14;
static_assert(kNames[kNames.size() - 1].empty());

bool is_scheme_character(char c) { return is_letter_or_digit(c) || c == '+' || c == '-'; }
bool is_letter(char c) { return is_letter_or_digit(c) && (c < '0' || c > '9'); }

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (ascii_lower(text[i]) != lower[i]) return false;
  return true;
}

bool is_acting_name(std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return false;
  for (const std::string_view known : kNames)
    if (equals_ignoring_case(name, known)) return true;
  return false;
}

// Section 2.2: some NAME that begins at a word's begin ends right before the colon.
bool acts_alone(std::string_view text, std::size_t colon) {
  const auto in_run = [&](std::size_t i) { return is_scheme_character(text[i]) || text[i] == '.'; };
  std::size_t begin = colon;
  while (begin > 0 && in_run(begin - 1)) --begin;
  for (std::size_t at = begin; at < colon; ++at) {
    if (at > 0 && is_letter_or_digit(text[at - 1])) continue;
    const std::string_view name = text.substr(at, colon - at);
    if (is_acting_name(name)) return true;
    if (name.size() > 3 && equals_ignoring_case(name.substr(0, 3), "ms-")) return true;
  }
  return false;
}

// Section 2.1: which scheme stands before "://".
enum class Hierarchy { none, link, other };
Hierarchy hierarchy(std::string_view text, std::size_t colon) {
  std::size_t begin = colon;
  while (begin > 0 && is_scheme_character(text[begin - 1])) --begin;
  while (begin < colon && !is_letter(text[begin])) ++begin;
  const std::string_view scheme = text.substr(begin, colon - begin);
  if (scheme.empty()) return Hierarchy::none;
  const bool link = equals_ignoring_case(scheme, "http") || equals_ignoring_case(scheme, "https");
  return link ? Hierarchy::link : Hierarchy::other;
}

bool must_break(std::string_view text, std::size_t colon, bool break_links) {
  if (colon + 1 >= text.size() || text[colon + 1] == '\n') return false;
  if (text.substr(colon + 1, 2) == "//") {
    const Hierarchy kind = hierarchy(text, colon);
    if (kind == Hierarchy::other || (kind == Hierarchy::link && break_links)) return true;
  }
  return !is_blank(code_point_at(text, colon + 1).value) && acts_alone(text, colon);
}

// Octets of a backslash or its look-alikes (¥ ￥ ＼ ﹨) at `at`; 0 if there is none.
std::size_t backslash_length(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  if (text[at] == '\\') return 1;
  const std::string_view rest = text.substr(at, 3);
  if (rest.substr(0, 2) == "\xC2\xA5") return 2;
  return rest == "\xEF\xBF\xA5" || rest == "\xEF\xBC\xBC" || rest == "\xEF\xB9\xA8" ? 3 : 0;
}

// Section 2.3: `at` stands right after two backslashes.
bool begins_host(std::string_view text, std::size_t at) {
  if (at >= text.size() || backslash_length(text, at) > 0) return false;
  const char32_t c = code_point_at(text, at).value;
  if (c >= 0x80) return !is_blank(c);
  const char ascii = static_cast<char>(c);
  return is_letter_or_digit(ascii) || std::string_view("?._-$%@~{").find(ascii) != std::string_view::npos;
}

// Octets of the two backslashes at `at` when a host follows them; 0 otherwise.
std::size_t unc_length(std::string_view text, std::size_t at) {
  const std::size_t first = backslash_length(text, at);
  const std::size_t second = first == 0 ? 0 : backslash_length(text, at + first);
  return second > 0 && begins_host(text, at + first + second) ? first + second : 0;
}

constexpr std::array<bool, 256> kLooked = [] {
  std::array<bool, 256> looked{};
  for (const unsigned char c : {':', '\\'}) looked[c] = true;
  looked[0xC2] = looked[0xEF] = true;
  return looked;
}();

}  // namespace

bool break_references(std::string& text, bool break_links) {
  std::string out;
  std::size_t copied = 0;
  const auto put = [&](std::size_t at, std::size_t length) {
    out.append(text, copied, at - copied).append("[").append(text, at, length).append("]");
    copied = at + length;
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!kLooked[static_cast<unsigned char>(text[at])]) continue;
    if (text[at] == ':') {
      if (must_break(text, at, break_links)) put(at, 1);
    } else if (const std::size_t length = unc_length(text, at); length > 0) {
      put(at, length);
      at += length - 1;
    }
  }
  if (copied == 0) return false;
  out.append(text, copied);
  text = std::move(out);
  return true;
}

}  // namespace kiyome::compose

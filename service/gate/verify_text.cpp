#include "service/gate/verify_text.h"

#include <algorithm>
#include <cstring>

#include "service/gate/verify_characters.h"

namespace kiyome::gate {
namespace {

using View = std::string_view;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equal_ignoring_case(View text, View small) {
  return text.size() == small.size() &&
         std::equal(text.begin(), text.end(), small.begin(), [](char a, char b) { return lower(a) == b; });
}
bool begins_ignoring_case(View text, View small) {
  return text.size() >= small.size() && equal_ignoring_case(text.substr(0, small.size()), small);
}

// SP, TAB, A0, 3000 at `at`: its octets, or 0.
std::size_t blank_size(View text, std::size_t at) {
  const View rest = text.substr(at);
  if (rest.empty()) return 0;
  if (rest[0] == ' ' || rest[0] == '\t') return 1;
  if (rest.starts_with("\u00a0")) return 2;
  return rest.starts_with("\u3000") ? 3 : 0;
}

View without_blanks(View line) {
  while (const std::size_t size = blank_size(line, 0)) line.remove_prefix(size);
  return line;
}

// ---- section 2 ----

constexpr View kSchemes[] = {"file",       "search",  "search-ms",   "microsoft-edge",
                             "javascript", "jscript", "vbscript",    "livescript",
                             "wscript",    "data",    "mhtml",       "mk",
                             "res",        "ldap",    "ldaps",       "smb",
                             "cifs",       "nfs",     "ftp",         "sftp",
                             "ssh",        "telnet",  "view-source", "about",
                             "blob",       "shell",   "hcp",         "jar",
                             "onenote",    "outlook", "stssync",     "callto",
                             "skype",      "zoommtg", "msteams",     "webcal",
                             "feed"};
constexpr std::size_t kLongestScheme = 14;

bool is_name_character(char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '+' || c == '-'; }

// 2.1: what stands before "://" at `colon`.
bool authority_is_fine(View line, std::size_t colon) {
  std::size_t begin = colon;
  while (begin > 0 && is_name_character(line[begin - 1]) && line[begin - 1] != '.') --begin;
  while (begin < colon && !is_letter(line[begin])) ++begin;
  const View scheme = line.substr(begin, colon - begin);
  return scheme.empty() || equal_ignoring_case(scheme, "http") || equal_ignoring_case(scheme, "https");
}

// 2.2: whether one of the names ends at `colon`. Each run of name characters is looked at once, for it holds
// no colon.
bool acting_name_ends(View line, std::size_t colon) {
  for (std::size_t begin = colon; begin > 0 && is_name_character(line[begin - 1]);) {
    --begin;
    if (begin > 0 && (is_letter(line[begin - 1]) || is_digit(line[begin - 1]))) continue;
    const View name = line.substr(begin, colon - begin);
    if (name.size() > 3 && begins_ignoring_case(name, "ms-")) return true;
    if (name.size() <= kLongestScheme &&
        std::any_of(std::begin(kSchemes), std::end(kSchemes),
                    [&](View scheme) { return equal_ignoring_case(name, scheme); }))
      return true;
  }
  return false;
}

Checked check_colons(View line) {
  for (std::size_t colon = line.find(':'); colon != View::npos; colon = line.find(':', colon + 1)) {
    if (line.substr(colon).starts_with("://") && !authority_is_fine(line, colon))
      return fault(colon, "scheme other than http or https before ://");
    if (colon + 1 < line.size() && blank_size(line, colon + 1) == 0 && acting_name_ends(line, colon))
      return fault(colon, "scheme that a desktop acts on");
  }
  return std::nullopt;
}

// 2.3. Called only when a line holds a backslash of some kind.
Checked check_unc(View line) {
  constexpr View kAfterPair = "?._-$%@~{";
  std::size_t in_a_row = 0;
  for (std::size_t at = 0; at < line.size();) {
    const CodePoint c = code_point_at(line, at);
    if (c.size == 0) return fault(at, "not valid UTF-8");
    const bool backslash = is_backslash(c.value);
    if (in_a_row >= 2 && !backslash) {
      const bool wide = c.value >= 0x80 && c.value != 0xA0 && c.value != 0x3000;
      const char ascii = c.value < 0x80 ? static_cast<char>(c.value) : '\0';
      if (wide || is_letter(ascii) || is_digit(ascii) ||
          (ascii != '\0' && kAfterPair.find(ascii) != View::npos))
        return fault(at, "UNC path");
    }
    in_a_row = backslash ? in_a_row + 1 : 0;
    at += c.size;
  }
  return std::nullopt;
}

// ---- section 3 ----

View without_lead(View line) {
  for (;;) {
    const std::size_t size = !line.empty() && line[0] == '>' ? 1 : blank_size(line, 0);
    if (size == 0) return line;
    line.remove_prefix(size);
  }
}

// "begin 644 name", and "begin" with two blanks or more.
bool reads_as_uuencode(View line) {
  if (begins_ignoring_case(line, "begin-base64")) return true;
  if (!begins_ignoring_case(line, "begin")) return false;
  line.remove_prefix(5);
  const std::size_t blanks = std::min(line.find_first_not_of(" \t"), line.size());
  if (blanks >= 2) return true;
  line.remove_prefix(blanks);
  return blanks == 1 && line.size() >= 3 &&
         std::all_of(line.begin(), line.begin() + 3, [](char c) { return c >= '0' && c <= '7'; });
}

bool reads_as_pem(View line) {
  const std::size_t dashes = std::min(line.find_first_not_of('-'), line.size());
  if (dashes < 2) return false;
  line.remove_prefix(dashes);
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return begins_ignoring_case(line, "begin ");
}

const char* reads_as_encoding(View whole) {
  const View line = without_lead(whole);
  if (line.empty()) return nullptr;
  switch (line[0]) {
    case 'b':
    case 'B':
      return reads_as_uuencode(line) ? "line reads as uuencode" : nullptr;
    case '=':
      return begins_ignoring_case(line, "=ybegin") || begins_ignoring_case(line, "=ypart") ||
                     begins_ignoring_case(line, "=yend")
                 ? "line reads as yEnc"
                 : nullptr;
    case '(':
      return begins_ignoring_case(line, "(this file must be converted with binhex") ? "line reads as BinHex"
                                                                                    : nullptr;
    case '-':
      return reads_as_pem(line) ? "line reads as PEM" : nullptr;
    default:
      return nullptr;
  }
}

// ---- our own lines ----

constexpr View kLead = "【無害化】", kNotice = "【無害化通知】", kNoticeEnd = "【無害化通知おわり】";
constexpr View kOursStem = "【無害化", kSenderCheck = "送信者確認";

// The order of a body's lines, told line by line; a reason when one stands where it may not.
class BodyOrder {
 public:
  const char* line(View line) {
    switch (place_) {
      case Place::lead:
        return lead(line);
      case Place::text:
        return text(line);
      case Place::notice:
        return notice(line);
      case Place::done:
        break;
    }
    return "line after the end of the notice";
  }
  const char* end() const {
    if (place_ == Place::lead && lead_lines_) return "no empty line after the lead lines";
    return place_ == Place::notice ? "notice without its end" : nullptr;
  }

 private:
  enum class Place : std::uint8_t { lead, text, notice, done };

  const char* lead(View line) {
    if (line.starts_with(kLead) || line.starts_with(kSenderCheck)) {
      lead_lines_ = true;
      return nullptr;
    }
    place_ = Place::text;
    if (!lead_lines_) return text(line);
    return line.empty() ? nullptr : "no empty line after the lead lines";
  }
  const char* text(View line) {
    if (line.starts_with(kNotice) && after_empty_) {
      place_ = Place::notice;
      return nullptr;
    }
    after_empty_ = line.empty();
    return begins_as_ours(line) ? "line that only we may write" : nullptr;
  }
  const char* notice(View line) {
    if (line.starts_with(kNoticeEnd)) {
      place_ = Place::done;
      return nullptr;
    }
    return line.starts_with(kOursStem) ? "line within the notice that only we may write" : nullptr;
  }

  Place place_ = Place::lead;
  bool lead_lines_ = false;
  bool after_empty_ = false;
};

Checked shifted(Checked bad, std::size_t by) {
  if (bad) bad->offset += by;
  return bad;
}

// Sections 1, 2 and the first half of 3.
Checked check_line(View line, Tab tab) {
  bool wide_backslash = false;
  if (Checked bad = check_characters(line, tab, wide_backslash)) return bad;
  return check_references(line, wide_backslash);
}

}  // namespace

bool begins_as_ours(View line) {
  const View text = without_blanks(line);
  return text.starts_with(kOursStem) || text.starts_with(kSenderCheck);
}

Checked check_references(View line, bool wide_backslash) {
  if (Checked bad = check_colons(line)) return bad;
  if (wide_backslash || line.find('\\') != View::npos) return check_unc(line);
  return std::nullopt;
}

Checked check_one_line(View line) { return check_line(line, Tab::refused); }

Checked check_text(View text, TextKind kind) {
  BodyOrder order;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    if (end == View::npos || end == begin || text[end - 1] != '\r')
      return fault(std::min(end, text.size()), "line does not end in CRLF");
    const View line = text.substr(begin, end - 1 - begin);
    if (Checked bad = check_line(line, Tab::allowed)) return shifted(bad, begin);
    if (const char* reason = reads_as_encoding(line)) return fault(begin, reason);
    if (kind == TextKind::body) {
      if (const char* reason = order.line(line)) return fault(begin, reason);
    } else if (begins_as_ours(line)) {
      return fault(begin, "line that only we may write");
    }
    begin = end + 1;
  }
  if (const char* reason = kind == TextKind::body ? order.end() : nullptr) return fault(text.size(), reason);
  return std::nullopt;
}

}  // namespace kiyome::gate

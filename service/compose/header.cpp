// Header fields of a clean mail. Every value is hostile: it chooses letters, never structure.
#include "service/compose/header.h"

#include <array>
#include <cstdio>

#include "proto/base/limits.h"
#include "service/compose/characters.h"
#include "service/compose/compose.h"
#include "service/compose/encode.h"
#include "service/compose/lines.h"
#include "service/compose/references.h"
#include "service/compose/utf8.h"

namespace kiyome::compose {
namespace {

constexpr std::size_t kColumns = 76;           // RFC 2047 section 2: lines with an encoded-word
constexpr std::size_t kMessageIdOctets = 900;  // so that "In-Reply-To: " and the id fit a line of 998
constexpr std::string_view kFold = "\r\n ";
constexpr std::string_view kNotInIds =
    "<>(),;\"\\";  // comments and quotes: readers would not agree on the id

bool all_of(std::string_view text, std::string_view besides) {
  for (const char c : text)
    if (!is_letter_or_digit(c) && besides.find(c) == std::string_view::npos) return false;
  return true;
}

bool is_printable(std::string_view text) {
  for (const char c : text)
    if (c < 0x20 || c > 0x7E) return false;
  return true;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Whether the text may stand in a field as it is.
bool is_raw(std::string_view text) {
  return is_printable(text) && text.find("=?") == std::string_view::npos && trimmed(text) == text;
}

// Raw text folded at single spaces where a line would grow beyond kColumns; "" if that cannot be done.
std::string folded_raw(std::string_view text, std::size_t column) {
  if (column + text.size() <= kColumns) return std::string(text);
  if (text.find("  ") != std::string_view::npos) return {};  // a line must not end in a space
  FoldedLine line(column);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    if (end - begin >= kColumns) return {};
    line.token(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return line.take();
}

std::string quoted_string(std::string_view ascii) {
  std::string out = "\"";
  for (const char c : ascii) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string display_text(std::string_view utf8, std::size_t octets_max, const HeaderContext& context) {
  const std::string_view shown = cut_at_character(utf8, octets_max);
  std::string text(trimmed(clean_line(shown, *context.findings)));
  if (shown.size() < utf8.size()) text += "…";
  if (break_references(text, context.break_links))
    add_finding(*context.findings, clean::Finding::kBrokenScheme);
  if (imitates_us(text) || begins_encoding(text)) {
    text.insert(0, kEscape);
    add_finding(*context.findings, clean::Finding::kEscapedLine);
  }
  return text;
}

std::string subject_value(std::string_view mark, std::string_view subject, const HeaderContext& context) {
  constexpr std::size_t kNameColumns = 9;  // "Subject: "
  std::string text(mark);
  text += display_text(subject, limits::kCleanMailSubject, context);
  if (text.empty()) return {};
  std::string raw = is_raw(text) ? folded_raw(text, kNameColumns) : std::string();
  return raw.empty() ? encoded_words(text, kFold, kNameColumns) : raw;
}

bool is_quotable(std::string_view clean) {
  return is_raw(clean) && quoted_string(clean).size() + 4 < kColumns;
}

// A space or a fold before something `width` columns wide, but at the very begin.
void FoldedLine::begin_token(std::size_t width) {
  if (comma_) glued(",");
  comma_ = false;
  if (fresh_) {
    fresh_ = false;
  } else if (column_ + 1 + width > kColumns) {
    out_.append(kFold);
    column_ = 1;
  } else {
    glued(" ");
  }
}

void FoldedLine::token(std::string_view text) {
  begin_token(text.size() + 1);  // a comma may follow
  glued(text);
}

void FoldedLine::glued(std::string_view text) {
  out_.append(text);
  column_ += text.size();
}

void FoldedLine::display(std::string_view clean) {
  constexpr std::size_t kMayFollow = 3;  // ":;" of a group and a comma
  if (is_quotable(clean)) {
    const std::string quoted = quoted_string(clean);
    begin_token(quoted.size() + kMayFollow);
    return glued(quoted);
  }
  constexpr std::size_t kShortestWord = 32;  // columns a first word is worth beginning in
  begin_token(kShortestWord);
  const std::string words = encoded_words(clean, kFold, column_ + kMayFollow);
  const std::size_t last = words.rfind('\n');
  column_ = last == std::string::npos ? column_ + words.size() : words.size() - last - 1;
  out_.append(words);
}

std::string list_id_value(std::string_view list_id, const HeaderContext& context) {
  const std::size_t open = list_id.rfind('<');
  const std::size_t close = list_id.rfind('>');
  if (open == std::string_view::npos || close == std::string_view::npos || close <= open + 1) return {};
  const std::string_view id = list_id.substr(open + 1, close - open - 1);
  if (id.size() > 255 || !all_of(id, ".-_")) return {};
  std::string_view name = trimmed(list_id.substr(0, open));
  if (name.size() >= 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
  const std::string shown = display_text(name, limits::kCleanMailDisplayName, context);
  FoldedLine line(9);  // "List-Id: "
  if (!shown.empty()) line.display(shown);
  line.token(std::string("<").append(id).append(">"));
  return line.take();
}

std::string auto_submitted_value(std::string_view value) {
  const std::string keyword = lower(trimmed(value.substr(0, value.find(';'))));
  for (const std::string_view known : {"no", "auto-generated", "auto-replied", "auto-notified"})
    if (keyword == known) return keyword;
  return {};
}

std::string precedence_value(std::string_view value) {
  const std::string keyword = lower(trimmed(value));
  for (const std::string_view known : {"bulk", "list", "junk"})
    if (keyword == known) return keyword;
  return {};
}

bool is_message_id(std::string_view text) {
  if (text.size() < 5 || text.size() > kMessageIdOctets || text.front() != '<' || text.back() != '>')
    return false;
  const std::string_view inner = text.substr(1, text.size() - 2);
  for (const char c : inner)
    if (c < 0x21 || c > 0x7E || kNotInIds.find(c) != std::string_view::npos) return false;
  const std::size_t at = inner.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < inner.size() &&
         inner.find('@', at + 1) == std::string_view::npos;
}

// The first id names the thread and the last ones the mails answered: what is over the bound is left out of
// the middle.
std::string message_ids_value(const std::vector<std::string>& ids) {
  std::vector<std::string_view> valid;
  for (const std::string& id : ids)
    if (is_message_id(id)) valid.push_back(id);
  if (valid.empty()) return {};
  std::size_t from = valid.size();
  std::size_t octets = valid[0].size();
  while (from > 1 && octets + valid[from - 1].size() + kFold.size() <= limits::kCleanMailReferences)
    octets += valid[--from].size() + kFold.size();
  std::string out(valid[0]);
  for (; from < valid.size(); ++from) out.append(kFold).append(valid[from]);
  return out;
}

std::string host_text(std::string_view text) {
  return text.empty() || text.size() > 255 || !all_of(text, ".-_:[]") ? "unknown" : std::string(text);
}

std::string date_text(std::int64_t unix_seconds, int zone_minutes) {
  constexpr std::int64_t kYear1900 = -2208988800;
  constexpr std::int64_t kYear10000 = 253402300800;
  constexpr std::int64_t kZoneMax = 14 * 60;  // Kiritimati; nothing real lies beyond
  if (zone_minutes < -kZoneMax || zone_minutes > kZoneMax) zone_minutes = 0;
  if (unix_seconds < kYear1900 || unix_seconds >= kYear10000) return {};
  const std::int64_t local = unix_seconds + zone_minutes * 60;
  if (local < kYear1900 || local >= kYear10000) return {};
  static constexpr std::array<const char*, 7> kDays = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::int64_t days = local >= 0 ? local / 86400 : (local - 86399) / 86400;
  const int second = static_cast<int>(local - days * 86400);
  // Civil date from days since 1970-01-01, with years counted from March (Howard Hinnant's algorithm).
  const std::int64_t shifted = days + 719468;
  const std::int64_t era = shifted / 146097;  // never negative from 1900 on
  const auto day_of_era = static_cast<int>(shifted - era * 146097);
  const int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int month_from_march = (5 * day_of_year + 2) / 153;
  const int day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const int month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const auto year = static_cast<int>(year_of_era + era * 400 + (month <= 2 ? 1 : 0));
  const auto weekday = static_cast<std::size_t>(((days % 7) + 7) % 7);
  const int zone = zone_minutes < 0 ? -zone_minutes : zone_minutes;
  std::array<char, 64> out{};
  std::snprintf(out.data(), out.size(), "%s, %02d %s %04d %02d:%02d:%02d %c%02d%02d", kDays[weekday], day,
                kMonths[static_cast<std::size_t>(month - 1)], year, second / 3600, second / 60 % 60,
                second % 60, zone_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
  return out.data();
}

}  // namespace kiyome::compose

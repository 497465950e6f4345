// See date.h. The value is cut into numbers, words and signs; the numbers find their meaning by what stands
// beside them.
#include "sanitizers/mail/date.h"

#include <array>
#include <cstdio>
#include <vector>

#include "proto/clean/codec.h"
#include "sanitizers/mail/octets.h"

namespace kiyome::sanitizer::mail {
namespace {

constexpr std::size_t kDateOctets = 200;
constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};

struct Zone {
  std::string_view name;
  int minutes;
};
// RFC 5322 section 4.3 and the zones Japanese and European senders write. Military letters mean nothing
// (-0000).
constexpr std::array<Zone, 25> kZones = {
    {{"ut", 0},     {"utc", 0},    {"gmt", 0},    {"z", 0},      {"est", -300}, {"edt", -240}, {"cst", -360},
     {"cdt", -300}, {"mst", -420}, {"mdt", -360}, {"pst", -480}, {"pdt", -420}, {"jst", 540},  {"kst", 540},
     {"hkt", 480},  {"sgt", 480},  {"ist", 330},  {"wet", 0},    {"west", 60},  {"bst", 60},   {"cet", 60},
     {"cest", 120}, {"met", 60},   {"eet", 120},  {"msk", 180}}};

struct Token {
  enum class Kind : std::uint8_t { number, word, sign } kind = Kind::sign;
  std::string_view text;
  int number = 0;
};

std::vector<Token> tokens_of(std::string_view s) {
  std::vector<Token> out;
  std::size_t i = 0;
  int comment = 0;
  while (i < s.size()) {
    const char c = s[i];
    if (c == '(') ++comment;
    if (c == ')' && comment > 0) --comment;
    const std::size_t begin = i;
    if (is_digit(c)) {
      int value = 0;
      while (i < s.size() && is_digit(s[i])) {
        if (value < 100000000) value = value * 10 + (s[i] - '0');
        ++i;
      }
      if (comment == 0) out.push_back({Token::Kind::number, s.substr(begin, i - begin), value});
    } else if (is_alpha(c) || is_eight_bit(c)) {
      const bool ascii = is_alpha(c);
      while (i < s.size() && (ascii ? is_alpha(s[i]) : is_eight_bit(s[i]))) ++i;
      if (comment == 0) out.push_back({Token::Kind::word, s.substr(begin, i - begin), 0});
    } else {
      ++i;
      if (comment == 0 && !is_space(c) && c != '(' && c != ')')
        out.push_back({Token::Kind::sign, s.substr(begin, 1), 0});
    }
  }
  return out;
}

// Days since 1970-01-01 of the proleptic Gregorian calendar.
std::int64_t days_from_civil(std::int64_t y, int m, int d) {
  y -= m <= 2 ? 1 : 0;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t yoe = y - era * 400;
  const std::int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

class DateReader {
 public:
  explicit DateReader(std::string_view s) : tokens_(tokens_of(s)) {}

  std::optional<clean::Date> read() {
    take_time();
    take_zone();
    take_day();
    if (day_ < 1 || day_ > 31 || month_ < 1 || month_ > 12 || year_ < 1 || year_ > 9999) return std::nullopt;
    if (hour_ > 24 || minute_ > 59 || second_ > 60) return std::nullopt;
    clean::Date date;
    date.zone_minutes = static_cast<std::int16_t>(zone_);
    date.unix_seconds =
        days_from_civil(year_, month_, day_) * 86400 + hour_ * 3600 + minute_ * 60 + second_ - zone_ * 60;
    if (!clean::is_mail_date(date)) return std::nullopt;
    return date;
  }

 private:
  bool is_sign(std::size_t i, char c) const {
    return i < tokens_.size() && tokens_[i].kind == Token::Kind::sign && tokens_[i].text[0] == c;
  }
  bool is_number(std::size_t i) const { return i < tokens_.size() && tokens_[i].kind == Token::Kind::number; }
  bool is_word(std::size_t i, std::string_view word) const {
    return i < tokens_.size() && tokens_[i].kind == Token::Kind::word && begins_with(tokens_[i].text, word);
  }

  void drop(std::size_t from, std::size_t to) {
    tokens_.erase(tokens_.begin() + static_cast<std::ptrdiff_t>(from),
                  tokens_.begin() + static_cast<std::ptrdiff_t>(to));
    after_time_ = from;
  }

  // 12:34, 12:34:56, 12.34.56 only behind a time word, 12時34分56秒, with am/pm or 午前/午後.
  void take_time() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (!is_number(i)) continue;
      const bool colon = is_sign(i + 1, ':') && is_number(i + 2);
      const bool kanji = is_word(i + 1, "時");
      if (!colon && !kanji) continue;
      hour_ = tokens_[i].number;
      std::size_t end = i + 2;
      if (is_number(i + 2)) {
        minute_ = tokens_[i + 2].number;
        end = i + 3;
        if ((is_sign(end, ':') || is_word(end, "分")) && is_number(end + 1)) {
          second_ = tokens_[end + 1].number;
          end += 2;
          if (is_sign(end, '.') && is_number(end + 1)) end += 2;
        }
        if (is_word(end, "秒") || is_word(end, "分")) ++end;
      }
      if (is_word(end, "pm") && hour_ < 12) hour_ += 12;
      if (is_word(end, "am") && hour_ == 12) hour_ = 0;
      if (is_word(end, "pm") || is_word(end, "am")) ++end;
      std::size_t begin = i;
      if (i > 0 && (is_word(i - 1, "午後") || is_word(i - 1, "午前"))) {
        if (is_word(i - 1, "午後") && hour_ < 12) hour_ += 12;
        --begin;
      }
      drop(begin, end);
      return;
    }
  }

  // Behind the time: +0900, +09:00, +9, JST, GMT+9; everything else is -0000. asctime puts the year there: it
  // stays.
  void take_zone() {
    for (std::size_t i = after_time_; i < tokens_.size(); ++i) {
      if ((is_sign(i, '+') || is_sign(i, '-')) && is_number(i + 1) && (i > 0 || is_sign(i, '+'))) {
        const Token& digits = tokens_[i + 1];
        if (digits.text.size() == 4 || digits.text.size() <= 2) {
          int minutes =
              digits.text.size() == 4 ? digits.number / 100 * 60 + digits.number % 100 : digits.number * 60;
          std::size_t end = i + 2;
          if (digits.text.size() <= 2 && is_sign(end, ':') && is_number(end + 1)) {
            minutes += tokens_[end + 1].number;
            end += 2;
          }
          if (minutes <= 14 * 60) zone_ = is_sign(i, '-') ? -minutes : minutes;
          drop(i, end);
          return;
        }
      }
      if (tokens_[i].kind != Token::Kind::word) continue;
      for (const Zone& zone : kZones) {
        if (!same_text(tokens_[i].text, zone.name)) continue;
        zone_ = zone.minutes;
        const bool offset = (is_sign(i + 1, '+') || is_sign(i + 1, '-')) && is_number(i + 2);
        if (!offset || zone.minutes != 0) return;
        break;  // GMT+9: the offset follows
      }
    }
  }

  void take_day() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].kind != Token::Kind::word || tokens_[i].text.size() < 3) continue;
      for (std::size_t m = 0; m < kMonths.size(); ++m)
        if (begins_with(tokens_[i].text, kMonths[m]) && month_ == 0) month_ = static_cast<int>(m) + 1;
    }
    std::vector<std::size_t> numbers;
    for (std::size_t i = 0; i < tokens_.size(); ++i)
      if (is_number(i)) numbers.push_back(i);
    if (month_ != 0) {
      if (numbers.size() < 2) return;
      std::size_t day = 0, year = 1;
      if (tokens_[numbers[0]].text.size() == 4) std::swap(day, year);  // 2024 May 1
      day_ = tokens_[numbers[day]].number;
      year_ = full_year(tokens_[numbers[year]]);
      return;
    }
    take_numeric_day(numbers);
  }

  // 2024-05-01, 2024/5/1, 2024年5月1日, 令和6年5月1日, 20240501.
  void take_numeric_day(const std::vector<std::size_t>& numbers) {
    if (!numbers.empty() && tokens_[numbers[0]].text.size() == 8) {
      const int all = tokens_[numbers[0]].number;
      year_ = all / 10000;
      month_ = all / 100 % 100;
      day_ = all % 100;
      return;
    }
    if (numbers.size() < 3) return;
    const Token& first = tokens_[numbers[0]];
    const bool japanese = is_word(numbers[0] + 1, "年");
    if (!japanese && first.text.size() != 4) return;  // 05/01/24 may mean anything
    year_ = first.number;
    if (japanese && numbers[0] > 0) {
      const std::size_t era = numbers[0] - 1;
      if (is_word(era, "令和")) year_ += 2018;
      if (is_word(era, "平成")) year_ += 1988;
    }
    month_ = tokens_[numbers[1]].number;
    day_ = tokens_[numbers[2]].number;
  }

  // RFC 5322 section 4.3: two and three digits.
  static int full_year(const Token& token) {
    if (token.text.size() == 2) return token.number + (token.number < 50 ? 2000 : 1900);
    if (token.text.size() == 3) return token.number + 1900;
    return token.number;
  }

  std::vector<Token> tokens_;
  std::size_t after_time_ = 0;
  int day_ = 0, month_ = 0, year_ = 0, hour_ = 0, minute_ = 0, second_ = 0, zone_ = 0;
};

}  // namespace

std::optional<clean::Date> read_date(std::string_view text) {
  return DateReader(text.substr(0, kDateOctets)).read();
}

std::string show_date(const clean::Date& date) {
  const std::int64_t local = date.unix_seconds + date.zone_minutes * 60;
  std::int64_t days = local / 86400;
  std::int64_t seconds = local % 86400;
  if (seconds < 0) {
    seconds += 86400;
    --days;
  }
  // The inverse of days_from_civil.
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t doe = days - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const int day = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
  const int month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  const int year = static_cast<int>(yoe + era * 400 + (month <= 2 ? 1 : 0));
  const int zone = date.zone_minutes < 0 ? -date.zone_minutes : date.zone_minutes;
  std::array<char, 64> out{};
  const int n = std::snprintf(out.data(), out.size(), "%04d-%02d-%02d %02d:%02d %c%02d%02d", year, month, day,
                              static_cast<int>(seconds / 3600), static_cast<int>(seconds / 60 % 60),
                              date.zone_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
  return {out.data(), static_cast<std::size_t>(n > 0 ? n : 0)};
}

}  // namespace kiyome::sanitizer::mail

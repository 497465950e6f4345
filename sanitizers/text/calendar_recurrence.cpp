// "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE" → "2週間ごと 月・水曜日".
#include "sanitizers/text/calendar_recurrence.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <vector>

#include "sanitizers/text/calendar_time.h"
#include "sanitizers/text/content_lines.h"

namespace kiyome::sanitizer::text {
namespace {

constexpr std::size_t kRuleOctets = 500;  // a longer rule is shown as far as this

struct Day {
  int nth = 0;
  std::string_view name;
};

std::optional<Day> day_of(std::string_view s) {
  constexpr std::string_view kCodes = "SUMOTUWETHFRSA";
  constexpr std::string_view kNames[] = {"日", "月", "火", "水", "木", "金", "土"};
  if (s.size() < 2) return std::nullopt;
  const std::size_t code = kCodes.find(s.substr(s.size() - 2));
  if (code == std::string_view::npos || code % 2 != 0) return std::nullopt;
  Day day;
  day.name = kNames[code / 2];
  std::string_view number = s.substr(0, s.size() - 2);
  if (number.starts_with('+')) number.remove_prefix(1);
  if (!number.empty()) {
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), day.nth);
    if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  }
  return day;
}

std::string ordinal(int nth) {
  if (nth == -1) return "最終";
  if (nth < 0) return "最後から" + std::to_string(-static_cast<long>(nth)) + "番目の";
  return "第" + std::to_string(nth);
}

// "月・水曜日", "第2火曜日・最終金曜日".
std::string days_text(std::string_view value) {
  std::string out;
  bool numbered = false;
  for (const std::string_view one : split_escaped(value, ',')) {
    const auto day = day_of(one);
    if (!day) return {};
    if (!out.empty()) out += "・";
    numbered = numbered || day->nth != 0;
    if (day->nth != 0)
      out += ordinal(day->nth) + std::string(day->name) + "曜日";
    else
      out += day->name;
  }
  return numbered || out.empty() ? out : out + "曜日";
}

std::string numbers_text(std::string_view value, std::string_view unit) {
  std::string out;
  for (const std::string_view one : split_escaped(value, ',')) {
    int number = 0;
    const auto [end, error] = std::from_chars(one.data(), one.data() + one.size(), number);
    if (error != std::errc() || end != one.data() + one.size()) return {};
    if (!out.empty()) out += "・";
    if (number == -1 && unit == "日")
      out += "末日";
    else if (number < 0)
      return {};
    else
      out += std::to_string(number) + std::string(unit);
  }
  return out;
}

std::string frequency(std::string_view freq, const std::string& interval) {
  struct Unit {
    std::string_view freq, every, counted;
  };
  constexpr Unit kUnits[] = {{"DAILY", "毎日", "日"},     {"WEEKLY", "毎週", "週間"},
                             {"MONTHLY", "毎月", "か月"}, {"YEARLY", "毎年", "年"},
                             {"HOURLY", "毎時", "時間"},  {"MINUTELY", "毎分", "分"},
                             {"SECONDLY", "毎秒", "秒"}};
  for (const Unit& unit : kUnits)
    if (unit.freq == freq)
      return interval.empty() || interval == "1" ? std::string(unit.every)
                                                 : interval + std::string(unit.counted) + "ごと";
  return {};
}

}  // namespace

std::string recurrence_in_words(std::string_view rule) {
  std::string raw(rule.substr(0, kRuleOctets));
  std::map<std::string, std::string, std::less<>> parts;
  for (const std::string_view part : split_escaped(raw, ';')) {
    const std::size_t equals = part.find('=');
    if (equals != std::string_view::npos) parts.emplace(part.substr(0, equals), part.substr(equals + 1));
  }
  const auto take = [&](std::string_view name) {
    const auto found = parts.find(name);
    if (found == parts.end()) return std::string();
    std::string value = std::move(found->second);
    parts.erase(found);
    return value;
  };
  const std::string freq = take("FREQ"), interval = take("INTERVAL");
  std::string out = frequency(freq, interval);
  if (out.empty() || interval.size() > 4) return raw;
  take("WKST");
  bool understood = true;
  const auto say = [&](const std::string& value, const std::string& words) {
    if (value.empty()) return;
    understood = understood && !words.empty();
    out += " " + words;
  };
  const std::string months = take("BYMONTH"), month_days = take("BYMONTHDAY"), days = take("BYDAY"),
                    set = take("BYSETPOS");
  say(months, numbers_text(months, "月"));
  if (!months.empty() && !month_days.empty() && understood)
    out += numbers_text(month_days, "日");  // "4月1日"
  else
    say(month_days, numbers_text(month_days, "日"));
  if (set.empty()) {
    say(days, days_text(days));
  } else {
    int nth = 0;
    const auto [end, error] = std::from_chars(set.data(), set.data() + set.size(), nth);
    const bool one =
        error == std::errc() && end == set.data() + set.size() && nth != 0 && nth > -100 && nth < 100;
    const std::string list = days == "MO,TU,WE,TH,FR" ? "平日" : days_text(days);
    understood = understood && one && !list.empty();
    // "第2火曜日" for one weekday, "平日のうち最後" for several.
    if (one && days.size() == 2)
      out += " " + ordinal(nth) + list;
    else if (one)
      out += " " + list + "のうち" + (nth == -1 ? std::string("最後") : ordinal(nth));
  }
  const std::string count = take("COUNT"), until = take("UNTIL");
  if (!count.empty()) out += "（全" + count.substr(0, 6) + "回）";
  if (!until.empty()) {
    const auto last = calendar_time(until);
    if (last) {
      const CivilTime day = last->utc ? civil_of(seconds_of(last->civil) + 9 * 3600) : last->civil;
      out += "（" + std::to_string(day.year) + "年" + std::to_string(day.month) + "月" +
             std::to_string(day.day) + "日まで）";
    } else {
      understood = false;
    }
  }
  if (!understood || !parts.empty()) out += "（" + raw + "）";
  return out;
}

}  // namespace kiyome::sanitizer::text

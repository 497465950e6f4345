// text/calendar → the lines a person needs: what, when (in Japan's time first), where, who, how often.
#include <algorithm>
#include <cstdio>

#include "proto/base/limits.h"
#include "sanitizers/text/calendar_recurrence.h"
#include "sanitizers/text/calendar_time.h"
#include "sanitizers/text/clean_writer.h"
#include "sanitizers/text/content_lines.h"
#include "sanitizers/text/text.h"

namespace kiyome::sanitizer::text {
namespace {

constexpr int kJapan = 9 * 3600;
constexpr std::int64_t kDay = 86400;

struct Word {
  std::string_view name, shown;
};
constexpr Word kMethods[] = {{"REQUEST", "会議の招待"},     {"CANCEL", "会議の取り消し"},
                             {"REPLY", "招待への返信"},     {"PUBLISH", "予定の通知"},
                             {"COUNTER", "日時変更の提案"}, {"DECLINECOUNTER", "変更提案の辞退"},
                             {"ADD", "予定の追加"},         {"REFRESH", "最新情報の要求"}};
constexpr Word kStates[] = {{"CONFIRMED", "確定"},      {"TENTATIVE", "仮の予定"}, {"CANCELLED", "中止"},
                            {"NEEDS-ACTION", "未着手"}, {"COMPLETED", "完了"},     {"IN-PROCESS", "作業中"},
                            {"DRAFT", "下書き"},        {"FINAL", "最終"}};
constexpr Word kAnswers[] = {
    {"ACCEPTED", "出席"}, {"DECLINED", "欠席"}, {"TENTATIVE", "仮承諾"}, {"DELEGATED", "代理出席"}};
constexpr Word kRoles[] = {{"OPT-PARTICIPANT", "任意"}, {"NON-PARTICIPANT", "参考"}, {"CHAIR", "議長"}};

template <std::size_t n>
std::string_view shown(const Word (&words)[n], std::string_view name) {
  std::string key(name);
  for (char& c : key)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  for (const Word& word : words)
    if (word.name == key) return word.shown;
  return {};
}

// A point in time as a calendar wrote it.
struct When {
  CalendarTime time;
  std::string zone;           // TZID
  std::optional<int> offset;  // seconds east of UTC, when known
};

std::string date_text(const CivilTime& c) {
  constexpr std::string_view kWeekdays[] = {"日", "月", "火", "水", "木", "金", "土"};
  char text[64];
  std::snprintf(text, sizeof text, "%d年%d月%d日(", c.year, c.month, c.day);
  return std::string(text).append(kWeekdays[weekday_of(c)]).append(")");
}

std::string clock_text(const CivilTime& c) {
  char text[16];
  std::snprintf(text, sizeof text, "%02d:%02d", c.hour, c.minute);
  return text;
}

bool same_day(const CivilTime& a, const CivilTime& b) {
  return a.year == b.year && a.month == b.month && a.day == b.day;
}

std::string span_text(const CivilTime& from, const std::optional<CivilTime>& to) {
  std::string out = date_text(from) + " " + clock_text(from);
  if (!to) return out;
  out += "～";
  if (!same_day(from, *to)) out += date_text(*to) + " ";
  return out + clock_text(*to);
}

std::string zone_text(const When& when) {
  char text[32];
  const int minutes = std::abs(*when.offset) / 60;
  std::snprintf(text, sizeof text, "UTC%c%02d:%02d", *when.offset < 0 ? '-' : '+', minutes / 60,
                minutes % 60);
  return when.zone.empty() ? std::string(text) : when.zone + ", " + text;
}

std::string person(const ContentLine& line) {
  const std::string name = unescaped(line.parameter("CN"));
  std::string_view address = line.value;
  for (const std::string_view scheme : {"mailto:", "MAILTO:", "Mailto:", "MailTo:"})
    if (address.starts_with(scheme)) address.remove_prefix(scheme.size());
  if (name.empty() || name == address) return std::string(address);
  return address.empty() ? name : name + " <" + std::string(address) + ">";
}

class Calendar {
 public:
  explicit Calendar(std::string_view utf8) : lines_(content_lines(utf8, false)) {}
  Text read();

 private:
  void collect_zones();
  void component(std::size_t begin, std::size_t end);
  void times(std::size_t begin, std::size_t end);
  void people(std::size_t begin, std::size_t end);
  void free_busy(std::size_t begin, std::size_t end);
  std::optional<When> when(const ContentLine& line, std::string_view value) const;
  void write_span(std::string_view label, const When& from, std::optional<When> to);
  std::string one_text(const When& when) const;
  std::string text_of(std::size_t begin, std::size_t end, std::string_view name) const;
  const ContentLine* line_of(std::size_t begin, std::size_t end, std::string_view name) const;

  std::vector<ContentLine> lines_;
  Zones zones_;
  std::string out_;
};

// Only properties of the component itself: those of VALARM and other inner components are skipped by the
// caller's range.
const ContentLine* Calendar::line_of(std::size_t begin, std::size_t end, std::string_view name) const {
  for (std::size_t i = begin; i < end; ++i)
    if (lines_[i].name == name) return &lines_[i];
  return nullptr;
}

std::string Calendar::text_of(std::size_t begin, std::size_t end, std::string_view name) const {
  const ContentLine* line = line_of(begin, end, name);
  return line == nullptr ? std::string() : unescaped(line->value);
}

void Calendar::collect_zones() {
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (lines_[i].name == "TZID") zones_.begin(lines_[i].value);
    if (lines_[i].name != "BEGIN" || (lines_[i].value != "STANDARD" && lines_[i].value != "DAYLIGHT"))
      continue;
    std::size_t end = i + 1;
    while (end < lines_.size() && lines_[end].name != "END" && lines_[end].name != "BEGIN") ++end;
    zones_.observance(change_of(lines_, i + 1, end));
    i = end - 1;
  }
}

std::optional<When> Calendar::when(const ContentLine& line, std::string_view value) const {
  const auto time = calendar_time(value);
  if (!time) return std::nullopt;
  When out{*time, std::string(line.parameter("TZID")), std::nullopt};
  if (time->utc) {
    out.offset = 0;
    out.zone.clear();
  } else if (!out.zone.empty() && !time->date_only) {
    out.offset = zones_.offset(out.zone, time->civil);
  }
  return out;
}

CivilTime in_japan(const When& when) { return civil_of(seconds_of(when.time.civil) - *when.offset + kJapan); }

std::string Calendar::one_text(const When& when) const {
  if (when.time.date_only) return date_text(when.time.civil);
  if (!when.offset) return date_text(when.time.civil) + " " + clock_text(when.time.civil);
  const CivilTime japan = in_japan(when);
  return date_text(japan) + " " + clock_text(japan);
}

void Calendar::write_span(std::string_view label, const When& from, std::optional<When> to) {
  const CivilTime start = from.time.civil;
  if (from.time.date_only) {
    // The end of whole days is the day after the last one.
    std::string value = date_text(start);
    if (to && to->time.date_only) {
      const CivilTime last = civil_of(seconds_of(to->time.civil) - kDay);
      if (seconds_of(last) > seconds_of(start)) value += "～" + date_text(last);
    }
    return write_field(out_, label, value + " 終日");
  }
  if (to && to->time.date_only) to.reset();
  const auto local_end = to ? std::optional(to->time.civil) : std::nullopt;
  if (!from.offset) {
    const std::string zone = from.zone.empty() ? "時間帯の指定なし" : from.zone;
    return write_field(out_, label, span_text(start, local_end) + "（" + zone + "）");
  }
  std::optional<CivilTime> end;
  if (to && to->offset) end = in_japan(*to);
  write_field(out_, label, span_text(in_japan(from), end) + "（日本時間）");
  if (*from.offset != kJapan && !from.time.utc)
    write_field(out_, "現地の日時",
                span_text(start, to && to->zone == from.zone ? local_end : std::nullopt) + "（" +
                    zone_text(from) + "）");
}

void Calendar::times(std::size_t begin, std::size_t end) {
  const ContentLine* start_line = line_of(begin, end, "DTSTART");
  const ContentLine* due = line_of(begin, end, "DUE");
  if (start_line != nullptr) {
    const auto from = when(*start_line, start_line->value);
    if (!from) {
      write_field(out_, "日時", start_line->value);
    } else {
      std::optional<When> to;
      if (const ContentLine* end_line = line_of(begin, end, "DTEND")) {
        to = when(*end_line, end_line->value);
      } else if (const ContentLine* duration = line_of(begin, end, "DURATION")) {
        if (const auto seconds = duration_of(duration->value)) {
          to = from;
          const std::int64_t until =
              std::clamp<std::int64_t>(seconds_of(from->time.civil) + *seconds, -62000000000, 253000000000);
          to->time.civil = civil_of(until);
        }
      }
      write_span("日時", *from, to);
    }
  }
  if (due != nullptr)
    if (const auto until = when(*due, due->value)) write_field(out_, "期限", one_text(*until));
  if (const ContentLine* rule = line_of(begin, end, "RRULE"))
    write_field(out_, "繰り返し", recurrence_in_words(rule->value));
  std::string without, with;
  for (std::size_t i = begin; i < end; ++i) {
    if (lines_[i].name != "EXDATE" && lines_[i].name != "RDATE") continue;
    std::string& list = lines_[i].name == "EXDATE" ? without : with;
    for (const std::string_view value : split_escaped(lines_[i].value, ',')) {
      const auto one = when(lines_[i], value);
      if (!one || list.size() > limits::kCleanDetail) continue;
      list.append(list.empty() ? "" : "、").append(one_text(*one));
    }
  }
  write_field(out_, "除外日", without);
  write_field(out_, "追加日", with);
  if (const ContentLine* which = line_of(begin, end, "RECURRENCE-ID"))
    if (const auto one = when(*which, which->value)) write_field(out_, "対象の回", one_text(*one));
}

void Calendar::people(std::size_t begin, std::size_t end) {
  if (const ContentLine* organizer = line_of(begin, end, "ORGANIZER"))
    write_field(out_, "主催者", person(*organizer));
  std::size_t count = 0;
  std::string list;
  for (std::size_t i = begin; i < end; ++i) {
    if (lines_[i].name != "ATTENDEE" || ++count > limits::kCalendarPeople) continue;
    if (!list.empty()) list += '\n';
    list += person(lines_[i]);
    const std::string_view role = shown(kRoles, lines_[i].parameter("ROLE"));
    const std::string_view answer = shown(kAnswers, lines_[i].parameter("PARTSTAT"));
    if (role.empty() && answer.empty()) continue;
    list.append("（")
        .append(role)
        .append(role.empty() || answer.empty() ? "" : "・")
        .append(answer)
        .append("）");
  }
  if (count > limits::kCalendarPeople)
    list += "\nほか " + std::to_string(count - limits::kCalendarPeople) + " 名";
  write_field(out_, "参加者", list);
}

void Calendar::free_busy(std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    if (lines_[i].name != "FREEBUSY") continue;
    for (const std::string_view period : split_escaped(lines_[i].value, ',')) {
      const std::size_t slash = std::min(period.find('/'), period.size());
      const auto from = when(lines_[i], period.substr(0, slash));
      if (!from) continue;
      std::optional<When> to;
      if (slash < period.size()) {
        to = when(lines_[i], period.substr(slash + 1));
        if (const auto seconds = duration_of(period.substr(slash + 1)); !to && seconds) {
          to = from;
          to->time.civil =
              civil_of(std::clamp<std::int64_t>(seconds_of(from->time.civil) + *seconds, 0, 253000000000));
        }
      }
      write_span("予定あり", *from, to);
    }
  }
}

void Calendar::component(std::size_t begin, std::size_t end) {
  if (!out_.empty()) out_ += '\n';
  const std::string& kind = lines_[begin].value;
  if (kind == "VTODO") write_field(out_, "種別", "仕事 (ToDo)");
  if (kind == "VJOURNAL") write_field(out_, "種別", "日誌");
  if (kind == "VFREEBUSY") write_field(out_, "種別", "空き時間情報");
  write_field(out_, "件名", text_of(begin, end, "SUMMARY"));
  times(begin, end);
  if (kind == "VFREEBUSY") free_busy(begin, end);
  write_field(out_, "場所", text_of(begin, end, "LOCATION"));
  people(begin, end);
  write_field(out_, "状態", shown(kStates, text_of(begin, end, "STATUS")));
  write_field(out_, "URL", text_of(begin, end, "URL"));
  for (std::size_t i = begin; i < end; ++i)
    if (lines_[i].name == "ATTACH") {
      const bool embedded = !lines_[i].parameter("ENCODING").empty() || lines_[i].value.starts_with("data:");
      write_field(out_, "添付", embedded ? "（除きました）" : cut_utf8(lines_[i].value, limits::kHtmlLink));
    }
  write_field(out_, "コメント", text_of(begin, end, "COMMENT"));
  write_field(out_, "説明", text_of(begin, end, "DESCRIPTION"));
}

Text Calendar::read() {
  collect_zones();
  for (const ContentLine& line : lines_)
    if (line.name == "METHOD") {
      write_field(out_, "種類", shown(kMethods, line.value));
      break;
    }
  std::size_t shown_events = 0, events = 0;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const ContentLine& line = lines_[i];
    if (line.name != "BEGIN") continue;
    if (line.value != "VEVENT" && line.value != "VTODO" && line.value != "VJOURNAL" &&
        line.value != "VFREEBUSY")
      continue;
    // Its own properties end where an inner component (an alarm) begins.
    std::size_t end = i + 1;
    while (end < lines_.size() && lines_[end].name != "END" && lines_[end].name != "BEGIN") ++end;
    if (++events <= limits::kCalendarEvents) {
      component(i, end);
      ++shown_events;
    }
    i = end - 1;
  }
  if (events > shown_events) out_ += "\nほか " + std::to_string(events - shown_events) + " 件の予定\n";
  CleanWriter writer(out_.size());
  writer.utf8(out_);
  Text text;
  text.utf8 = writer.take();
  return text;
}

}  // namespace

Text from_calendar(std::string_view utf8) { return Calendar(utf8).read(); }

}  // namespace kiyome::sanitizer::text

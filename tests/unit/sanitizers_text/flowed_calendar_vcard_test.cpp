// format=flowed, calendars, cards.
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "sanitizers/text/calendar_recurrence.h"
#include "sanitizers/text/calendar_time.h"
#include "sanitizers/text/content_lines.h"
#include "sanitizers/text/text.h"

namespace text = kiyome::sanitizer::text;

namespace {

struct Case {
  std::string_view in, expected;
};

std::string event(std::string_view lines) {
  return text::from_calendar("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + std::string(lines) +
                             "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
      .utf8;
}

}  // namespace

TEST_CASE("flowed: lines are joined, quotes apart (RFC 3676)") {
  const Case cases[] = {
      {"a \nb\n", "a b\n"},
      {"a\nb\n", "a\nb\n"},
      {"> a \n> b\nc\n", "> a b\nc\n"},
      {">> a \n> b\n", ">> a\x20\n> b\n"},
      {" >a\n From x\n", ">a\nFrom x\n"},
      {"a \n-- \nsig\n", "a \n-- \nsig\n"},
      {"", ""},
      {"a ", "a "},
  };
  for (const Case& one : cases) {
    CAPTURE(one.in);
    CHECK(text::unflow(one.in, false) == one.expected);
  }
  CHECK(text::unflow("日本 \n語です\n", true) == "日本語です\n");
  CHECK(text::unflow("a  \nb\n", true) == "a b\n");
}

TEST_CASE("calendars and cards: a fold within a character is undone before the charset is read") {
  const std::string_view whole = "SUMMARY:打ち合わせについて\r\nLOCATION:本庁舎\r\n";
  for (std::size_t at = 1; at < 30; ++at) {
    std::string folded(whole);
    folded.insert(at, at % 2 == 0 ? "\r\n " : "\n\t");
    CHECK(text::unfolded(folded, at % 3 == 0) == whole);
  }
  CHECK(text::unfolded("a\r\n\r\n b\n", false) == "a\r\nb\n");
  CHECK(text::unfolded("N;QUOTED-PRINTABLE:=E5=\r\n =B1\r\n", true) == "N;QUOTED-PRINTABLE:=E5=\r\n =B1\r\n");
  CHECK(text::unfolded(std::string_view("a\n b\0", 5), false) == std::string_view("a\n b\0", 5));
  CHECK(text::unfolded("", false).empty());
  CHECK(text::unfolded("a\r\n", false) == "a\r\n");
}

TEST_CASE("calendar: times stand in Japan's time and in their own zone") {
  CHECK(event("SUMMARY:会議\r\nDTSTART;TZID=Asia/Tokyo:20240110T100000\r\nDTEND;TZID=Asia/"
              "Tokyo:20240110T113000") == "件名: 会議\n日時: 2024年1月10日(水) 10:00～11:30（日本時間）\n");
  CHECK(event("DTSTART:20240110T010000Z\r\nDURATION:PT90M") ==
        "日時: 2024年1月10日(水) 10:00～11:30（日本時間）\n");
  CHECK(event("DTSTART;TZID=America/New_York:20240710T200000") ==
        "日時: 2024年7月11日(木) 09:00（日本時間）\n現地の日時: 2024年7月10日(水) 20:00（America/New_York, "
        "UTC-04:00）\n");
  CHECK(event("DTSTART;TZID=America/New_York:20240110T200000").find("UTC-05:00") != std::string::npos);
  CHECK(event("DTSTART;TZID=Europe/Paris:20240331T120000").find("UTC+02:00") != std::string::npos);
  CHECK(event("DTSTART;TZID=\"(UTC+09:00) 大阪、札幌、東京\":20240110T100000") ==
        "日時: 2024年1月10日(水) 10:00（日本時間）\n");
  CHECK(event("DTSTART:20240110T100000") == "日時: 2024年1月10日(水) 10:00（時間帯の指定なし）\n");
  CHECK(event("DTSTART;VALUE=DATE:20240228\r\nDTEND;VALUE=DATE:20240302") ==
        "日時: 2024年2月28日(水)～2024年3月1日(金) 終日\n");
  CHECK(event("DTSTART;VALUE=DATE:20240228\r\nDTEND;VALUE=DATE:20240229") ==
        "日時: 2024年2月28日(水) 終日\n");
  CHECK(event("DTSTART:nonsense") == "日時: nonsense\n");
}

TEST_CASE("calendar: a zone of its own is computed from its rules") {
  const std::string zone =
      "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Z1\nBEGIN:STANDARD\nDTSTART:16010101T020000\nTZOFFSETTO:-0500\n"
      "RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:"
      "16010101T020000\nTZOFFSETTO:-0400\n"
      "RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\nBEGIN:VEVENT\nDTSTART;TZID=Z1:";
  const auto offset = [&](const std::string& when) {
    const std::string out = text::from_calendar(zone + when + "\nEND:VEVENT\n").utf8;
    return out.substr(out.find("UTC"), 9);
  };
  CHECK(offset("20240310T015900") == "UTC-05:00");
  CHECK(offset("20240310T030000") == "UTC-04:00");
  CHECK(offset("20241103T010000") == "UTC-04:00");
  CHECK(offset("20241103T020000") == "UTC-05:00");
  CHECK(offset("20240101T000000") == "UTC-05:00");
}

TEST_CASE("calendar: people, method, text") {
  const std::string out =
      text::from_calendar(
          "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:定例\n "
          "会\nORGANIZER;CN=山田太郎:mailto:yamada@example.jp\n"
          "ATTENDEE;CN=\"佐藤, "
          "花子\";ROLE=OPT-PARTICIPANT;PARTSTAT=DECLINED:mailto:sato@example.jp\nLOCATION:第1\\, 第2会議室\n"
          "DESCRIPTION:一行目\\n二行目\nBEGIN:VALARM\nDESCRIPTION:ALARM\nEND:VALARM\nEND:VEVENT\nEND:"
          "VCALENDAR\n")
          .utf8;
  CHECK(out ==
        "種類: 会議の招待\n\n件名: 定例会\n場所: 第1, 第2会議室\n主催者: 山田太郎 <yamada@example.jp>\n"
        "参加者: 佐藤, 花子 <sato@example.jp>（任意・欠席）\n説明: 一行目\n  二行目\n");
}

TEST_CASE("calendar: recurrence in words") {
  const Case cases[] = {
      {"FREQ=DAILY", "毎日"},
      {"FREQ=DAILY;INTERVAL=3;COUNT=5", "3日ごと（全5回）"},
      {"FREQ=WEEKLY;BYDAY=MO,WE", "毎週 月・水曜日"},
      {"FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;UNTIL=20240331", "2週間ごと 金曜日（2024年3月31日まで）"},
      {"FREQ=MONTHLY;BYMONTHDAY=15", "毎月 15日"},
      {"FREQ=MONTHLY;BYMONTHDAY=-1", "毎月 末日"},
      {"FREQ=MONTHLY;BYDAY=2TU", "毎月 第2火曜日"},
      {"FREQ=MONTHLY;BYDAY=-1FR", "毎月 最終金曜日"},
      {"FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2", "毎月 第2火曜日"},
      {"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "毎月 平日のうち最後"},
      {"FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=1", "毎年 4月1日"},
      {"FREQ=YEARLY;BYWEEKNO=20", "毎年（FREQ=YEARLY;BYWEEKNO=20）"},
      {"nonsense", "nonsense"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.in);
    CHECK(text::recurrence_in_words(one.in) == one.expected);
  }
}

TEST_CASE("calendar: civil time there and back") {
  for (std::int64_t day = -700000; day < 2900000; day += 137) {
    const text::CivilTime civil = text::civil_of(day * 86400 + 3723);
    CHECK(text::seconds_of(civil) == day * 86400 + 3723);
  }
  CHECK(text::weekday_of({2024, 1, 10, 0, 0, 0}) == 3);
  CHECK_FALSE(text::calendar_time("20230229").has_value());
  CHECK(text::calendar_time("20240229").has_value());
  CHECK(text::duration_of("P1DT2H30M") == 95400);
  CHECK(text::duration_of("-PT15M") == -900);
  CHECK_FALSE(text::duration_of("15M").has_value());
}

TEST_CASE("vcard: 2.1 with quoted-printable Shift_JIS, 3.0, 4.0") {
  CHECK(text::from_vcard("BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=SHIFT_JIS;ENCODING=QUOTED-PRINTABLE:=8ER="
                         "93c;=91=BE=\r\n=98Y\r\n"
                         "TEL;WORK;FAX:03-0000\r\nEND:VCARD\r\n")
            .utf8 == "氏名: 山田 太郎\n電話（職場・FAX）: 03-0000\n");
  CHECK(text::from_vcard("BEGIN:VCARD\nVERSION:3.0\nN:山田;太郎;;;\nFN:山田 "
                         "太郎\nORG:市役所;課\nitem1.EMAIL;TYPE=INTERNET:a@example.jp\n"
                         "NOTE:一\\n二\nPHOTO;ENCODING=b:AAAA\n BBBB\nEND:VCARD\n")
            .utf8 ==
        "氏名: 山田 太郎\n組織: 市役所 課\nメール: a@example.jp\nメモ: 一\n  二\n写真: （除きました）\n");
  CHECK(text::from_vcard(
            "BEGIN:VCARD\nVERSION:4.0\nFN:A\nTEL;VALUE=uri;TYPE=\"cell,home\":tel:+81-90\nEND:VCARD\n")
            .utf8 == "氏名: A\n電話（携帯・自宅）: +81-90\n");
  CHECK(text::from_vcard("").utf8 == "");
}

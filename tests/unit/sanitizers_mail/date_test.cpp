// Dates as they stand in mails.
#include <doctest/doctest.h>

#include <string>

#include "sanitizers/mail/date.h"

using namespace kiyome;
using namespace kiyome::sanitizer::mail;

namespace {

std::string read(std::string_view text) {
  const auto date = read_date(text);
  return date ? show_date(*date) : "none";
}

struct Case {
  const char* text;
  const char* date;
};

}  // namespace

TEST_CASE("dates: RFC 5322 and its obsolete forms") {
  const Case cases[] = {
      {"Wed, 01 May 2024 09:00:00 +0900", "2024-05-01 09:00 +0900"},
      {"Wed, 1 May 2024 09:00:00 +0900 (JST)", "2024-05-01 09:00 +0900"},
      {"1 May 2024 09:00 +0900", "2024-05-01 09:00 +0900"},
      {"Wed, 1 May 2024 09:00:00 -0330", "2024-05-01 09:00 -0330"},
      {"Wed , 1 May 24 09 : 00 : 00 GMT", "2024-05-01 09:00 +0000"},
      {"Fri, 21 Nov 97 09:55:06 -0600", "1997-11-21 09:55 -0600"},
      {"21 Nov 49 00:00 EST", "2049-11-21 00:00 -0500"},
      {"21 Nov 103 00:00 PDT", "2003-11-21 00:00 -0700"},
      {"Wed, 1 May 2024 09:00:00 Z", "2024-05-01 09:00 +0000"},
      {"Wed, 1 May 2024 09:00:00 Q", "2024-05-01 09:00 +0000"},
      {"Wed, 1 May (comment 12:00) 2024 09:00:00 +0900", "2024-05-01 09:00 +0900"},
      {"Sat, 31 Dec 2016 23:59:60 +0000", "2017-01-01 00:00 +0000"},
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.text));
    CHECK(read(c.text) == c.date);
  }
}

TEST_CASE("dates: what else stands in Date fields") {
  const Case cases[] = {
      {"Wed May  1 09:00:00 2024", "2024-05-01 09:00 +0000"},
      {"Wed May  1 09:00:00 JST 2024", "2024-05-01 09:00 +0900"},
      {"Wed, 1 May 2024 09:00:00 JST", "2024-05-01 09:00 +0900"},
      {"Wed, 1 May 2024 09:00:00 GMT+9", "2024-05-01 09:00 +0900"},
      {"Wed, 1 May 2024 09:00:00 +09:00", "2024-05-01 09:00 +0900"},
      {"2024-05-01T09:00:00+09:00", "2024-05-01 09:00 +0900"},
      {"2024-05-01 09:00:00", "2024-05-01 09:00 +0000"},
      {"2024/5/1 9:00", "2024-05-01 09:00 +0000"},
      {"2024年5月1日 9時00分30秒 +0900", "2024-05-01 09:00 +0900"},
      {"2024年5月1日(水) 午後3時05分 +0900", "2024-05-01 15:05 +0900"},
      {"令和6年5月1日 09:00 JST", "2024-05-01 09:00 +0900"},
      {"水, 01 May 2024 09:00:00 +0900", "2024-05-01 09:00 +0900"},
      {"Wed, 1 May 2024 3:05:00 PM +0900", "2024-05-01 15:05 +0900"},
      {"Wednesday, May 1, 2024 9:00 AM", "2024-05-01 09:00 +0000"},
      {"Wed, 1-May-2024 09:00:00 +0900", "2024-05-01 09:00 +0900"},
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.text));
    CHECK(read(c.text) == c.date);
  }
}

TEST_CASE("dates: what is none") {
  for (const char* text : {"", "x", "Wed", "32 May 2024", "0 May 2024 09:00", "1 May", "1 May 2024 25:00:00",
                           "99999999999999", "05/01/24", "1 Foo 2024"})
    CHECK(read(text) == "none");
}

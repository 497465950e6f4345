#include "service/trail/syslog.h"

#include <doctest/doctest.h>

using namespace kiyome;

TEST_CASE("syslog: an entry is an RFC 5424 message, its octets counted") {
  audit::Linked one;
  one.entry = {7,           1'795'000'000'123,
               "verdict",   ItemId::parse("01890000-0000-7000-8000-0123456789ab").value(),
               "a\"]\\b\n", "{\"x\":\"日本\"}"};
  one.hash.fill(0xab);
  const std::string message = trail::syslog_message(one, audit::Trail::cleaner, "host one");
  CHECK(
      message.starts_with("<110>1 2026-11-18T11:06:40.123Z hostone kiyome-cleaner - verdict [kiyome@32473 "
                          "sequence=\"7\" hash=\"abab"));
  CHECK(message.find("actor=\"a\\\"\\]\\\\b \"") != std::string::npos);
  CHECK(message.find("item=\"01890000-0000-7000-8000-0123456789ab\"] \xEF\xBB\xBF{\"x\":\"日本\"}") !=
        std::string::npos);
  CHECK(trail::syslog_frame("abc") == "3 abc");
  one.entry.event = "checkpoint-conflict";
  CHECK(trail::syslog_message(one, audit::Trail::gate, "").starts_with("<107>1 "));
}

// Header values: hostile text becomes ASCII fields that hold it exactly.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proto/base/limits.h"
#include "service/compose/encode.h"
#include "service/compose/header.h"

using namespace kiyome;
using namespace kiyome::compose;

namespace {

std::vector<clean::Finding> ignored;
const HeaderContext kContext{.break_links = false, .findings = &ignored};

std::string list(const std::vector<clean::Address>& mailboxes, ListKind kind = ListKind::with_groups) {
  return address_list_value(mailboxes, kind, 4, kContext);
}

std::size_t longest_line(const std::string& value, std::size_t first_column) {
  std::size_t longest = 0, column = first_column;
  for (const char c : value) {
    if (c == '\n') column = 0;
    if (c != '\r' && c != '\n') longest = std::max(longest, ++column);
  }
  return longest;
}

}  // namespace

TEST_CASE("subject: ASCII stands raw, everything else as encoded-words") {
  struct Case {
    std::string in, out;
  };
  for (const Case& c : std::vector<Case>{
           {"Hello", "Hello"},
           {"a  b", "a  b"},
           {" padded ", "padded"},
           {"", ""},
           {"会議", "=?UTF-8?B?5Lya6K2w?="},
           {"=?UTF-8?B?5Lya6K2w?=", "=?UTF-8?B?PT9VVEYtOD9CPzVMeWE2SzJ3Pz0=?="},
           {"a\r\nBcc: x@example.jp", "a Bcc: x@example.jp"},
           {"\u202Eabc", "abc"},
           {"file://x", "file[:]//x"},
           {"【外部】x", "=?UTF-8?B?fCDjgJDlpJbpg6jjgJF4?="},
       }) {
    CAPTURE(c.in);
    CHECK(subject_value("", c.in, kContext) == c.out);
  }
  CHECK(subject_value("【外部】", "x", kContext) == "=?UTF-8?B?44CQ5aSW6YOo44CReA==?=");
}

TEST_CASE("subject: long ones are folded within 76 columns and never divide a character") {
  for (const std::string& unit : std::vector<std::string>{"長い件名", "word ", "𠮷", "a", "ab  "}) {
    std::string text;
    while (text.size() < 900) text += unit;
    const std::string value = subject_value("", text, kContext);
    CHECK(longest_line(value, 9) <= 76);
    CHECK(value.find(" \r\n") == std::string::npos);
  }
  std::string huge(limits::kCleanMailSubject + 1, 'x');
  CHECK(subject_value("", huge, kContext).size() < 8192);
  CHECK(subject_value("", huge.substr(1), kContext).size() > limits::kCleanMailSubject);
}

TEST_CASE("addresses: names are quoted or encoded, addresses are ASCII") {
  struct Case {
    std::vector<clean::Address> in;
    std::string out;
  };
  for (const Case& c : std::vector<Case>{
           {{{"", "a@example.jp"}}, "a@example.jp"},
           {{{"Taro", "a@example.jp"}}, "\"Taro\" <a@example.jp>"},
           {{{"Ta\"ro\\", "a@example.jp"}}, "\"Ta\\\"ro\\\\\" <a@example.jp>"},
           {{{"山田", "a@example.jp"}}, "=?UTF-8?B?5bGx55Sw?= <a@example.jp>"},
           {{{"a@example.jp", "a@example.jp"}}, "a@example.jp"},
           {{{"", "a..b.@docomo.example"}}, "\"a..b.\"@docomo.example"},
           {{{"", "\"x y\"@example.jp"}}, "\"x y\"@example.jp"},
           {{{"", "a@日本語.jp"}}, "a@xn--wgv71a119e.jp"},
           {{{"", "a@[192.0.2.1]"}}, "a@[192.0.2.1]"},
           {{{"undisclosed-recipients", ""}}, "\"undisclosed-recipients\":;"},
           {{{"太郎", "太郎@example.jp"}},
            "=?UTF-8?B?5aSq6YOOIDzlpKrpg45AZXhhbXBsZS5qcD4=?= <unknown@invalid>"},
           {{{"", "a@b\r\nBcc: c@d"}}, "\"<a@b Bcc: c@d>\":;"},
           {{{"", "no address"}, {"", ""}, {"", "x@y"}}, "\"<no address>\":;, x@y"},
           {{{"", "=?x?@example.jp"}}, "=?UTF-8?B?PD0/eD9AZXhhbXBsZS5qcD4=?= <unknown@invalid>"},
           {{}, ""},
       }) {
    CHECK(list(c.in) == c.out);
  }
  CHECK(list({{"太郎", "太郎@example.jp"}}, ListKind::mailboxes) ==
        "=?UTF-8?B?5aSq6YOOIDzlpKrpg45AZXhhbXBsZS5qcD4=?= <unknown@invalid>");
  CHECK(list({{"text only", ""}}, ListKind::mailboxes) == "\"text only\" <unknown@invalid>");
}

TEST_CASE("addresses: long lists are folded, and over the bound the rest is counted") {
  std::vector<clean::Address> many(limits::kMailAddresses,
                                   {"山田 太郎（情報政策課）", "yamada.taro@city.example.jp"});
  const std::string value = list(many);
  CHECK(longest_line(value, 4) <= 76);
  CHECK(value.size() < limits::kCleanMailAddressList + 1000);
  CHECK(value.ends_with(":;"));
  CHECK(value.find(" \r\n") == std::string::npos);
}

TEST_CASE("addresses: a group's end stays within the columns wherever the group falls") {
  for (std::size_t before = 1; before < 70; ++before) {
    const std::string value =
        list({{"山", "a@b"}, {"", std::string(before, 'x') + "@c"}, {"group", ""}, {"", "y@z"}});
    CHECK(longest_line(value, 4) <= 76);
  }
}

TEST_CASE("message ids: only what may stand as it is") {
  CHECK(is_message_id("<a@b>"));
  CHECK(is_message_id("<" + std::string(896, 'a') + "@b>"));
  for (const std::string& bad : std::vector<std::string>{
           "", "<>", "<a>", "a@b", "<a@b", "<a(x)@b>", "<\"a\"@b>", "<@b>", "<a@>", "<a b@c>", "<a@b@c>",
           "<a@<b>", "<a@b>\r\n", "<山@b>", "<" + std::string(897, 'a') + "@b>"})
    CHECK_FALSE(is_message_id(bad));
  CHECK(message_ids_value({"<a@b>", "bad", "<c@d>"}) == "<a@b>\r\n <c@d>");
  std::vector<std::string> many;
  for (int i = 0; i < 1000; ++i) many.push_back("<" + std::to_string(i) + std::string(80, 'x') + "@b>");
  const std::string value = message_ids_value(many);
  CHECK(value.starts_with("<0x"));
  CHECK(value.find("<999x") != std::string::npos);
  CHECK(value.find("<1x") == std::string::npos);
  CHECK(value.size() <= limits::kCleanMailReferences);
}

TEST_CASE("dates: every day of four centuries is written as RFC 5322 wants it") {
  CHECK(date_text(0, 0) == "Thu, 01 Jan 1970 00:00:00 +0000");
  CHECK(date_text(1795232096, 540) == "Sat, 21 Nov 2026 12:34:56 +0900");
  CHECK(date_text(1795232096, -330) == "Fri, 20 Nov 2026 22:04:56 -0530");
  CHECK(date_text(951782400, 0) == "Tue, 29 Feb 2000 00:00:00 +0000");
  CHECK(date_text(-2208988800, 0) == "Mon, 01 Jan 1900 00:00:00 +0000");
  CHECK(date_text(-2208988801, 0).empty());
  CHECK(date_text(253402300799, 0) == "Fri, 31 Dec 9999 23:59:59 +0000");
  CHECK(date_text(253402300800, 0).empty());
  CHECK(date_text(0, 5000) == "Thu, 01 Jan 1970 00:00:00 +0000");
  CHECK(date_text(INT64_MAX, 60).empty());
  CHECK(date_text(INT64_MIN, -60).empty());
}

TEST_CASE("small fields: known words only") {
  CHECK(auto_submitted_value("Auto-Replied; owner=x") == "auto-replied");
  CHECK(auto_submitted_value("x") == "");
  CHECK(precedence_value(" BULK ") == "bulk");
  CHECK(precedence_value("first-class") == "");
  CHECK(list_id_value("<l.example.jp>", kContext) == "<l.example.jp>");
  CHECK(list_id_value("お知らせ <l.example.jp>", kContext) == "=?UTF-8?B?44GK55+l44KJ44Gb?= <l.example.jp>");
  CHECK(list_id_value("\"L\" <l.example.jp>", kContext) == "\"L\" <l.example.jp>");
  CHECK(list_id_value("no id", kContext) == "");
  CHECK(list_id_value("<a b>", kContext) == "");
  CHECK(host_text("mail.example.jp") == "mail.example.jp");
  CHECK(host_text("a b") == "unknown");
  CHECK(host_text("") == "unknown");
}

TEST_CASE("text: the narrowest encoding that no MTA or mailbox alters") {
  CHECK(encode_text("").encoding == "7bit");
  CHECK(encode_text("plain\n").octets == "plain\r\n");
  CHECK(encode_text("no end").octets == "no end\r\n");
  CHECK(encode_text("日本\n").octets == "5pel5pysDQo=\r\n");
  CHECK(encode_text("From me\n").octets == "=46rom me\r\n");
  CHECK(encode_text("--x\n").octets == "=2D-x\r\n");
  CHECK(encode_text("a\tb \n").octets == "a=09b=20\r\n");
  CHECK(encode_text("end \n").octets == "end=20\r\n");
  CHECK(encode_text(std::string(76, 'x')).encoding == "7bit");
  const EncodedText wide = encode_text(std::string(77, 'x'));
  CHECK(wide.encoding == "quoted-printable");
  CHECK(wide.octets == std::string(75, 'x') + "=\r\nxx\r\n");
  CHECK(encode_text(std::string(75, 'x') + " \n").octets == std::string(75, 'x') + "=\r\n=20\r\n");
}

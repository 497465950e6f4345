// Address fields as senders write them.
#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "sanitizers/mail/address.h"
#include "sanitizers/text/text.h"

using namespace kiyome;
using namespace kiyome::sanitizer::mail;

namespace {

// "display|address" of each, joined by " ; ".
std::string read(std::string_view field, bool* good = nullptr) {
  sanitizer::text::warm_up();
  WordContext context;
  std::vector<clean::Address> addresses;
  const bool whole = read_addresses(field, context, addresses);
  if (good != nullptr) *good = whole;
  std::string out;
  for (const clean::Address& a : addresses) {
    if (!out.empty()) out += " ; ";
    out += a.display + "|" + a.address;
  }
  return out;
}

struct Case {
  std::string field;
  const char* addresses;
};

}  // namespace

TEST_CASE("addresses: RFC 5322 and its obsolete forms") {
  const Case cases[] = {
      {"a@b.jp", "|a@b.jp"},
      {"<a@b.jp>", "|a@b.jp"},
      {"Taro Yamada <a@b.jp>", "Taro Yamada|a@b.jp"},
      {"\"Yamada, Taro\" <a@b.jp>", "Yamada, Taro|a@b.jp"},
      {"a@b.jp, c@d.jp", "|a@b.jp ; |c@d.jp"},
      {"a@b.jp,\r\n\tC <c@d.jp>", "|a@b.jp ; C|c@d.jp"},
      {"a@b.jp (Taro)", "Taro|a@b.jp"},
      {"(x) a@b.jp (Taro (T.) Yamada)", "x Taro (T.) Yamada|a@b.jp"},
      {"<@x.jp,@y.jp:a@b.jp>", "|a@b.jp"},
      {"\"a b\"@c.jp", "|\"a b\"@c.jp"},
      {"X <\"a b\"@c.jp>", "X|\"a b\"@c.jp"},
      {"undisclosed-recipients:;", "undisclosed-recipients|"},
      {"Friends: a@b.jp, C <c@d.jp>;, e@f.jp", "|a@b.jp ; C|c@d.jp ; |e@f.jp"},
      {"a@[192.0.2.1]", "|a@[192.0.2.1]"},
      {"a@[IPv6:2001:db8::1]", "|a@[IPv6:2001:db8::1]"},
      {"Pete(A \\) chap) <pete(his)@b.jp>", "Pete|pete@b.jp"},
      {"", ""},
      {" , ,", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.field);
    CHECK(read(c.field) == c.addresses);
  }
}

TEST_CASE("addresses: the ways of the real world") {
  const Case cases[] = {
      {"=?ISO-2022-JP?B?GyRCOzNFRBsoQg==?= <a@b.jp>", "山田|a@b.jp"},
      {"=?ISO-2022-JP?B?GyRCOzNFRBsoQg==?=<a@b.jp>", "山田|a@b.jp"},
      {"\"=?ISO-2022-JP?B?GyRCOzNFRBsoQg==?=\" <a@b.jp>", "山田|a@b.jp"},
      {"=?UTF-8?B?5bGx?= =?UTF-8?B?55Sw?= <a@b.jp>", "山田|a@b.jp"},
      {"\x1B$B;3ED\x1B(B <a@b.jp>", "山田|a@b.jp"},
      // 、 in ISO-2022-JP holds a quote, 「 a comma-like octet; ソ in Shift_JIS a backslash.
      {"\"\x1B$B!\"!V\x1B(B\" <a@b.jp>", "、「|a@b.jp"},
      {"\x83\x5C\x83\x6A\x81\x5B <a@b.jp>", "ソニー|a@b.jp"},
      {"\xE5\xB1\xB1\xE7\x94\xB0 <a@b.jp>", "山田|a@b.jp"},
      {"山田 <山田@例え.jp>", "山田|山田@例え.jp"},
      {"Taro a@b.jp", "Taro|a@b.jp"},
      {"Taro <a@b.jp", "Taro|a@b.jp"},
      {"a@b.jp>", "|a@b.jp"},
      {"<<a@b.jp>>", "|a@b.jp"},
      {"Taro <mailto:a@b.jp>", "Taro|a@b.jp"},
      {"taro..yamada.@docomo.ne.jp", "|taro..yamada.@docomo.ne.jp"},
      {"Taro [ACME] <a@b.jp>", "Taro [ACME]|a@b.jp"},
      {"Yamada.Taro <a@b.jp>", "Yamada.Taro|a@b.jp"},
      {"a@b.jp; c@d.jp", "|a@b.jp ; |c@d.jp"},
      {"a@b.jp <c@d.jp>", "a@b.jp|c@d.jp"},
      {"'Taro' <a@b.jp>", "'Taro'|a@b.jp"},
      {"Taro", "Taro|"},
      {"< a @ b.jp >", "|a@b.jp"},
      {"a @ b.jp", "|a@b.jp"},
      {"\"a@b.jp\"", "a@b.jp|"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.field);
    CHECK(read(c.field) == c.addresses);
  }
}

TEST_CASE("addresses: what is no address is shown as a name and noticed") {
  bool good = true;
  CHECK(read("<@>", &good) == "@|");
  CHECK(!good);
  CHECK(read("Mail System <MAILER-DAEMON>", &good) == "Mail System|");
  CHECK(good);
  CHECK(read("a@b.jp", &good) == "|a@b.jp");
  CHECK(good);
}

TEST_CASE("addresses: their number is bounded") {
  WordContext context;
  for (const std::size_t count :
       {limits::kMailAddresses - 1, limits::kMailAddresses, limits::kMailAddresses + 1}) {
    std::string field;
    for (std::size_t i = 0; i < count; ++i) field += "a@b.jp,";
    std::vector<clean::Address> addresses;
    CHECK(read_addresses(field, context, addresses) == (count <= limits::kMailAddresses));
    CHECK(addresses.size() == std::min(count, limits::kMailAddresses));
  }
}

TEST_CASE("addresses: an unbalanced quote or parenthesis swallows no address") {
  const Case cases[] = {
      {"\"Yamada \"Taro\" <y@x.jp>", "Yamada Taro|y@x.jp"},
      {"\"Yamada Taro <y@x.jp>", "Yamada Taro|y@x.jp"},
      {"Yamada Taro\" <y@x.jp>", "Yamada Taro|y@x.jp"},
      {"\"A \"B\" <x@y.jp>, \"C, D\" <z@w.jp>", "A B|x@y.jp ; C, D|z@w.jp"},
      {"\"A <x@y.jp>, \"C\" <z@w.jp>", "A|x@y.jp ; C|z@w.jp"},
      {"\"A\"様 <a@b.jp>, \"B\"様 <c@d.jp>", "A様|a@b.jp ; B様|c@d.jp"},
      {"\"A, Inc.\"様 <a@b.jp>", "A, Inc.様|a@b.jp"},
      {"Taro (Sales <a@b.jp>, c@d.jp", "Taro Sales|a@b.jp ; |c@d.jp"},
      {"X <\"a@b.jp>, \"C\" <c@d.jp>", "X|a@b.jp ; C|c@d.jp"},
      {"<\"a@b.jp\">", "|a@b.jp"},
      {"<(a@b.jp>", "|a@b.jp"},
      {"\"Taro \\\"T\\\" Yamada\" <a@b.jp>", "Taro \"T\" Yamada|a@b.jp"},
      {"\"", ""},
      {"\"\" <a@b.jp>", "|a@b.jp"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.field);
    CHECK(read(c.field) == c.addresses);
  }
  bool good = true;
  read("\"Taro <a@b.jp>", &good);
  CHECK_FALSE(good);
  // Quotes that close nothing are not searched for over and over.
  std::string hostile = "\"<@";
  for (int i = 0; i < 20000; ++i) hostile += "\\\"<@(";
  CHECK(read(hostile + " a@b.jp").find("a@b.jp") != std::string::npos);
}

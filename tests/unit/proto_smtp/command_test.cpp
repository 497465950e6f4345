// Tables for the command and address grammar. Every refusal has an accepting twin.
#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <string_view>

#include "proto/base/limits.h"
#include "proto/smtp/address.h"
#include "proto/smtp/command.h"

using namespace std::literals;
using namespace kiyome::smtp;
namespace limits = kiyome::limits;

namespace {

struct PathCase {
  std::string_view input;
  std::string_view mailbox;  // "!" = refused
};
const PathCase kPaths[] = {
    {"<>", ""},
    {"<a@b.example>", "a@b.example"},
    {"<A.B+tag=x@Sub.B.example>", "A.B+tag=x@Sub.B.example"},
    {"<.a..b.@docomo.example>", ".a..b.@docomo.example"},
    {"<\"a b\"@b.example>", "\"a b\"@b.example"},
    {"<\"ab\"@b.example>", "ab@b.example"},
    {"<\"a\\b\"@b.example>", "ab@b.example"},
    {"<\"a\\\"b\"@b.example>", "\"a\\\"b\"@b.example"},
    {"<\"a\\\\b\"@b.example>", "\"a\\\\b\"@b.example"},
    {"<\"a@b\"@b.example>", "\"a@b\"@b.example"},
    {"<\"\"@b.example>", "\"\"@b.example"},
    {"<@one.example,@two.example:a@b.example>", "a@b.example"},
    {"<@one.example:a@b.example>", "a@b.example"},
    {"<a@[192.0.2.1]>", "a@[192.0.2.1]"},
    {"<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]"},
    {"<a@localhost>", "a@localhost"},
    {"<a@x_y.example>", "a@x_y.example"},
    {"<postmaster>", "postmaster"},
    {"<\xe5\x8f\x97\xe4\xbf\xa1@\xe4\xbe\x8b.example>", "\xe5\x8f\x97\xe4\xbf\xa1@\xe4\xbe\x8b.example"},
    {"a@b.example", "!"},
    {"<a@b.example", "!"},
    {"<a@>", "!"},
    {"<@b.example>", "!"},
    {"<a@b..example>", "!"},
    {"<a@.example>", "!"},
    {"<a@example.>", "!"},
    {"<a b@b.example>", "!"},
    {"<a@b@c.example>", "!"},
    {"<a@b.example >", "!"},
    {"< a@b.example>", "!"},
    {"<\"a@b.example>", "!"},
    {"<\"a\"b@b.example>", "!"},
    {"<\"a>b\"@b.example>", "!"},
    {"<\"a<b\"@b.example>", "!"},
    {"<\"a\\\">", "!"},
    {"<a\x01@b.example>", "!"},
    {"<a\x7f@b.example>", "!"},
    {"<\"a\tb\"@b.example>", "!"},
    {"<a@b.example\t>", "!"},
    {"<<a@b.example>>", "!"},
    {"<a,b@b.example>", "!"},
    {"<a@[192.0.2.256]>", "!"},
    {"<a@[192.0.2.1>", "!"},
    {"<a@[]>", "!"},
    {"<a@[IPv6:::1:2:3:4:5:6:7:8]>", "!"},
    {"<a@[x400:abc]>", "!"},
    {"<@one.example,a@b.example>", "!"},
    {"<@:a@b.example>", "!"},
    {"<\xff@b.example>", "!"},              // not UTF-8
    {"<\xc0\xaf@b.example>", "!"},          // overlong
    {"<\xed\xa0\x80@b.example>", "!"},      // surrogate
    {"<\xc2\x85@b.example>", "!"},          // C1
    {"<\xe2\x80\xae@b.example>", "!"},      // right-to-left override
    {"<a@\xef\xbb\xbf.example>", "!"},      // byte order mark
    {"<\xf4\x90\x80\x80@b.example>", "!"},  // beyond Unicode
};

std::string path_of(std::string_view input) {
  const Path path = take_path(input);
  return path.error == PathError::none && input.empty() ? path.mailbox : "!";
}

std::string mail_outcome(std::string_view argument) {
  const auto parsed = parse_mail(argument);
  if (!parsed) return std::to_string(parsed.error().code) + " " + std::string(parsed.error().status);
  std::string out = parsed->sender + "|" + std::to_string(parsed->size) + "|" + std::to_string(parsed->ret) +
                    "|" + parsed->envid;
  return parsed->smtputf8 ? out + "|utf8" : out;
}

std::string rcpt_outcome(std::string_view argument, bool smtputf8 = false) {
  const auto parsed = parse_rcpt(argument, smtputf8);
  if (!parsed) return std::to_string(parsed.error().code) + " " + std::string(parsed.error().status);
  return parsed->recipient + "|" + std::to_string(parsed->notify) + "|" + parsed->orcpt;
}

}  // namespace

TEST_CASE("address: the path grammar, one spelling for one mailbox") {
  for (const PathCase& c : kPaths) {
    CAPTURE(c.input);
    CHECK(path_of(c.input) == c.mailbox);
  }
  CHECK(path_of("<a\0b@c.example>"sv) == "!");
}

TEST_CASE("address: lengths one below, at and one above their bounds") {
  const auto path_of_size = [](std::size_t inside) {
    return "<" + std::string(inside - 10, 'a') + "@b.example>";
  };
  CHECK(path_of(path_of_size(limits::kSmtpPath - 2)) != "!");
  CHECK(path_of(path_of_size(limits::kSmtpPath - 1)) != "!");
  CHECK(path_of(path_of_size(limits::kSmtpPath)) == "!");
  const auto domain_of_size = [](std::size_t size) {
    std::string domain;
    while (domain.size() + 10 < size) domain += "abcdefghi.";
    return "<a@" + domain + std::string(size - domain.size(), 'z') + ">";
  };
  CHECK(path_of(domain_of_size(limits::kSmtpDomain - 1)) != "!");
  CHECK(path_of(domain_of_size(limits::kSmtpDomain)) != "!");
  CHECK(path_of(domain_of_size(limits::kSmtpDomain + 1)) == "!");
  CHECK(path_of("<a@" + std::string(limits::kSmtpLabel, 'l') + ".example>") != "!");
  CHECK(path_of("<a@" + std::string(limits::kSmtpLabel + 1, 'l') + ".example>") == "!");
}

TEST_CASE("address: IPv4 and IPv6 literals") {
  for (const auto good : {"0.0.0.0", "192.0.2.1", "255.255.255.255"}) CHECK(valid_ipv4(good));
  for (const auto bad : {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", "01.2.3.4", "1.2.3.256", "1..2.3",
                         "1.2.3.4 ", "a.b.c.d", "1.2.3.0004"})
    CHECK_FALSE(valid_ipv4(bad));
  for (const auto good : {"::", "::1", "1::", "2001:db8::1", "1:2:3:4:5:6:7:8",
                          "1:2:3:4:5:6:7::", "::ffff:192.0.2.1", "1:2:3:4:5:6:1.2.3.4"})
    CHECK_MESSAGE(valid_ipv6(good), good);
  for (const auto bad : {"", ":", ":::", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3",
                         "12345::", "g::", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4",
                         "1:2:3:4:5:6:7:8:", "1::2:", "::1.2.3.4:1", "1:2:3:4:5:6:7::8"})
    CHECK_MESSAGE(!valid_ipv6(bad), bad);
}

TEST_CASE("command: verbs in any case, arguments without the blanks around them") {
  CHECK(split_command("ehlo a").verb == Verb::ehlo);
  CHECK(split_command("EhLo   a.example  ").argument == "a.example");
  CHECK(split_command("QUIT").verb == Verb::quit);
  CHECK(split_command("QUIT ").verb == Verb::quit);
  CHECK(split_command(" QUIT").verb == Verb::unknown);
  CHECK(split_command("QUITX").verb == Verb::unknown);
  CHECK(split_command("").verb == Verb::unknown);
  CHECK(split_command("GET / HTTP/1.1").verb == Verb::foreign);
  CHECK(split_command("AUTH PLAIN").verb == Verb::known);
}

TEST_CASE("command: MAIL") {
  struct Case {
    std::string_view argument, outcome;
  };
  const Case cases[] = {
      {"FROM:<>", "|0|0|"},
      {"from:<a@b.example>", "a@b.example|0|0|"},
      {"FROM: <a@b.example>", "a@b.example|0|0|"},
      {"FROM:<a@b.example> SIZE=100 BODY=8BITMIME", "a@b.example|100|0|"},
      {"FROM:<a@b.example> body=7bit size=0", "a@b.example|0|0|"},
      {"FROM:<a@b.example> SIZE=99999999999999999999", "a@b.example|18446744073709551615|0|"},
      {"FROM:<a@b.example> RET=HDRS ENVID=Q+2B1", "a@b.example|0|2|Q+2B1"},
      {"FROM:<a@b.example> RET=full", "a@b.example|0|1|"},
      {"FROM:<a@b.example> SMTPUTF8", "a@b.example|0|0||utf8"},
      {"FROM:<\xe5\x8f\x97@b.example> SMTPUTF8", "\xe5\x8f\x97@b.example|0|0||utf8"},
      {"FROM:<\xe5\x8f\x97@b.example>", "553 5.6.7"},
      {"FROM:<\"a b\"@b.example> SIZE=1", "\"a b\"@b.example|1|0|"},
      {"FROM:a@b.example", "501 5.1.7"},
      {"FROM:<a>", "501 5.1.7"},
      {"FROM:<a@b.example>SIZE=1", "501 5.1.7"},
      {"FROM:<a@b.example> SIZE=", "501 5.5.4"},
      {"FROM:<a@b.example> SIZE", "501 5.5.4"},
      {"FROM:<a@b.example> SIZE=-1", "501 5.5.4"},
      {"FROM:<a@b.example> SIZE=1x", "501 5.5.4"},
      {"FROM:<a@b.example> SIZE=999999999999999999999", "501 5.5.4"},
      {"FROM:<a@b.example> SIZE=1 SIZE=1", "501 5.5.4"},
      {"FROM:<a@b.example> BODY=BINARYMIME", "501 5.5.4"},
      {"FROM:<a@b.example> RET=BOTH", "501 5.5.4"},
      {"FROM:<a@b.example> ENVID=a=b", "501 5.5.4"},
      {"FROM:<a@b.example> ENVID=+0A", "501 5.5.4"},
      {"FROM:<a@b.example> ENVID=+zz", "501 5.5.4"},
      {"FROM:<a@b.example> SMTPUTF8=1", "501 5.5.4"},
      {"FROM:<a@b.example> AUTH=<>", "555 5.5.4"},
      {"FROM:<a@b.example> X-Y=1", "555 5.5.4"},
      {"FROM:<a@b.example> =1", "501 5.5.4"},
      {"TO:<a@b.example>", "501 5.5.4"},
      {"", "501 5.5.4"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.argument);
    CHECK(mail_outcome(c.argument) == c.outcome);
  }
  const std::string envid(limits::kSmtpEnvid, 'e');
  CHECK(mail_outcome("FROM:<> ENVID=" + envid) == "|0|0|" + envid);
  CHECK(mail_outcome("FROM:<> ENVID=" + envid + "e") == "501 5.5.4");
}

TEST_CASE("command: RCPT") {
  struct Case {
    std::string_view argument, outcome;
  };
  const Case cases[] = {
      {"TO:<a@b.example>", "a@b.example|0|"},
      {"to: <a@b.example>", "a@b.example|0|"},
      {"TO:<PostMaster>", "postmaster|0|"},
      {"TO:<@x.example:a@b.example> NOTIFY=SUCCESS,failure,DELAY", "a@b.example|14|"},
      {"TO:<a@b.example> NOTIFY=NEVER ORCPT=rfc822;a+40b@c.example", "a@b.example|1|rfc822;a+40b@c.example"},
      {"TO:<a@b.example> NOTIFY=NEVER,SUCCESS", "501 5.5.4"},
      {"TO:<a@b.example> NOTIFY=SUCCESS,SUCCESS", "501 5.5.4"},
      {"TO:<a@b.example> NOTIFY=", "501 5.5.4"},
      {"TO:<a@b.example> NOTIFY=SUCCESS,", "501 5.5.4"},
      {"TO:<a@b.example> ORCPT=rfc822", "501 5.5.4"},
      {"TO:<a@b.example> ORCPT=;a", "501 5.5.4"},
      {"TO:<a@b.example> ORCPT=rfc822;", "501 5.5.4"},
      {"TO:<a@b.example> ORCPT=rfc822;a+0Db", "501 5.5.4"},
      {"TO:<a@b.example> ORCPT=rfc822;a ORCPT=rfc822;a", "501 5.5.4"},
      {"TO:<a@b.example> SIZE=1", "555 5.5.4"},
      {"TO:<>", "501 5.1.3"},
      {"TO:<a>", "501 5.1.3"},
      {"TO:<\xe5\x8f\x97@b.example>", "553 5.6.7"},
      {"TO:<a@b.example> ORCPT=utf-8;\xe5\x8f\x97@b.example", "501 5.5.4"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.argument);
    CHECK(rcpt_outcome(c.argument) == c.outcome);
  }
  CHECK(rcpt_outcome("TO:<\xe5\x8f\x97@b.example> ORCPT=utf-8;\xe5\x8f\x97@b.example", true) ==
        "\xe5\x8f\x97@b.example|0|utf-8;\\x{53D7}@b.example");
  const std::string orcpt = "rfc822;" + std::string(limits::kSmtpOrcpt - 7, 'o');
  CHECK(rcpt_outcome("TO:<a@b.example> ORCPT=" + orcpt) == "a@b.example|0|" + orcpt);
  CHECK(rcpt_outcome("TO:<a@b.example> ORCPT=" + orcpt + "o") == "501 5.5.4");
}

TEST_CASE("command: BDAT") {
  CHECK(parse_bdat("0")->size == 0);
  CHECK(parse_bdat("86 last")->last);
  CHECK_FALSE(parse_bdat("86")->last);
  CHECK(parse_bdat("99999999999999999999")->size == std::numeric_limits<std::uint64_t>::max());
  for (const auto bad :
       {"", "LAST", "-1", "+1", "1x", "1 LAST x", "1 FIRST", "0x10", "999999999999999999999"})
    CHECK_FALSE(parse_bdat(bad));
}

TEST_CASE("command: XCLIENT and XFORWARD attributes") {
  const auto parsed =
      parse_client_attributes("ADDR=192.0.2.7 NAME=mx.example HELO=h+2Dx PORT=25 PROTO=ESMTP");
  REQUIRE(parsed);
  CHECK(*parsed->address == "192.0.2.7");
  CHECK(*parsed->name == "mx.example");
  CHECK(*parsed->helo == "h-x");
  CHECK(*parse_client_attributes("ADDR=IPV6:2001:db8::7")->address == "2001:db8::7");
  CHECK(parse_client_attributes("ADDR=[UNAVAILABLE]")->address->empty());
  CHECK(parse_client_attributes("addr=192.0.2.7 IDENT=x SOURCE=LOCAL LOGIN=u"));
  CHECK(parse_client_attributes("HELO=a+20b")->helo->empty());
  for (const auto bad : {"", "ADDR", "ADDR=1.2.3", "ADDR=mx.example", "FOO=bar", "PORT=x", "PORT=123456",
                         "PROTO=HTTP", "NAME=a+0Ab"})
    CHECK_FALSE(parse_client_attributes(bad));
}

TEST_CASE("command: HELO names") {
  for (const auto good : {"a", "mx.example.jp", "[192.0.2.1]", "[IPv6:::1]", "my_pc", "PC-01"})
    CHECK(valid_helo_name(good));
  for (const auto bad : {"", "a b", "<a>", "a\"b", "a(b)", "\xe4\xbe\x8b.example", "a\x7f"})
    CHECK_FALSE(valid_helo_name(bad));
  CHECK(valid_helo_name(std::string(limits::kSmtpDomain, 'a')));
  CHECK_FALSE(valid_helo_name(std::string(limits::kSmtpDomain + 1, 'a')));
}

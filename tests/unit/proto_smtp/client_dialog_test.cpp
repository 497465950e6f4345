#include "proto/smtp/client_dialog.h"

#include <doctest/doctest.h>

#include <utility>

#include "proto/base/limits.h"

using namespace kiyome;
using namespace kiyome::smtp;
using Kind = ClientEvent::Kind;
using Verdict = ClientResult::Kind;

namespace {

constexpr const char* kAll = "250-mx\r\n250-PIPELINING\r\n250-SIZE 10000\r\n250-SMTPUTF8\r\n250 DSN\r\n";

struct Talk {
  ClientDialog dialog;
  explicit Talk(ClientSettings settings = {"client.example", false, false}) : dialog(std::move(settings)) {}

  // The server says `octets`; gives the event.
  Kind hears(std::string_view octets) { return dialog.step(octets); }
  std::string said() { return std::exchange(dialog.output(), {}); }
  // Greeting and EHLO with these extensions.
  Kind opens(const char* extensions = kAll) {
    hears("220 mx ESMTP\r\n");
    const Kind kind = hears(extensions);
    said();
    return kind;
  }
};

ClientMail mail(std::vector<ClientRecipient> recipients = {{"r@example.org", 0, {}}}) {
  return {"s@example.com", 0, {}, std::move(recipients), 100};
}
ClientMail two() { return mail({{"a@example.org", 0, {}}, {"b@example.org", 0, {}}}); }

bool is(const ClientResult& result, Verdict kind, std::uint16_t code, EnhancedStatus status) {
  return result.kind == kind && result.code == code && result.status == status;
}

}  // namespace

TEST_CASE("client: a mail with PIPELINING is one write, a content, one reply") {
  Talk talk;
  CHECK(talk.hears("") == Kind::need_input);
  CHECK(talk.said().empty());
  CHECK(talk.hears("220 mx ESMTP\r\n") == Kind::need_input);
  CHECK(talk.said() == "EHLO client.example\r\n");
  CHECK(talk.hears(kAll) == Kind::ready);
  talk.dialog.begin(mail());
  CHECK(talk.said() == "MAIL FROM:<s@example.com> SIZE=100\r\nRCPT TO:<r@example.org>\r\nDATA\r\n");
  CHECK(talk.dialog.unheard());
  CHECK(talk.hears("250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go\r\n") == Kind::content);
  CHECK_FALSE(talk.dialog.unheard());
  talk.dialog.content_sent();
  CHECK(talk.hears("") == Kind::need_input);
  CHECK(talk.hears("250 2.0.0 queued as 1\r\n") == Kind::done);
  CHECK(is(talk.dialog.results().at(0), Verdict::accepted, 250, {2, 0, 0}));
  CHECK(talk.dialog.results()[0].text == "250 2.0.0 queued as 1");
  CHECK(talk.hears("") == Kind::ready);
  // and the next mail on the same session
  talk.dialog.begin(two());
  CHECK(talk.said().ends_with("RCPT TO:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"));
  CHECK(talk.hears("250 a\r\n250 b\r\n250 c\r\n354 d\r\n") == Kind::content);
  talk.dialog.content_sent();
  CHECK(talk.hears("451 later\r\n") == Kind::done);
  CHECK(is(talk.dialog.results().at(1), Verdict::temporary, 451, {4, 3, 0}));
  talk.dialog.quit();
  CHECK(talk.said() == "QUIT\r\n");
  CHECK(talk.hears("221 bye\r\n") == Kind::closed);
}

TEST_CASE("client: without PIPELINING each command waits for its reply") {
  Talk talk;
  CHECK(talk.opens("250 mx\r\n") == Kind::ready);
  talk.dialog.begin(two());
  CHECK(talk.said() == "MAIL FROM:<s@example.com>\r\n");
  CHECK(talk.hears("250 ok\r\n") == Kind::need_input);
  CHECK(talk.said() == "RCPT TO:<a@example.org>\r\n");
  CHECK(talk.hears("550 5.1.1 unknown\r\n") == Kind::need_input);
  CHECK(talk.said() == "RCPT TO:<b@example.org>\r\n");
  CHECK(talk.hears("251 forwarded\r\n") == Kind::need_input);
  CHECK(talk.said() == "DATA\r\n");
  CHECK(talk.hears("354 go\r\n") == Kind::content);
  talk.dialog.content_sent();
  CHECK(talk.hears("250 ok\r\n") == Kind::done);
  CHECK(is(talk.dialog.results()[0], Verdict::permanent, 550, {5, 1, 1}));
  CHECK(is(talk.dialog.results()[1], Verdict::accepted, 250, {2, 0, 0}));
}

TEST_CASE("client: a refused MAIL settles every recipient, and the replies behind it are still heard") {
  Talk talk;
  talk.opens();
  talk.dialog.begin(two());
  talk.said();
  CHECK(talk.hears("550 5.7.1 no\r\n503 5.5.1 a\r\n503 5.5.1 b\r\n") == Kind::need_input);
  CHECK(talk.hears("503 5.5.1 c\r\n") == Kind::need_input);
  CHECK(talk.said() == "RSET\r\n");
  CHECK(talk.hears("250 ok\r\n") == Kind::done);
  for (const ClientResult& result : talk.dialog.results())
    CHECK(is(result, Verdict::permanent, 550, {5, 7, 1}));
  Talk slow;
  slow.opens("250 mx\r\n");
  slow.dialog.begin(two());
  slow.said();
  CHECK(slow.hears("451 4.3.0 no\r\n") == Kind::done);
  CHECK(slow.said().empty());
  for (const ClientResult& result : slow.dialog.results())
    CHECK(is(result, Verdict::temporary, 451, {4, 3, 0}));
}

TEST_CASE("client: all recipients refused and DATA refused leads to RSET") {
  for (const char* extensions : {kAll, "250 mx\r\n"}) {
    Talk talk;
    talk.opens(extensions);
    talk.dialog.begin(two());
    talk.said();
    talk.hears("250 ok\r\n");
    talk.said();
    talk.hears("550 5.1.1 a\r\n");
    talk.said();
    talk.hears("450 4.2.0 b\r\n");
    if (talk.dialog.extensions().pipelining) talk.hears("554 5.5.1 no valid recipients\r\n");
    CHECK(talk.said() == "RSET\r\n");
    CHECK(talk.hears("250 ok\r\n") == Kind::done);
    CHECK(is(talk.dialog.results()[0], Verdict::permanent, 550, {5, 1, 1}));
    CHECK(is(talk.dialog.results()[1], Verdict::temporary, 450, {4, 2, 0}));
  }
}

TEST_CASE("client: DATA let through without a recipient gets a lone dot") {
  Talk talk;
  talk.opens();
  talk.dialog.begin(two());
  talk.said();
  CHECK(talk.hears("250 ok\r\n550 5.1.1 a\r\n550 5.1.1 b\r\n354 go\r\n") == Kind::need_input);
  CHECK(talk.said() == ".\r\n");
  CHECK(talk.hears("250 2.0.0 took nothing\r\n") == Kind::done);
  for (const ClientResult& result : talk.dialog.results())
    CHECK(is(result, Verdict::permanent, 550, {5, 1, 1}));
}

TEST_CASE("client: DATA refused although a recipient was taken") {
  Talk talk;
  talk.opens();
  talk.dialog.begin(two());
  talk.said();
  CHECK(talk.hears("250 ok\r\n250 ok\r\n550 5.1.1 b\r\n452 4.3.1 full\r\n") == Kind::need_input);
  CHECK(talk.said() == "RSET\r\n");
  CHECK(talk.hears("250 ok\r\n") == Kind::done);
  CHECK(is(talk.dialog.results()[0], Verdict::temporary, 452, {4, 3, 1}));
  CHECK(is(talk.dialog.results()[1], Verdict::permanent, 550, {5, 1, 1}));
}

TEST_CASE("client: EHLO refused leads to HELO without extensions") {
  Talk talk;
  talk.hears("220 old\r\n");
  talk.said();
  CHECK(talk.hears("502 what?\r\n") == Kind::need_input);
  CHECK(talk.said() == "HELO client.example\r\n");
  CHECK(talk.hears("250-PIPELINING\r\n250 PIPELINING\r\n") == Kind::ready);
  CHECK_FALSE(talk.dialog.extensions().pipelining);
  Talk busy;
  busy.hears("220 mx\r\n");
  CHECK(busy.hears("450 4.3.0 busy\r\n") == Kind::closed);
  CHECK_FALSE(busy.dialog.was_ready());
}

TEST_CASE("client: a greeting that refuses ends the session") {
  const struct {
    const char* greeting;
    std::uint16_t code;
  } kCases[] = {{"421 4.3.2 later\r\n", 421},
                {"554 5.7.1 no\r\n", 554},
                {"450 busy\r\n", 450},
                {"250 odd\r\n", 0},
                {"SSH-2.0-x\r\n", 0}};
  for (const auto& one : kCases) {
    Talk talk;
    CHECK(talk.hears(one.greeting) == Kind::closed);
    CHECK(talk.dialog.trouble().code == one.code);
    CHECK(talk.said().empty());
  }
}

TEST_CASE("client: parameters are said only when they are offered") {
  ClientMail full = mail({{"r@example.org", 1, "rfc822;r@example.org"}, {"t@example.org", 2 | 4 | 8, {}}});
  full.ret = 2;
  full.envid = "QQ+2B1";
  Talk talk;
  talk.opens();
  talk.dialog.begin(full);
  CHECK(talk.said() ==
        "MAIL FROM:<s@example.com> SIZE=100 RET=HDRS ENVID=QQ+2B1\r\n"
        "RCPT TO:<r@example.org> NOTIFY=NEVER ORCPT=rfc822;r@example.org\r\n"
        "RCPT TO:<t@example.org> NOTIFY=SUCCESS,FAILURE,DELAY\r\nDATA\r\n");
  Talk plain;
  plain.opens("250-mx\r\n250 PIPELINING\r\n");
  plain.dialog.begin(full);
  CHECK(plain.said() ==
        "MAIL FROM:<s@example.com>\r\nRCPT TO:<r@example.org>\r\nRCPT TO:<t@example.org>\r\nDATA\r\n");
}

TEST_CASE("client: extension keywords count in any case, and SIZE without a number is no bound") {
  Talk talk;
  talk.opens("250-mx\r\n250-pipelining\r\n250-Size\r\n250-SIZEABLE 1\r\n250 dsn\r\n");
  CHECK(talk.dialog.extensions().pipelining);
  CHECK(talk.dialog.extensions().size);
  CHECK(talk.dialog.extensions().size_max == 0);
  CHECK(talk.dialog.extensions().dsn);
  CHECK_FALSE(talk.dialog.extensions().smtputf8);
}

TEST_CASE("client: a mail larger than SIZE is refused here, and one as large is sent") {
  Talk talk;
  talk.opens();
  ClientMail large = two();
  large.size = 10001;
  talk.dialog.begin(large);
  CHECK(talk.hears("") == Kind::done);
  CHECK(talk.said().empty());
  for (const ClientResult& result : talk.dialog.results())
    CHECK(is(result, Verdict::permanent, 0, {5, 3, 4}));
  large.size = 10000;
  talk.dialog.begin(large);
  CHECK(talk.said().starts_with("MAIL FROM:<s@example.com> SIZE=10000\r\n"));
}

TEST_CASE("client: SMTPUTF8 is said for an address that needs it, and without it only that address fails") {
  const ClientMail mixed = mail({{"山田@example.jp", 0, "utf-8;山田@example.jp"}, {"b@example.org", 0, {}}});
  Talk talk;
  talk.opens();
  talk.dialog.begin(mixed);
  CHECK(talk.said() ==
        "MAIL FROM:<s@example.com> SIZE=100 SMTPUTF8\r\nRCPT TO:<山田@example.jp> "
        "ORCPT=utf-8;山田@example.jp\r\n"
        "RCPT TO:<b@example.org>\r\nDATA\r\n");
  Talk plain;
  plain.opens("250-mx\r\n250 PIPELINING\r\n");
  plain.dialog.begin(mixed);
  CHECK(plain.said() == "MAIL FROM:<s@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n");
  CHECK(plain.hears("250 ok\r\n250 ok\r\n354 go\r\n") == Kind::content);
  plain.dialog.content_sent();
  CHECK(plain.hears("250 ok\r\n") == Kind::done);
  CHECK(is(plain.dialog.results()[0], Verdict::permanent, 0, {5, 6, 7}));
  CHECK(plain.dialog.results()[1].kind == Verdict::accepted);
  ClientMail sender = two();
  sender.sender = "部長@example.jp";
  plain.dialog.begin(sender);
  CHECK(plain.hears("") == Kind::done);
  for (const ClientResult& result : plain.dialog.results())
    CHECK(is(result, Verdict::permanent, 0, {5, 6, 7}));
}

TEST_CASE("client: an address cannot become a command") {
  Talk talk;
  talk.opens();
  talk.dialog.begin(
      mail({{"a@x>\r\nRCPT TO:<b@x", 0, {}}, {"", 0, {}}, {"ok@example.org", 4, "rfc822;a b\r\nDATA"}}));
  CHECK(talk.said() ==
        "MAIL FROM:<s@example.com> SIZE=100\r\nRCPT TO:<ok@example.org> NOTIFY=FAILURE\r\nDATA\r\n");
  ClientMail sender = mail();
  sender.sender = "a>\r\nX";
  Talk other;
  other.opens();
  other.dialog.begin(sender);
  CHECK(other.hears("") == Kind::done);
  CHECK(is(other.dialog.results()[0], Verdict::permanent, 0, {5, 1, 7}));
}

TEST_CASE("client: too many recipients is temporary, whichever of the two codes says it") {
  Talk talk;
  talk.opens();
  talk.dialog.begin(mail({{"a@x", 0, {}}, {"b@x", 0, {}}, {"c@x", 0, {}}, {"d@x", 0, {}}, {"e@x", 0, {}}}));
  talk.said();
  CHECK(talk.hears("250 ok\r\n250 ok\r\n452 too many\r\n552 too many\r\n552 5.2.2 full\r\n552 5.5.3 "
                   "many\r\n354 go\r\n") == Kind::content);
  talk.dialog.content_sent();
  CHECK(talk.hears("250 ok\r\n") == Kind::done);
  CHECK(is(talk.dialog.results()[1], Verdict::temporary, 452, {4, 5, 3}));
  CHECK(is(talk.dialog.results()[2], Verdict::temporary, 552, {4, 5, 3}));
  CHECK(is(talk.dialog.results()[3], Verdict::permanent, 552, {5, 2, 2}));
  CHECK(is(talk.dialog.results()[4], Verdict::temporary, 552, {4, 5, 3}));
}

TEST_CASE("client: 421 at any time makes the rest temporary and keeps what was said") {
  const char* const kBefore[] = {"", "250 ok\r\n", "250 ok\r\n550 5.1.1 a\r\n",
                                 "250 ok\r\n550 5.1.1 a\r\n250 b\r\n",
                                 "250 ok\r\n550 5.1.1 a\r\n250 b\r\n354 go\r\n"};
  int place = 0;
  for (const char* before : kBefore) {
    Talk talk;
    talk.opens();
    talk.dialog.begin(two());
    const Kind kind = talk.hears(before);
    if (kind == Kind::content) talk.dialog.content_sent();
    CHECK(talk.hears("421 4.3.2 stopping\r\n") == Kind::closed);
    if (place++ >= 2) CHECK(is(talk.dialog.results()[0], Verdict::permanent, 550, {5, 1, 1}));
    CHECK(is(talk.dialog.results()[1], Verdict::temporary, 421, {4, 3, 2}));
  }
}

TEST_CASE("client: a 421 that waited on an idle connection leaves the mail unheard") {
  Talk talk;
  talk.opens();
  talk.dialog.begin(two());
  CHECK(talk.hears("421 4.4.2 idle too long\r\n") == Kind::closed);
  CHECK(talk.dialog.unheard());
}

TEST_CASE("client: replies that were not asked for or make no sense are temporary and end the session") {
  const char* const kCases[] = {"354 go\r\n",                                  // instead of MAIL's reply
                                "250 ok\r\n354 go\r\n",                        // instead of RCPT's
                                "250 ok\r\n250 ok\r\n250 b\r\n250 data?\r\n",  // instead of 354
                                "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 already\r\n",
                                "250 ok\r\nhello\r\n"};
  for (const char* octets : kCases) {
    CAPTURE(octets);
    Talk talk;
    talk.opens();
    talk.dialog.begin(two());
    CHECK(talk.hears(octets) == Kind::closed);
    for (const ClientResult& result : talk.dialog.results())
      CHECK(is(result, Verdict::temporary, 0, {4, 5, 0}));
  }
}

TEST_CASE("client: one reply too many after the final dot keeps the result and ends the session") {
  for (const char* surplus : {"250 once more\r\n", "25"}) {
    Talk talk;
    talk.opens();
    talk.dialog.begin(mail());
    talk.hears("250 ok\r\n250 ok\r\n354 go\r\n");
    talk.dialog.content_sent();
    CHECK(talk.hears(std::string("250 ok\r\n") + surplus) == Kind::closed);
    CHECK(talk.dialog.results()[0].kind == Verdict::accepted);
  }
  Talk talk;
  talk.opens();
  CHECK(talk.hears("250 unasked\r\n") == Kind::closed);
}

TEST_CASE("client: a refusal in the middle of the content counts, and ends the session") {
  Talk talk;
  talk.opens();
  talk.dialog.begin(mail());
  talk.hears("250 ok\r\n250 ok\r\n354 go\r\n");
  CHECK(talk.hears("552 5.3.4 too large\r\n") == Kind::closed);
  CHECK(is(talk.dialog.results()[0], Verdict::permanent, 552, {5, 3, 4}));
}

TEST_CASE("client: the connection dies") {
  Talk talk;
  talk.opens();
  talk.dialog.begin(two());
  talk.hears("250 ok\r\n550 5.1.1 a\r\n");
  talk.dialog.failed({4, 4, 2}, "connection lost");
  CHECK(talk.hears("") == Kind::closed);
  CHECK(is(talk.dialog.results()[0], Verdict::permanent, 550, {5, 1, 1}));
  CHECK(is(talk.dialog.results()[1], Verdict::temporary, 0, {4, 4, 2}));
}

TEST_CASE("client: STARTTLS drops what came before it and greets again") {
  Talk talk({"client.example", true, true});
  talk.hears("220 mx\r\n");
  CHECK(talk.said() == "EHLO client.example\r\n");
  CHECK(talk.hears("250-mx\r\n250-PIPELINING\r\n250 STARTTLS\r\n") == Kind::need_input);
  CHECK(talk.said() == "STARTTLS\r\n");
  std::string_view input = "220 go\r\n250-injected\r\n250 DSN\r\n";
  CHECK(talk.dialog.step(input) == Kind::start_tls);
  CHECK(input.empty());
  talk.dialog.tls_started();
  CHECK(talk.said() == "EHLO client.example\r\n");
  CHECK(talk.hears("250-mx\r\n250 DSN\r\n") == Kind::ready);
  CHECK(talk.dialog.secured());
  CHECK(talk.dialog.extensions().dsn);
  CHECK_FALSE(talk.dialog.extensions().pipelining);
}

TEST_CASE("client: TLS that is required and not given ends the session; opportunistic goes on in the clear") {
  for (const bool required : {true, false}) {
    Talk missing({"c", true, required});
    CHECK(missing.opens("250 mx\r\n") == (required ? Kind::closed : Kind::ready));
    Talk refused({"c", true, required});
    refused.opens("250-mx\r\n250 STARTTLS\r\n");
    CHECK(refused.hears("454 4.7.0 not now\r\n") == (required ? Kind::closed : Kind::ready));
    Talk broken({"c", true, required});
    broken.opens("250-mx\r\n250 STARTTLS\r\n");
    CHECK(broken.hears("220 go\r\n") == Kind::start_tls);
    broken.dialog.failed({4, 7, 5}, "handshake");
    CHECK(broken.hears("") == Kind::closed);
    CHECK(is(broken.dialog.trouble(), Verdict::temporary, 0, {4, 7, 5}));
  }
}

TEST_CASE("client: a thousand recipients, each with its own result") {
  Talk talk;
  talk.opens();
  std::vector<ClientRecipient> recipients(limits::kSmtpRecipients, {"r@example.org", 0, {}});
  talk.dialog.begin(mail(recipients));
  std::string replies = "250 ok\r\n";
  for (std::size_t i = 0; i < recipients.size(); ++i)
    replies += i % 2 == 0 ? "250 ok\r\n" : "550 5.1.1 no\r\n";
  CHECK(talk.hears(replies + "354 go\r\n") == Kind::content);
  talk.dialog.content_sent();
  CHECK(talk.hears("250 ok\r\n") == Kind::done);
  for (std::size_t i = 0; i < recipients.size(); ++i)
    CHECK(talk.dialog.results()[i].kind == (i % 2 == 0 ? Verdict::accepted : Verdict::permanent));
}

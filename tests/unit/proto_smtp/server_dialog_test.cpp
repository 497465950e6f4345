// The server dialog as tables: octets in, a transcript of replies and events out. Every session is run whole,
// octet by octet and in pieces of several sizes, and must give the same transcript.
#include "proto/smtp/server_dialog.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>

#include "proto/base/limits.h"

using namespace std::literals;
using namespace kiyome::smtp;
namespace limits = kiyome::limits;

namespace {

class TablePolicy : public ServerPolicy {
 public:
  std::optional<ServerReply> refuse_sender(const ServerClient&, const MailArguments& mail) override {
    if (mail.sender == "nospace@x.example") return replies::no_space();
    return std::nullopt;
  }
  std::optional<ServerReply> refuse_recipient(const ServerClient& client,
                                              const std::string& recipient) override {
    if (client.address == "203.0.113.9" || recipient.ends_with("@elsewhere.example"))
      return replies::relaying_denied();
    if (recipient == "nobody@b.example") return replies::unknown_recipient();
    return std::nullopt;
  }
  void refused(const ServerReply&) override { ++refusals; }
  int refusals = 0;
};

struct Options {
  ServerSettings settings{"mx.example", 1000, 3, 20, 100, true};
  bool listed = false;
  bool fail_writes = false;   // the owner cannot write the message
  bool answer_later = false;  // message_done() only after everything was offered once
  ServerReply done = replies::queued("ID");
};

// Feeds `input` in pieces of `piece` octets; gives replies and events in order.
std::string transcript(std::string_view input, std::size_t piece, const Options& options) {
  TablePolicy policy;
  ServerDialog dialog(options.settings, policy, {"192.0.2.1", "", "", options.listed});
  std::string out, content, held;
  dialog.greet();
  const auto replies_so_far = [&] {
    out += dialog.output();
    dialog.output().clear();
  };
  const auto finish = [&] {
    out += "{" + content + "}\n";
    content.clear();
    dialog.message_done(options.done);
  };
  while (!input.empty() || !held.empty()) {
    held += input.substr(0, piece);
    input.remove_prefix(std::min(piece, input.size()));
    std::string_view offered = held;
    for (bool more = true; more;) {
      const ServerEvent event = dialog.step(offered);
      replies_so_far();
      switch (event.kind) {
        case ServerEvent::Kind::need_input:
          more = false;
          break;
        case ServerEvent::Kind::flush:
          break;
        case ServerEvent::Kind::start_tls:
          out += "<tls>\n";
          dialog.tls_started();
          more = false;
          break;
        case ServerEvent::Kind::message_begin: {
          const ServerEnvelope& envelope = dialog.envelope();
          out += "<begin " + std::string(envelope.protocol) + " " + envelope.client_address + " " +
                 envelope.client_helo + " " + envelope.sender;
          for (const ServerRecipient& recipient : envelope.recipients) out += " " + recipient.address;
          out += ">\n";
          if (options.fail_writes) dialog.message_failed(replies::trouble());
          break;
        }
        case ServerEvent::Kind::message_octets:
          content += event.octets;
          break;
        case ServerEvent::Kind::message_abandoned:
          out += "<abandoned>\n";
          content.clear();
          break;
        case ServerEvent::Kind::message_end:
          CHECK(dialog.waiting());
          if (options.answer_later && !input.empty()) {
            // All that comes meanwhile stays with the owner.
            const std::string before(offered);
            CHECK(dialog.step(offered).kind == ServerEvent::Kind::waiting);
            CHECK(offered == before);
          }
          finish();
          break;
        case ServerEvent::Kind::waiting:
          FAIL("nothing is waited for");
          break;
        case ServerEvent::Kind::close:
          return out + "<close>";
      }
    }
    held = std::string(offered);
    CHECK(held.empty());
  }
  return out;
}

std::string run(std::string_view input, const Options& options = {}) {
  const std::string whole = transcript(input, input.size(), options);
  for (const std::size_t piece : {1, 2, 3, 7, 64}) CHECK(transcript(input, piece, options) == whole);
  return whole;
}

// After greeting and EHLO, whose replies are left out of the transcript.
std::string after_ehlo(std::string_view input, const Options& options = {}) {
  const std::string out = run("EHLO c.example\r\n" + std::string(input), options);
  const std::size_t end = out.find("ENHANCEDSTATUSCODES\r\n");
  REQUIRE(end != std::string::npos);
  return out.substr(end + 21);
}

constexpr std::string_view kBegun = "<begin ESMTP 192.0.2.1 c.example a@x.example b@b.example>\n";
const std::string kEnvelope = "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@b.example>\r\n";
const std::string kEnvelopeOk = "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n";
const std::string kGo = "354 End data with <CR><LF>.<CR><LF>\r\n";
const std::string kQueued = "250 2.0.0 Ok: queued as ID\r\n";
const std::string kBare = "521 5.5.2 Bare CR, LF or NUL is not accepted\r\n<close>";

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("server dialog: a mail is taken with every octet of it") {
  CHECK(after_ehlo(kEnvelope + "DATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n") ==
        kEnvelopeOk + kGo + std::string(kBegun) + "{Subject: x\r\n\r\n.dot\r\n}\n" + kQueued +
            "221 2.0.0 Bye\r\n<close>");
}

TEST_CASE("server dialog: EHLO tells the extensions and no version") {
  CHECK(run("EHLO c.example\r\n") ==
        "220 mx.example ESMTP\r\n250-mx.example\r\n250-PIPELINING\r\n250-SIZE "
        "1000\r\n250-STARTTLS\r\n250-8BITMIME\r\n"
        "250-SMTPUTF8\r\n250-CHUNKING\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES\r\n");
  CHECK(run("HELO c.example\r\n") == "220 mx.example ESMTP\r\n250 mx.example\r\n");
}

TEST_CASE("server dialog: pipelined mails in one session, the answer coming later") {
  Options later;
  later.answer_later = true;
  const std::string one = kEnvelope + "DATA\r\nx\r\n.\r\n";
  const std::string answer = kEnvelopeOk + kGo + std::string(kBegun) + "{x\r\n}\n" + kQueued;
  CHECK(after_ehlo(one + one + one + "NOOP\r\n", later) == answer + answer + answer + "250 2.0.0 Ok\r\n");
}

TEST_CASE("server dialog: bare CR, LF or NUL in a command ends the session") {
  for (const std::string_view bad :
       {"NOOP\n"sv, "NO\0OP\r\n"sv, "\n"sv, "\0"sv, "NOOP\r\r\n"sv, "NOOP\n\r"sv, "NO\rOP\r\n"sv}) {
    CAPTURE(bad);
    CHECK(after_ehlo(bad) == kBare);
  }
  CHECK(after_ehlo("NOOP\r") == "");  // its LF may still come
  CHECK(after_ehlo("NOOP\r\n") == "250 2.0.0 Ok\r\n");
}

TEST_CASE("server dialog: no smuggled end of data, the second mail is never heard") {
  const std::string second = "MAIL FROM:<evil@x.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\ny\r\n.\r\n";
  for (const std::string_view end :
       {"\n.\r\n"sv, "\n.\n"sv, "\r\n.\n"sv, "\r.\r\n"sv, "\r.\r"sv, "\r\n.\r\r\n"sv, "\r\n\0.\r\n"sv,
        "\r\n.\0\r\n"sv, "\r\n.\r\0\n"sv, "\0\r\n.\r\n"sv, "\r\r\n.\r\n"sv, "\n\r\n.\r\n"sv}) {
    CAPTURE(end);
    const std::string out = after_ehlo(kEnvelope + "DATA\r\nx" + std::string(end) + second);
    CHECK(out == kEnvelopeOk + kGo + std::string(kBegun) + kBare);
  }
}

TEST_CASE("server dialog: bad sequences are 503, and everything is cleared together") {
  CHECK(has(run("MAIL FROM:<>\r\n"), "503 5.5.1"));
  CHECK(has(after_ehlo("RCPT TO:<b@b.example>\r\n"), "503 5.5.1"));
  CHECK(has(after_ehlo("DATA\r\n"), "503 5.5.1"));
  CHECK(has(after_ehlo("MAIL FROM:<>\r\nMAIL FROM:<>\r\n"), "503 5.5.1"));
  CHECK(has(after_ehlo("MAIL FROM:<>\r\nDATA\r\n"), "554 5.5.1"));
  for (const std::string_view way_out :
       {"RSET\r\n"sv, "EHLO d.example\r\n"sv, "HELO d.example\r\n"sv, "DATA\r\nx\r\n.\r\n"sv,
        "BDAT 0 LAST\r\n"sv, "BDAT 2000\r\n"sv, "STARTTLS\r\n"sv}) {
    CAPTURE(way_out);
    std::string input = kEnvelope + std::string(way_out);
    if (way_out == "BDAT 2000\r\n") input += std::string(2000, 'x');
    const std::string out = transcript("EHLO c.example\r\n" + input, 1, {}).substr(0);
    const std::string then =
        transcript("EHLO c.example\r\n" + input + "RCPT TO:<c@b.example>\r\nDATA\r\nBDAT 0\r\n", 1, {});
    REQUIRE(then.size() > out.size());
    CHECK(then.substr(out.size()).substr(0, 9) == "503 5.5.1");
    CHECK_FALSE(has(then.substr(out.size()), "354"));
    CHECK_FALSE(has(then.substr(out.size()), "<begin"));
  }
}

TEST_CASE("server dialog: syntax, unknown and unimplemented commands") {
  CHECK(has(after_ehlo("FOO\r\n"), "500 5.5.2"));
  CHECK(has(after_ehlo("\r\n"), "500 5.5.2"));
  CHECK(has(after_ehlo("EXPN x\r\n"), "502 5.5.1"));
  CHECK(has(after_ehlo("AUTH PLAIN AAA\r\n"), "502 5.5.1"));
  CHECK(has(after_ehlo("RSET x\r\n"), "501 5.5.4"));
  CHECK(has(after_ehlo("VRFY x\r\n"), "252 2.0.0"));
  CHECK(has(after_ehlo("VRFY\r\n"), "501 5.5.4"));
  CHECK(has(after_ehlo("HELP\r\n"), "214 2.0.0"));
  CHECK(has(after_ehlo("NOOP anything\r\n"), "250 2.0.0"));
  CHECK(has(run("EHLO\r\n"), "501 5.5.4"));
  CHECK(has(run("EHLO a b\r\n"), "501 5.5.4"));
  CHECK(has(run("GET / HTTP/1.1\r\nHost: x\r\n"), "554 5.5.1 This is not what you look for\r\n<close>"));
}

TEST_CASE("server dialog: a line one below, at and one above its bound") {
  const auto noop = [](std::size_t size) { return "NOOP " + std::string(size - 5, 'x') + "\r\n"; };
  CHECK(has(after_ehlo(noop(limits::kSmtpCommandLine - 1)), "250 2.0.0"));
  CHECK(has(after_ehlo(noop(limits::kSmtpCommandLine)), "250 2.0.0"));
  CHECK(after_ehlo(noop(limits::kSmtpCommandLine + 1) + "NOOP\r\n") ==
        "500 5.5.2 Line too long\r\n250 2.0.0 Ok\r\n");
  CHECK(has(after_ehlo(std::string(limits::kSmtpOverlong, 'x') + "\r\n"), "500 5.5.2"));
  CHECK(has(after_ehlo(std::string(limits::kSmtpOverlong + 1, 'x') + "\r\n"), "421 4.7.0"));
}

TEST_CASE("server dialog: SIZE and content one below, at and one above the limit") {
  CHECK(has(after_ehlo("MAIL FROM:<> SIZE=999\r\n"), "250"));
  CHECK(has(after_ehlo("MAIL FROM:<> SIZE=1000\r\n"), "250"));
  CHECK(has(after_ehlo("MAIL FROM:<> SIZE=1001\r\n"), "552 5.3.4"));
  CHECK(has(after_ehlo("MAIL FROM:<> SIZE=99999999999999999999\r\n"), "552 5.3.4"));
  const auto data = [](std::size_t size) {
    return kEnvelope + "DATA\r\n" + std::string(size - 2, 'x') + "\r\n.\r\nNOOP\r\n";
  };
  CHECK(has(after_ehlo(data(999)), kQueued));
  CHECK(has(after_ehlo(data(1000)), kQueued));
  CHECK(after_ehlo(data(1001)) ==
        kEnvelopeOk + kGo + std::string(kBegun) +
            "<abandoned>\n552 5.3.4 Message size exceeds fixed limit\r\n250 2.0.0 Ok\r\n");
}

TEST_CASE("server dialog: an oversize message is swallowed up to a bound, then the session ends") {
  TablePolicy policy;
  const Options options;
  ServerDialog dialog(options.settings, policy, {});
  std::string_view input = "EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n";
  const std::string block(1 << 20, 'x');
  std::uint64_t fed = 0;
  ServerEvent::Kind kind{};
  while (kind != ServerEvent::Kind::close && fed < 2 * limits::kSmtpSwallow) {
    kind = dialog.step(input).kind;
    if (kind != ServerEvent::Kind::need_input) continue;
    input = block;
    fed += block.size();
  }
  CHECK(kind == ServerEvent::Kind::close);
  CHECK(fed <= limits::kSmtpSwallow + 3 * block.size());
  CHECK(dialog.output().ends_with("552 5.3.4 Message size exceeds fixed limit\r\n"));
}

TEST_CASE("server dialog: recipients are refused one by one and the others kept") {
  CHECK(after_ehlo("MAIL FROM:<a@x.example>\r\nRCPT TO:<nobody@b.example>\r\nRCPT "
                   "TO:<x@elsewhere.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\nx\r\n.\r\n") ==
        "250 2.1.0 Ok\r\n550 5.1.1 Recipient address rejected: user unknown\r\n554 5.7.1 Relaying "
        "denied\r\n250 2.1.5 Ok\r\n" +
            kGo + std::string(kBegun) + "{x\r\n}\n" + kQueued);
  CHECK(has(after_ehlo("MAIL FROM:<nospace@x.example>\r\nRCPT TO:<b@b.example>\r\n"), "452 4.3.1"));
  const std::string rcpt = "RCPT TO:<b@b.example>\r\n";
  CHECK(after_ehlo("MAIL FROM:<>\r\n" + rcpt + rcpt + rcpt + rcpt) ==
        "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n452 4.5.3 Too many recipients\r\n");
}

TEST_CASE("server dialog: an envelope is bounded in octets too") {
  Options options;
  options.settings.recipients_max = 1000;
  options.settings.commands_max = 2000;
  std::string input = "MAIL FROM:<>\r\n";
  const std::size_t each = 900;
  for (std::size_t i = 0; i <= limits::kSmtpEnvelope / each; ++i)
    input += "RCPT TO:<" + std::string(each - 10, 'a') + "@b.example>\r\n";
  const std::string out = transcript("EHLO c\r\n" + input, 4096, options);
  CHECK(out.ends_with("452 4.5.3 Too many recipients\r\n"));
  CHECK(out.find("452") == out.rfind("452"));
}

TEST_CASE("server dialog: too many errors or commands end in 421; an accepted message forgives") {
  std::string many;
  for (int i = 0; i < 20; ++i) many += "FOO\r\n";
  CHECK_FALSE(has(after_ehlo(many), "421"));
  CHECK(after_ehlo(many + "FOO\r\nNOOP\r\n")
            .ends_with("421 4.7.0 mx.example Too many errors, closing\r\n<close>"));
  CHECK_FALSE(has(after_ehlo(many + kEnvelope + "DATA\r\nx\r\n.\r\n" + many), "421"));
  std::string noops;
  for (int i = 0; i < 99; ++i) noops += "NOOP\r\n";
  CHECK_FALSE(has(after_ehlo(noops), "421"));
  CHECK(
      after_ehlo(noops + "NOOP\r\n").ends_with("421 4.7.0 mx.example Too many commands, closing\r\n<close>"));
}

TEST_CASE("server dialog: BDAT carries octets that DATA would have to escape") {
  CHECK(after_ehlo(kEnvelope + "BDAT 8\r\na\r\n.\r\nbcBDAT 3 LAST\r\nd\r\nNOOP\r\n") ==
        kEnvelopeOk + std::string(kBegun) + "250 2.0.0 Ok: chunk received\r\n{a\r\n.\r\nbcd\r\n}\n" +
            kQueued + "250 2.0.0 Ok\r\n");
  CHECK(has(after_ehlo(kEnvelope + "BDAT 3\r\nab\rBDAT 1 LAST\r\n\n"), "{ab\r\n}\n" + kQueued));
  CHECK(has(after_ehlo(kEnvelope + "BDAT 2\r\nabBDAT 0 LAST\r\n"), "{ab}\n" + kQueued));
}

TEST_CASE("server dialog: BDAT content follows the same rule on CR, LF and NUL") {
  for (const std::string_view bad : {"BDAT 2 LAST\r\na\n"sv, "BDAT 2 LAST\r\na\r"sv, "BDAT 2 LAST\r\na\0"sv,
                                     "BDAT 3 LAST\r\n\n\r\n"sv, "BDAT 2\r\na\rBDAT 1 LAST\r\nb"sv}) {
    CAPTURE(bad);
    CHECK(after_ehlo(kEnvelope + std::string(bad)).ends_with(kBare));
  }
}

TEST_CASE("server dialog: a refused BDAT swallows its chunk, so its octets are not commands") {
  CHECK(after_ehlo("BDAT 6\r\nQUIT\r\nNOOP\r\n") == "503 5.5.1 Need MAIL command\r\n250 2.0.0 Ok\r\n");
  CHECK(after_ehlo("MAIL FROM:<>\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n") ==
        "250 2.1.0 Ok\r\n554 5.5.1 No valid recipients\r\n250 2.0.0 Ok\r\n");
  const std::string large(1001, 'x');
  CHECK(after_ehlo(kEnvelope + "BDAT 1001 LAST\r\n" + large + "NOOP\r\n") ==
        kEnvelopeOk + "552 5.3.4 Message size exceeds fixed limit\r\n250 2.0.0 Ok\r\n");
  CHECK(after_ehlo(kEnvelope + "BDAT 600\r\n" + large.substr(0, 600) + "BDAT 401 LAST\r\n" +
                   large.substr(0, 401) + "BDAT 1 LAST\r\nxNOOP\r\n") ==
        kEnvelopeOk + std::string(kBegun) +
            "250 2.0.0 Ok: chunk received\r\n<abandoned>\n552 5.3.4 Message size exceeds fixed limit\r\n503 "
            "5.5.1 Need MAIL command\r\n250 2.0.0 Ok\r\n");
  CHECK(after_ehlo(kEnvelope + "BDAT 99999999999999999999 LAST\r\n") ==
        kEnvelopeOk + "552 5.3.4 Message size exceeds fixed limit\r\n<close>");
  CHECK(after_ehlo(kEnvelope + "BDAT x\r\n") ==
        kEnvelopeOk + "501 5.5.4 Syntax: BDAT size [LAST]\r\n<close>");
}

TEST_CASE("server dialog: DATA and BDAT are not mixed, and leaving a half-given message voids it") {
  const std::string begun = kEnvelopeOk + std::string(kBegun) + "250 2.0.0 Ok: chunk received\r\n";
  const std::string begin = kEnvelope + "BDAT 1\r\nx";
  CHECK(after_ehlo(begin + "DATA\r\n") == begun + "503 5.5.1 DATA after BDAT\r\n");
  CHECK(after_ehlo(begin + "RCPT TO:<c@b.example>\r\n") == begun + "503 5.5.1 RCPT after BDAT\r\n");
  CHECK(after_ehlo(begin + "MAIL FROM:<>\r\n") == begun + "503 5.5.1 Nested MAIL command\r\n");
  CHECK(after_ehlo(begin + "RSET\r\n") == begun + "250 2.0.0 Ok\r\n<abandoned>\n");
  CHECK(after_ehlo(begin + "RSET\r\nNOOP\r\n") == begun + "250 2.0.0 Ok\r\n<abandoned>\n250 2.0.0 Ok\r\n");
  CHECK(after_ehlo(begin + "QUIT\r\n") == begun + "221 2.0.0 Bye\r\n<close>");
}

TEST_CASE(
    "server dialog: trouble of the owner is answered at the end of the message, and the next mail goes on") {
  Options failing;
  failing.fail_writes = true;
  CHECK(after_ehlo(kEnvelope + "DATA\r\nx\r\n.\r\nNOOP\r\n", failing) ==
        kEnvelopeOk + kGo + std::string(kBegun) +
            "451 4.3.0 Temporary local problem, try again later\r\n250 2.0.0 Ok\r\n");
  CHECK(after_ehlo(kEnvelope + "BDAT 1\r\nxBDAT 1 LAST\r\nyNOOP\r\n", failing) ==
        kEnvelopeOk + std::string(kBegun) +
            "451 4.3.0 Temporary local problem, try again later\r\n503 5.5.1 Need MAIL command\r\n250 2.0.0 "
            "Ok\r\n");
  Options refused;
  refused.done = replies::no_space();
  CHECK(has(after_ehlo(kEnvelope + "DATA\r\nx\r\n.\r\n", refused), "452 4.3.1"));
}

TEST_CASE("server dialog: what stands behind STARTTLS in the clear is dropped") {
  const std::string injected = "EHLO c.example\r\nSTARTTLS\r\nMAIL FROM:<evil@x.example>\r\n";
  const std::string whole = transcript(injected, injected.size(), {});
  CHECK(whole.ends_with("220 2.0.0 Ready to start TLS\r\n<tls>\n"));
  // The handshake forgets what was said before it, and is not offered again.
  TablePolicy policy;
  const Options options;
  ServerDialog dialog(options.settings, policy, {});
  std::string_view input =
      "EHLO c.example\r\nMAIL FROM:<a@x.example>\r\nSTARTTLS\r\nRCPT TO:<evil@b.example>\r\n";
  CHECK(dialog.step(input).kind == ServerEvent::Kind::start_tls);
  CHECK(input.empty());
  dialog.tls_started();
  dialog.output().clear();
  input = "RCPT TO:<b@b.example>\r\nMAIL FROM:<a@x.example>\r\nSTARTTLS\r\nEHLO c.example\r\n";
  CHECK(dialog.step(input).kind == ServerEvent::Kind::need_input);
  CHECK(
      dialog.output().starts_with("503 5.5.1 Need MAIL command\r\n503 5.5.1 Send EHLO or HELO first\r\n503 "
                                  "5.5.1 TLS is already active\r\n250-"));
  CHECK_FALSE(has(dialog.output(), "STARTTLS"));
  input = "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n";
  CHECK(dialog.step(input).kind == ServerEvent::Kind::message_begin);
  CHECK(dialog.envelope().protocol == "ESMTPS");
  Options plain;
  plain.settings.starttls = false;
  CHECK(has(after_ehlo("STARTTLS\r\n", plain), "502 5.5.1"));
  CHECK(has(after_ehlo("STARTTLS now\r\n"), "501 5.5.4"));
}

TEST_CASE("server dialog: the protocol word for Received") {
  const auto begun = [](const std::string& hello, const std::string& mail) {
    return run(hello + "\r\n" + mail + "\r\nRCPT TO:<b@b.example>\r\nDATA\r\n");
  };
  CHECK(has(begun("HELO c", "MAIL FROM:<>"), "<begin SMTP "));
  CHECK(has(begun("EHLO c", "MAIL FROM:<>"), "<begin ESMTP "));
  CHECK(has(begun("EHLO c", "MAIL FROM:<> SMTPUTF8"), "<begin UTF8SMTP "));
}

TEST_CASE("server dialog: XCLIENT and XFORWARD speak for listed peers only") {
  const std::string xclient = "XCLIENT ADDR=203.0.113.9 NAME=mx.example HELO=far.example\r\n";
  CHECK(has(after_ehlo(xclient), "550 5.7.0"));
  CHECK(has(after_ehlo("XFORWARD ADDR=198.51.100.2\r\n"), "550 5.7.0"));
  CHECK_FALSE(has(run("EHLO c.example\r\n"), "XCLIENT"));
  Options listed;
  listed.listed = true;
  CHECK(has(run("EHLO c.example\r\n", listed), "250-XCLIENT "));
  const std::string out =
      run("EHLO c.example\r\n" + xclient +
              "MAIL FROM:<>\r\nEHLO far.example\r\nMAIL FROM:<>\r\nRCPT TO:<b@b.example>\r\n",
          listed);
  CHECK(has(out, "220 mx.example ESMTP\r\n503 5.5.1"));
  CHECK(out.ends_with("554 5.7.1 Relaying denied\r\n"));
  CHECK(has(run("EHLO c.example\r\nXCLIENT ADDR=x\r\n", listed), "501 5.5.4"));
  CHECK(has(run("EHLO c.example\r\nMAIL FROM:<>\r\n" + xclient, listed), "503 5.5.1"));
  const std::string forwarded = run("EHLO c.example\r\nXFORWARD ADDR=198.51.100.2 HELO=far.example\r\n" +
                                        kEnvelope + "DATA\r\nx\r\n.\r\n" + kEnvelope + "DATA\r\n",
                                    listed);
  CHECK(has(forwarded, "<begin ESMTP 198.51.100.2 far.example a@x.example"));
  CHECK(has(forwarded, kBegun));  // of one mail only
}

TEST_CASE("server dialog: commands that lead nowhere end the session; a mail forgives them") {
  const auto say = [](std::size_t count, const char* command) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += command;
    return out;
  };
  const std::size_t most = limits::kSmtpIdleCommands - 1;  // after EHLO
  const std::string mail = kEnvelope + "DATA\r\nx\r\n.\r\n";
  for (const char* command : {"NOOP\r\n", "RSET\r\n", "VRFY x\r\n", "HELP\r\n", "EHLO x\r\n"}) {
    CAPTURE(std::string(command));
    CHECK_FALSE(has(after_ehlo(say(most, command)), "421"));
    CHECK(has(after_ehlo(say(most + 1, command)), "421 4.7.0"));
  }
  CHECK_FALSE(has(after_ehlo(say(90, "NOOP\r\n") + mail + say(90, "NOOP\r\n")), "421"));
}

TEST_CASE("server dialog: a session that ended before its handshake begins no other") {
  TablePolicy policy;
  Options options;
  ServerDialog dialog(options.settings, policy, {});
  dialog.greet();
  std::string_view input = "EHLO c.example\r\nSTARTTLS\r\n";
  while (dialog.step(input).kind != ServerEvent::Kind::start_tls) dialog.output().clear();
  dialog.end(replies::timeout("mx.example"));
  dialog.tls_started();
  CHECK(dialog.closed());
}

TEST_CASE("server dialog: replies that nobody reads stop the input") {
  TablePolicy policy;
  Options options;
  options.settings.commands_max = options.settings.idle_commands_max = 100000;
  ServerDialog dialog(options.settings, policy, {});
  std::string many;
  for (int i = 0; i < 10000; ++i) many += "NOOP\r\n";
  std::string_view input = many;
  CHECK(dialog.step(input).kind == ServerEvent::Kind::flush);
  CHECK(dialog.output().size() < limits::kSmtpReplyBacklog + limits::kSmtpReplyLine);
  CHECK_FALSE(input.empty());
  CHECK(dialog.step(input).kind == ServerEvent::Kind::flush);
  dialog.output().clear();
  CHECK(dialog.step(input).kind == ServerEvent::Kind::flush);
}

TEST_CASE("server dialog: an outside end says its reply once and takes nothing more") {
  TablePolicy policy;
  const Options options;
  ServerDialog dialog(options.settings, policy, {});
  dialog.end(replies::timeout("mx.example"));
  dialog.end(replies::timeout("mx.example"));
  CHECK(dialog.output() == "421 4.4.2 mx.example Timeout, closing\r\n");
  std::string_view input = "NOOP\r\n";
  CHECK(dialog.step(input).kind == ServerEvent::Kind::close);
  CHECK(input.empty());
  dialog.message_done(replies::queued("late"));  // a commit that ends after the session
  CHECK(dialog.output().find("late") == std::string::npos);
}

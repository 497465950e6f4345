#include "service/delivery/smtp_sender.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "service/base/clock.h"
#include "service/base/errors.h"
#include "tests/unit/service_delivery/smtp_sink.h"
#include "tests/unit/service_delivery/test_certificate.h"

using namespace kiyome;
using namespace kiyome::delivery;
using namespace kiyome::testing;
using Kind = RecipientResult::Kind;

namespace {

const bool kNoSigpipe = [] { return signal(SIGPIPE, SIG_IGN) != SIG_ERR; }();

SmtpClientConfig config_for(std::vector<std::uint16_t> ports) {
  SmtpClientConfig config;
  for (const std::uint16_t port : ports) config.hosts.push_back({"127.0.0.1", port});
  config.timeout_seconds = 5;
  config.retry_first_seconds = 0.1;
  return config;
}

std::vector<transfer::Recipient> recipients(std::size_t count) {
  std::vector<transfer::Recipient> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back({static_cast<std::uint32_t>(i), "r" + std::to_string(i) + "@example.org", 0, {}});
  return out;
}

std::vector<RecipientResult> send(SmtpSender& sender, const std::vector<transfer::Recipient>& to,
                                  std::string_view content = "Subject: a\r\n\r\n.dot\r\n") {
  OutgoingMail mail;
  mail.sender = "s@example.com";
  mail.recipients = &to;
  mail.content = content;
  return sender.send(mail);
}

// A port where nobody listens.
std::uint16_t dead_port() {
  SmtpSink gone;
  return gone.port();
}

SmtpSink::Settings scripted(SmtpSink::Script script) {
  SmtpSink::Settings settings;
  settings.script = std::move(script);
  return settings;
}

SmtpSink::Script answer(std::string at, std::string octets) {
  return [at = std::move(at),
          octets = std::move(octets)](const std::string& what) -> std::optional<std::string> {
    return what.starts_with(at) ? std::optional(octets) : std::nullopt;
  };
}

std::string status(const RecipientResult& result) {
  return std::to_string(result.status_class) + "." + std::to_string(result.status_subject) + "." +
         std::to_string(result.status_detail);
}

}  // namespace

TEST_CASE("sender: mails go over one connection, content unchanged") {
  SmtpSink sink;
  SmtpSender sender(config_for({sink.port()}), "kiyome.example");
  const auto to = recipients(2);
  for (int i = 0; i < 20; ++i)
    for (const RecipientResult& result : send(sender, to)) {
      CHECK(result.kind == Kind::delivered);
      CHECK(status(result) == "2.0.0");
      CHECK(result.reached);
    }
  REQUIRE(sink.count() == 20);
  CHECK(sink.connections() == 1);
  CHECK(sink.mails()[3].content == "Subject: a\r\n\r\n.dot\r\n");
  CHECK(sink.mails()[3].to.size() == 2);
}

TEST_CASE("sender: without PIPELINING and DSN it works the same, and says that it was relayed") {
  SmtpSink::Settings settings;
  settings.extensions = "250 sink\r\n";
  SmtpSink sink(settings);
  SmtpSender sender(config_for({sink.port()}), "kiyome.example");
  const auto to = recipients(3);
  CHECK(send(sender, to)[2].kind == Kind::relayed_without_dsn);
  CHECK(send(sender, to)[0].kind == Kind::relayed_without_dsn);
  CHECK(sink.connections() == 1);
}

TEST_CASE("sender: 4xx is temporary and 5xx permanent, at each place") {
  for (const char* place : {"MAIL", "RCPT", "DATA", "final"}) {
    for (const char* reply : {"451 4.3.0 later\r\n", "550 5.7.1 never\r\n"}) {
      CAPTURE(std::string(place));
      SmtpSink sink(scripted(answer(place, reply)));
      SmtpSender sender(config_for({sink.port()}), "kiyome.example");
      const RecipientResult result = send(sender, recipients(1))[0];
      CHECK(result.kind == (reply[0] == '4' ? Kind::temporary : Kind::permanent));
      CHECK(status(result) == (reply[0] == '4' ? "4.3.0" : "5.7.1"));
      CHECK(result.reached);
      // the session stays usable
      CHECK(send(sender, recipients(1)).size() == 1);
      CHECK(sink.connections() == 1);
    }
  }
}

TEST_CASE("sender: what is not ours any more at the final dot is not sent, and no other host is tried") {
  SmtpSink sink, other;
  SmtpSender sender(config_for({sink.port(), other.port()}), "kiyome.example");
  const auto to = recipients(2);
  for (const std::size_t size : {std::size_t{10}, std::size_t{300'000}}) {
    const std::string content = std::string(size, 'x') + "\r\n";
    OutgoingMail mail{"s@example.com", 0, {}, &to, content, [] { return false; }};
    for (const RecipientResult& result : sender.send(mail)) {
      CHECK(result.kind == Kind::temporary);
      CHECK(status(result) == "4.3.0");
    }
    mail.still_ours = [] { return true; };
    CHECK(sender.send(mail)[0].kind == Kind::delivered);
  }
  CHECK(sink.count() == 2);  // the host is not at fault: it is asked again at once
  CHECK(other.connections() == 0);
  CHECK(sink.connections() == 3);  // one that ended without its dot is gone
}

TEST_CASE("sender: one refused recipient does not hinder the others") {
  SmtpSink sink(scripted(answer("RCPT TO:<r1@", "550 5.1.1 unknown\r\n")));
  SmtpSender sender(config_for({sink.port()}), "kiyome.example");
  const auto results = send(sender, recipients(3));
  CHECK(results[0].kind == Kind::delivered);
  CHECK(results[1].kind == Kind::permanent);
  CHECK(results[2].kind == Kind::delivered);
  CHECK(sink.mails().at(0).to.size() == 2);
}

TEST_CASE("sender: a next hop that takes three recipients at a time gets several mails") {
  std::atomic<int> taken{0};
  SmtpSink sink(scripted([&](const std::string& what) -> std::optional<std::string> {
    if (what.starts_with("MAIL")) taken = 0;
    if (what.starts_with("RCPT") && ++taken > 3) return "452 4.5.3 too many recipients\r\n";
    return std::nullopt;
  }));
  SmtpSender sender(config_for({sink.port()}), "kiyome.example");
  for (const RecipientResult& result : send(sender, recipients(10))) CHECK(result.kind == Kind::delivered);
  CHECK(sink.count() == 4);
  CHECK(sink.connections() == 1);
}

TEST_CASE(
    "sender: hosts in order; one that is down or greets with 4xx or 5xx is passed over and left alone a "
    "while") {
  SmtpSink good;
  for (const char* greeting : {"", "421 4.3.2 stopping\r\n", "451 no\r\n", "554 5.7.1 no\r\n"}) {
    CAPTURE(std::string(greeting));
    std::unique_ptr<SmtpSink> busy;
    if (*greeting != '\0') busy = std::make_unique<SmtpSink>(scripted(answer("greeting", greeting)));
    SmtpClientConfig config = config_for({busy ? busy->port() : dead_port(), good.port()});
    config.retry_first_seconds = 100;
    SmtpSender sender(config, "kiyome.example");
    for (int i = 0; i < 5; ++i) {
      const RecipientResult result = send(sender, recipients(1))[0];
      CHECK(result.kind == Kind::delivered);
      CHECK(result.hop == "127.0.0.1:" + std::to_string(good.port()));
    }
    if (busy) CHECK(busy->connections() == 1);
  }
}

TEST_CASE("sender: the next host is asked for what a host cannot take now, and for nothing else") {
  struct Case {
    const char *what, *reply;
    bool goes_on;
  };
  for (const Case& each :
       {Case{"MAIL", "452 4.3.1 disk full\r\n", true}, Case{"RCPT", "450 4.2.0 later\r\n", true},
        Case{"DATA", "", true}, Case{"final", "451 4.3.0 later\r\n", true},
        Case{"final", "", false},  // it may have the mail
        Case{"RCPT", "550 5.1.1 no\r\n", false}, Case{"final", "554 5.6.0 no\r\n", false}}) {
    CAPTURE(std::string(each.what));
    CAPTURE(std::string(each.reply));
    SmtpSink first(scripted(answer(each.what, each.reply)));
    SmtpSink second;
    SmtpSender sender(config_for({first.port(), second.port()}), "kiyome.example");
    const RecipientResult result = send(sender, recipients(1))[0];
    CHECK((result.kind == Kind::delivered) == each.goes_on);
    CHECK(second.count() == (each.goes_on ? 1 : 0));
    CHECK((result.hop == "127.0.0.1:" + std::to_string((each.goes_on ? second : first).port())));
  }
}

TEST_CASE("sender: nobody there is temporary and says so, and the host is asked again after its rest") {
  std::uint16_t port = dead_port();
  SmtpSender sender(config_for({port}), "kiyome.example");
  for (int i = 0; i < 2; ++i) {
    const RecipientResult result = send(sender, recipients(1))[0];
    CHECK(result.kind == Kind::temporary);
    CHECK(status(result) == "4.4.1");
    CHECK_FALSE(result.reached);
  }
  SmtpSink::Settings settings;
  settings.port = port;
  SmtpSink sink(settings);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK(send(sender, recipients(1))[0].kind == Kind::delivered);
}

TEST_CASE("sender: a next hop that disappears in DATA or after the final dot is temporary") {
  for (const char* place : {"MAIL", "RCPT", "DATA", "content", "final"}) {
    CAPTURE(std::string(place));
    SmtpSink sink(scripted(answer(place, kHangUp)));
    SmtpSender sender(config_for({sink.port()}), "kiyome.example");
    const std::string large(300000, 'x');
    const RecipientResult result = send(sender, recipients(1), large)[0];
    CHECK(result.kind == Kind::temporary);
    CHECK(result.status_class == 4);
    CHECK(result.status_subject == 4);
  }
}

TEST_CASE("sender: a next hop that says nothing is temporary after the timeout") {
  for (const char* place : {"greeting", "MAIL", "content", "final"}) {
    CAPTURE(std::string(place));
    SmtpSink sink(scripted(answer(place, kSilence)));
    SmtpClientConfig config = config_for({sink.port()});
    config.timeout_seconds = 1;
    SmtpSender sender(config, "kiyome.example");
    const auto start = Steady::now();
    // More than the socket buffers take: at "content" the write has to wait.
    const std::string large(8u << 20, 'x');
    CHECK(send(sender, recipients(1), large)[0].kind == Kind::temporary);
    const auto seconds = std::chrono::duration<double>(Steady::now() - start).count();
    CHECK(seconds > 0.8);
    CHECK(seconds < 8);
  }
}

TEST_CASE("sender: a refusal in the middle of the content is heard") {
  SmtpSink sink(scripted(answer("content", "552 5.3.4 too large\r\n")));
  SmtpSender sender(config_for({sink.port()}), "kiyome.example");
  const std::string large(4u << 20, 'x');
  const RecipientResult result = send(sender, recipients(1), large)[0];
  CHECK(result.kind == Kind::permanent);
  CHECK(status(result) == "5.3.4");
}

TEST_CASE("sender: an idle connection that the server closed costs nothing but a new one") {
  std::atomic<int> mails{0};
  SmtpSink sink(scripted([&](const std::string& what) -> std::optional<std::string> {
    if (what == "final") ++mails;
    if (what.starts_with("MAIL") && mails == 1) {
      mails = 2;
      return kHangUp;  // as if it had timed out just now
    }
    return std::nullopt;
  }));
  SmtpSender sender(config_for({sink.port()}), "kiyome.example");
  CHECK(send(sender, recipients(1))[0].kind == Kind::delivered);
  CHECK(send(sender, recipients(1))[0].kind == Kind::delivered);
  CHECK(sink.connections() == 2);
  CHECK(sink.count() == 2);
}

TEST_CASE("sender: 421 with the mail half said is temporary, and the next mail gets a new connection") {
  std::atomic<bool> once{true};
  SmtpSink sink(scripted([&](const std::string& what) -> std::optional<std::string> {
    if (what == "final" && once.exchange(false)) return "421 4.3.2 stopping\r\n";
    return std::nullopt;
  }));
  SmtpSender sender(config_for({sink.port()}), "kiyome.example");
  const RecipientResult result = send(sender, recipients(1))[0];
  CHECK(result.kind == Kind::temporary);
  CHECK(status(result) == "4.3.2");
  CHECK(send(sender, recipients(1))[0].kind == Kind::delivered);
  CHECK(sink.connections() == 2);
}

TEST_CASE("sender: never more connections than allowed, whatever the number of threads") {
  SmtpSink sink;
  SmtpClientConfig config = config_for({sink.port()});
  config.connections_max = 3;
  SmtpSender sender(config, "kiyome.example");
  std::atomic<int> delivered{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i)
        if (send(sender, recipients(1))[0].kind == Kind::delivered) ++delivered;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(delivered == 200);
  CHECK(sink.count() == 200);
  CHECK(sink.connections() <= 3);
}

TEST_CASE("sender: stop wakes a send that waits") {
  SmtpSink sink(scripted(answer("final", kSilence)));
  SmtpClientConfig config = config_for({sink.port()});
  config.timeout_seconds = 300;
  SmtpSender sender(config, "kiyome.example");
  std::vector<RecipientResult> results;
  const auto to = recipients(1);
  std::thread waiting([&] { results = send(sender, to); });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const auto start = Steady::now();
  sender.stop();
  waiting.join();
  CHECK(Steady::now() - start < std::chrono::seconds(2));
  CHECK(results.at(0).kind == Kind::temporary);
  CHECK(send(sender, to)[0].kind == Kind::temporary);
}

TEST_CASE("sender: TLS opportunistic takes any certificate; required wants the right one") {
  std::string pattern = (std::filesystem::temp_directory_path() / "kiyome-delivery-XXXXXX").string();
  const std::filesystem::path folder = ::mkdtemp(pattern.data());
  const TestCertificate certificate, other;
  certificate.write(folder / "right.pem");
  other.write(folder / "wrong.pem");
  SmtpSink::Settings settings;
  settings.tls = certificate.context();
  SmtpSink sink(settings);
  const auto attempt = [&](TlsMode mode, const std::string& host, const std::string& ca) {
    SmtpClientConfig config = config_for({});
    config.hosts = {{host, sink.port()}};
    config.tls = mode;
    config.tls_ca = ca.empty() ? "" : (folder / ca).string();
    SmtpSender sender(config, "kiyome.example");
    send(sender, recipients(1));
    return send(sender, recipients(1))[0];
  };
  CHECK(attempt(TlsMode::opportunistic, "127.0.0.1", "").kind == Kind::delivered);
  CHECK(attempt(TlsMode::required, "localhost", "right.pem").kind == Kind::delivered);
  for (const SinkMail& mail : sink.mails()) CHECK(mail.tls);
  CHECK(sink.count() == 4);
  const RecipientResult wrong_ca = attempt(TlsMode::required, "localhost", "wrong.pem");
  CHECK(wrong_ca.kind == Kind::temporary);
  CHECK(attempt(TlsMode::required, "localhost", "").kind == Kind::temporary);
  CHECK(attempt(TlsMode::required, "127.0.0.1", "right.pem").kind == Kind::temporary);
  CHECK(sink.count() == 4);
  CHECK_THROWS_AS(attempt(TlsMode::required, "localhost", "missing.pem"), ConfigError);
  std::filesystem::remove_all(folder);
}

TEST_CASE("sender: TLS that is required and not offered never goes in the clear; opportunistic does") {
  SmtpSink sink;
  SmtpClientConfig config = config_for({sink.port()});
  config.tls = TlsMode::required;
  SmtpSender strict(config, "kiyome.example");
  CHECK(send(strict, recipients(1))[0].kind == Kind::temporary);
  CHECK(sink.count() == 0);
  config.tls = TlsMode::opportunistic;
  SmtpSender easy(config, "kiyome.example");
  CHECK(send(easy, recipients(1))[0].kind == Kind::delivered);
}

TEST_CASE(
    "sender: a broken handshake, opportunistic, goes on in the clear on a new connection; required does "
    "not") {
  SmtpSink::Settings settings;
  settings.extensions = "250-sink\r\n250-STARTTLS\r\n250 PIPELINING\r\n";
  SmtpSink sink(settings);  // says 220 and hangs up: it has no certificate
  SmtpClientConfig config = config_for({sink.port()});
  config.tls = TlsMode::opportunistic;
  SmtpSender easy(config, "kiyome.example");
  CHECK(send(easy, recipients(1))[0].kind == Kind::relayed_without_dsn);
  CHECK(sink.connections() == 2);
  config.tls = TlsMode::required;
  SmtpSender strict(config, "kiyome.example");
  const RecipientResult result = send(strict, recipients(1))[0];
  CHECK(result.kind == Kind::temporary);
  CHECK(status(result) == "4.7.5");
  CHECK(sink.count() == 1);
}

TEST_CASE("retry pause: grows, is bounded, and jitters by a fifth") {
  SmtpClientConfig config;
  config.retry_first_seconds = 60;
  config.retry_max_seconds = 3600;
  CHECK(retry_pause(config, 1, 0.5) == doctest::Approx(60));
  CHECK(retry_pause(config, 2, 0.5) == doctest::Approx(120));
  CHECK(retry_pause(config, 7, 0.5) == doctest::Approx(3600));
  CHECK(retry_pause(config, 4000000000u, 0.5) == doctest::Approx(3600));
  CHECK(retry_pause(config, 1, 0) == doctest::Approx(48));
  CHECK(retry_pause(config, 1, 1) == doctest::Approx(72));
  CHECK(retry_pause(config, 0, 0.5) == doctest::Approx(60));
}

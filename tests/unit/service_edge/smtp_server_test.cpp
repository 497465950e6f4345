// Mail into the real server over loopback, and what stands on the disk afterwards.
#include <doctest/doctest.h>

#include <sys/wait.h>

#include <cstdio>
#include <string>

#include "tests/unit/service_edge/edge_fixture.h"

using namespace edge_test;

TEST_CASE("edge: a mail is on disk with its envelope and every octet before 250 is said") {
  Edge edge;
  Client client = edge.client();
  const std::string reply = send_mail(client, "Subject: x\r\n\r\n..dot\r\n\x80\xff\r\n");
  const auto original = edge.original(reply);
  CHECK(Edge::content(original) == "Subject: x\r\n\r\n.dot\r\n\x80\xff\r\n");
  CHECK(original.envelope.sender == "a@x.example");
  CHECK(original.envelope.client_address == "127.0.0.1");
  CHECK(original.envelope.client_helo == "c.example");
  CHECK(original.envelope.protocol == "ESMTP");
  REQUIRE(original.envelope.recipients.size() == 1);
  CHECK(original.envelope.recipients[0].address == "b@b.example");
  CHECK(client.ask("QUIT") == "221 2.0.0 Bye\r\n");
  CHECK(client.reply().empty());
}

TEST_CASE("edge: the DSN parameters and the order of recipients are kept") {
  Edge edge;
  Client client = edge.client();
  client.ask("EHLO c.example");
  client.say(
      "MAIL FROM:<> RET=HDRS ENVID=e+2B1 SMTPUTF8\r\nRCPT TO:<one@b.example> NOTIFY=NEVER\r\n"
      "RCPT TO:<two@b.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x+40y\r\nDATA\r\n");
  for (int i = 0; i < 4; ++i) CHECK(client.reply().substr(0, 1) != "5");
  const auto original = edge.original(client.ask("."));
  CHECK(original.size == 0);
  CHECK(original.envelope.sender.empty());
  CHECK(original.envelope.ret == 2);
  CHECK(original.envelope.envid == "e+2B1");
  CHECK(original.envelope.smtputf8);
  CHECK(original.envelope.protocol == "UTF8SMTP");
  REQUIRE(original.envelope.recipients.size() == 2);
  CHECK(original.envelope.recipients[0].notify == kiyome::transfer::kNotifyNever);
  CHECK(original.envelope.recipients[1].index == 1);
  CHECK(original.envelope.recipients[1].notify ==
        (kiyome::transfer::kNotifySuccess | kiyome::transfer::kNotifyDelay));
  CHECK(original.envelope.recipients[1].orcpt == "rfc822;x+40y");
}

TEST_CASE("edge: many mails pipelined in one write are all answered in order") {
  Edge edge;
  Client client = edge.client();
  std::string all = "EHLO c.example\r\n";
  for (int i = 0; i < 50; ++i) all += kEnvelope + "mail " + std::to_string(i) + "\r\n.\r\n";
  client.say(all + "QUIT\r\n");
  CHECK(client.reply().substr(0, 4) == "250-");
  for (int i = 0; i < 50; ++i) {
    CHECK(client.reply() == "250 2.1.0 Ok\r\n");
    CHECK(client.reply() == "250 2.1.5 Ok\r\n");
    CHECK(client.reply().substr(0, 4) == "354 ");
    CHECK(Edge::content(edge.original(client.reply())) == "mail " + std::to_string(i) + "\r\n");
  }
  CHECK(client.reply() == "221 2.0.0 Bye\r\n");
}

TEST_CASE("edge: a client that closes its half after the final dot still hears the answer") {
  Edge edge;
  Client client = edge.client();
  client.say("EHLO c.example\r\n" + kEnvelope + "x\r\n.\r\n");
  client.half_close();
  for (int i = 0; i < 4; ++i) client.reply();
  CHECK(edge.original(client.reply()).size == 3);
  CHECK(client.reply().empty());
}

TEST_CASE("edge: a large mail and a mail by BDAT") {
  Edge edge;
  Client client = edge.client();
  std::string large;
  while (large.size() < 8'000'000)
    large += std::to_string(large.size()) + " a line of a large mail\r\n.\r\n.." + "\r\n";
  std::string stuffed;
  for (std::size_t at = 0; at < large.size();) {
    const std::size_t end = large.find("\r\n", at) + 2;
    if (large[at] == '.') stuffed += '.';
    stuffed.append(large, at, end - at);
    at = end;
  }
  CHECK(Edge::content(edge.original(send_mail(client, stuffed))) == large);
  client.say("MAIL FROM:<>\r\nRCPT TO:<b@b.example>\r\nBDAT 5\r\na\r\n.\rBDAT " +
             std::to_string(large.size() - 1) + " LAST\r\n\n" + large.substr(2));
  for (int i = 0; i < 3; ++i) CHECK(client.reply().substr(0, 3) == "250");
  CHECK(Edge::content(edge.original(client.reply())) == "a\r\n.\r\n" + large.substr(2));
}

TEST_CASE(
    "edge: smuggled ends are refused with 521 and the connection ends, however much stands behind them") {
  Edge edge;
  Client client = edge.client();
  client.say("EHLO c.example\r\n" + kEnvelope + "x\r\n.\n");
  client.say("MAIL FROM:<evil@x.example>\r\n" + std::string(1'000'000, 'x'));
  const std::string all = client.rest();
  CHECK(all.ends_with("521 5.5.2 Bare CR, LF or NUL is not accepted\r\n"));
  CHECK(all.find("queued") == std::string::npos);
  CHECK(edge.announced.with([](auto& items) { return items.size(); }) == 0);
}

TEST_CASE("edge: oversize is refused at MAIL and at the end of data, and the session goes on") {
  Edge edge([](auto& config) { config.max_message_bytes = 100000; });
  Client client = edge.client();
  client.ask("EHLO c.example");
  CHECK(client.ask("MAIL FROM:<a@x.example> SIZE=100001") ==
        "552 5.3.4 Message size exceeds fixed limit\r\n");
  CHECK(send_mail(client, std::string(200000, 'x') + "\r\n") ==
        "552 5.3.4 Message size exceeds fixed limit\r\n");
  CHECK(Edge::content(edge.original(send_mail(client, "y\r\n"))) == "y\r\n");
}

TEST_CASE("edge: who may hand mail in, and to whom") {
  Edge denied([](auto& config) { config.relay_networks = {"192.0.2.0/24", "2001:db8::/32"}; });
  Client outsider = denied.client();
  outsider.ask("EHLO c.example");
  outsider.ask("MAIL FROM:<a@x.example>");
  CHECK(outsider.ask("RCPT TO:<b@b.example>") == "554 5.7.1 Relaying denied\r\n");

  Edge domains([](auto& config) { config.relay_domains = {"b.example", "*.city.example"}; });
  Client client = domains.client();
  client.ask("EHLO c.example");
  client.ask("MAIL FROM:<a@x.example>");
  CHECK(client.ask("RCPT TO:<b@B.example>") == "250 2.1.5 Ok\r\n");
  CHECK(client.ask("RCPT TO:<b@ward.city.example>") == "250 2.1.5 Ok\r\n");
  CHECK(client.ask("RCPT TO:<b@elsewhere.example>") == "554 5.7.1 Relaying denied\r\n");
  CHECK(client.ask("RCPT TO:<\"b@b.example\"@elsewhere.example>") == "554 5.7.1 Relaying denied\r\n");
  CHECK(client.ask("RCPT TO:<Postmaster>") == "250 2.1.5 Ok\r\n");
}

TEST_CASE("edge: unknown recipients are refused at RCPT, and a reload brings a new list") {
  const auto listed = [](auto& config) { config.recipients_file = "recipients"; };
  Edge edge(listed, {"# staff\nOne@b.example\r\n@c.example\n", "", ""});
  const auto ask = [&](std::string_view recipient) {
    Client client = edge.client();
    client.ask("EHLO c.example");
    client.ask("MAIL FROM:<a@x.example>");
    return client.ask("RCPT TO:<" + std::string(recipient) + ">").substr(0, 9);
  };
  CHECK(ask("one@B.example") == "250 2.1.5");
  CHECK(ask("any@c.example") == "250 2.1.5");
  CHECK(ask("two@b.example") == "550 5.1.1");
  edge.server->reload(kiyome::edge::make_settings(edge.config, {"two@b.example\n", "", ""}));
  CHECK(ask("one@b.example") == "550 5.1.1");
  CHECK(ask("two@b.example") == "250 2.1.5");
  CHECK_THROWS(kiyome::edge::make_settings(edge.config, {"# nobody\n", "", ""}));
}

TEST_CASE("edge: without room on the disk the answer is 452, and mail is taken again when there is room") {
  Edge edge([](auto& config) { config.free_bytes_min = ~std::uint64_t{0}; });
  Client client = edge.client();
  client.ask("EHLO c.example");
  CHECK(client.ask("MAIL FROM:<a@x.example>") ==
        "452 4.3.1 Insufficient system storage, try again later\r\n");
  edge.config.free_bytes_min = 0;
  edge.config.free_inodes_min = 0;
  edge.server->reload(kiyome::edge::make_settings(edge.config, {}));
  Client later = edge.client();
  CHECK(send_mail(later, "x\r\n").substr(0, 4) == "250 ");
}

TEST_CASE("edge: PROXY from a listed balancer tells the client, and nothing else is heard from it") {
  const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);
  const auto header = [&](unsigned char last) {
    return signature + std::string("\x21\x11\0\x0c", 4) +
           std::string({'\xc0', '\0', '\2', static_cast<char>(last), 127, 0, 0, 1, 1, 1, 0, 25});
  };
  Edge edge([](auto& config) {
    config.proxy_networks = {"127.0.0.0/8"};
    config.relay_networks = {"192.0.2.5/32"};
  });
  Client client(edge.port);
  client.say(header(5) + "EHLO c.example\r\n");
  CHECK(client.reply() == "220 mx.example ESMTP\r\n");
  CHECK(client.reply().substr(0, 4) == "250-");
  client.say(kEnvelope + "x\r\n.\r\n");
  for (int i = 0; i < 3; ++i) client.reply();
  CHECK(edge.original(client.reply()).envelope.client_address == "192.0.2.5");

  Client other(edge.port);
  for (const char octet : header(6)) other.say({&octet, 1});
  CHECK(other.reply().substr(0, 4) == "220 ");
  other.ask("EHLO c.example");
  other.ask("MAIL FROM:<>");
  CHECK(other.ask("RCPT TO:<b@b.example>") == "554 5.7.1 Relaying denied\r\n");

  Client bare(edge.port);
  bare.say("EHLO c.example\r\n");
  CHECK(bare.rest().find("220") == std::string::npos);
}

TEST_CASE("edge: XCLIENT from a listed peer changes who is asking") {
  Edge edge([](auto& config) {
    config.xclient_networks = {"127.0.0.0/8"};
    config.relay_networks = {"127.0.0.0/8", "192.0.2.9/32"};
  });
  Client client = edge.client();
  client.ask("EHLO c.example");
  CHECK(client.ask("XCLIENT ADDR=192.0.2.9 HELO=far.example").substr(0, 4) == "220 ");
  const auto original = edge.original(send_mail(client, "x\r\n"));
  CHECK(original.envelope.client_address == "192.0.2.9");
  CHECK(client.ask("XCLIENT ADDR=203.0.113.1").substr(0, 4) == "220 ");
  client.ask("EHLO c.example");
  client.ask("MAIL FROM:<>");
  CHECK(client.ask("RCPT TO:<b@b.example>") == "554 5.7.1 Relaying denied\r\n");
  Edge closed;
  Client stranger = closed.client();
  stranger.ask("EHLO c.example");
  CHECK(stranger.ask("XCLIENT ADDR=192.0.2.9").substr(0, 9) == "550 5.7.0");
}

TEST_CASE("edge: stopping says 421 to idle sessions and finishes a message in hand") {
  Edge edge;
  Client idle = edge.client();
  Client busy = edge.client();
  busy.say("EHLO c.example\r\n" + kEnvelope + "x\r\n");
  for (int i = 0; i < 4; ++i) busy.reply();
  std::thread stopper([&] { edge.server->stop(Steady::now() + 8s); });
  CHECK(idle.reply().substr(0, 9) == "421 4.3.2");
  CHECK(idle.reply().empty());
  CHECK(edge.original(busy.ask(".")).size == 3);
  CHECK(busy.reply().substr(0, 9) == "421 4.3.2");
  const auto began = Steady::now();
  stopper.join();
  CHECK(Steady::now() - began < 7s);
}

TEST_CASE("edge: swaks delivers") {
  if (std::system("command -v swaks >/dev/null") != 0) {
    MESSAGE("swaks is not installed");
    return;
  }
  Edge edge;
  const std::string command =
      "swaks --pipeline --server 127.0.0.1 --port " + std::to_string(edge.port) +
      " --from a@x.example --to b@b.example,c@b.example --body 'from swaks' --hide-all 2>&1";
  CHECK(std::system(command.c_str()) == 0);
  CHECK(edge.announced.with([](auto& items) { return items.size(); }) == 1);
}

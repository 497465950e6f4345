#include "proto/smtp/reply_parser.h"

#include <doctest/doctest.h>

#include "proto/base/limits.h"

using namespace kiyome;
using namespace kiyome::smtp;

namespace {

// Feeds `octets` in pieces of `piece` and gives the first step that is not need_input.
ReplyParser::Step feed(ReplyParser& parser, std::string_view octets, std::size_t piece) {
  while (!octets.empty()) {
    std::string_view part = octets.substr(0, piece);
    octets.remove_prefix(part.size());
    const ReplyParser::Step step = parser.step(part);
    if (step != ReplyParser::Step::need_input) return step;
  }
  return ReplyParser::Step::need_input;
}

}  // namespace

TEST_CASE("reply parser: one line and many lines, however they are cut") {
  for (std::size_t piece = 1; piece < 40; ++piece) {
    ReplyParser one;
    CHECK(feed(one, "250 2.1.5 Ok\r\n", piece) == ReplyParser::Step::reply);
    CHECK(one.reply().code == 250);
    CHECK(one.reply().status == EnhancedStatus{2, 1, 5});
    CHECK(one.idle());
    ReplyParser many;
    CHECK(feed(many, "250-mx.example\r\n250-PIPELINING\r\n250-\r\n250 DSN\r\n", piece) ==
          ReplyParser::Step::reply);
    CHECK(many.reply().lines == std::vector<std::string>{"mx.example", "PIPELINING", "", "DSN"});
    CHECK(many.reply().status == EnhancedStatus{});
  }
}

TEST_CASE("reply parser: several replies in one piece are taken one by one") {
  ReplyParser parser;
  std::string_view input = "250 a\r\n550 5.1.1 b\r\n354\r\n2";
  CHECK(parser.step(input) == ReplyParser::Step::reply);
  CHECK(parser.reply().code == 250);
  CHECK(parser.step(input) == ReplyParser::Step::reply);
  CHECK(parser.reply().permanent());
  CHECK(parser.step(input) == ReplyParser::Step::reply);
  CHECK(parser.reply().code == 354);
  CHECK(parser.reply().lines == std::vector<std::string>{""});
  CHECK(parser.step(input) == ReplyParser::Step::need_input);
  CHECK_FALSE(parser.idle());
}

TEST_CASE("reply parser: a lone LF ends a line, as old servers have it") {
  ReplyParser parser;
  CHECK(feed(parser, "220 hello\n", 100) == ReplyParser::Step::reply);
  CHECK(parser.reply().lines == std::vector<std::string>{"hello"});
}

TEST_CASE("reply parser: what is not SMTP is garbage, and stays so") {
  const char* const kCases[] = {"\r\n",          "25\r\n",          "2x0 a\r\n",        "150 a\r\n",
                                "650 a\r\n",     "250_a\r\n",       "HTTP/1.1 400\r\n", "250-a\r\n251 b\r\n",
                                "250-a\r\n\r\n", "\x16\x03\x01\r\n"};
  for (const char* octets : kCases) {
    CAPTURE(octets);
    ReplyParser parser;
    CHECK(feed(parser, octets, 1) == ReplyParser::Step::garbage);
    std::string_view good = "250 fine\r\n";
    CHECK(parser.step(good) == ReplyParser::Step::garbage);
  }
  ReplyParser parser;
  CHECK(feed(parser, std::string_view("250 a\0b\r\n", 9), 100) == ReplyParser::Step::garbage);
}

TEST_CASE("reply parser: a line one below, at and one above its bound") {
  for (const std::size_t extra : {0, 1, 2}) {
    for (const std::size_t piece : {1, 7, 100000}) {
      ReplyParser parser;
      const std::string line = "250 " + std::string(limits::kSmtpReplyLine - 5 + extra, 'x');
      const bool fits = line.size() <= limits::kSmtpReplyLine;
      CHECK(feed(parser, line + "\r\n", piece) ==
            (fits ? ReplyParser::Step::reply : ReplyParser::Step::garbage));
    }
  }
  ReplyParser endless;
  CHECK(feed(endless, std::string(limits::kSmtpReplyLine + 2, '2'), 100) == ReplyParser::Step::garbage);
}

TEST_CASE("reply parser: lines one below, at and one above their bound") {
  for (const int extra : {-1, 0, 1}) {
    ReplyParser parser;
    std::string octets;
    for (std::size_t i = 1; i < limits::kSmtpReplyLines + static_cast<std::size_t>(extra + 1) - 1; ++i)
      octets += "250-x\r\n";
    octets += "250 x\r\n";
    CHECK(feed(parser, octets, 100000) ==
          (extra <= 0 ? ReplyParser::Step::reply : ReplyParser::Step::garbage));
  }
}

TEST_CASE("enhanced status: only a whole one that agrees with the code") {
  const struct {
    const char* text;
    EnhancedStatus status;
    const char* rest;
  } kCases[] = {
      {"5.1.1 no", {5, 1, 1}, "no"},  {"4.7.500 no", {4, 7, 500}, "no"},  {"2.0.0", {2, 0, 0}, ""},
      {"5.1 no", {}, "5.1 no"},       {"5.1.1000 no", {}, "5.1.1000 no"}, {"3.1.1 no", {}, "3.1.1 no"},
      {"5.01.1 no", {}, "5.01.1 no"}, {"5.1.1: no", {}, "5.1.1: no"},     {"", {}, ""},
      {"5..1 no", {}, "5..1 no"},
  };
  for (const auto& one : kCases) {
    std::string_view text = one.text;
    CHECK(take_enhanced_status(text) == one.status);
    CHECK(text == one.rest);
  }
  ReplyParser parser;
  CHECK(feed(parser, "550 4.1.1 odd\r\n", 100) == ReplyParser::Step::reply);
  CHECK(parser.reply().status == EnhancedStatus{});
}

TEST_CASE("reply: what is shown is printable and cut") {
  ReplyParser parser;
  CHECK(feed(parser, "550-a\x1b[31m\r\n550 \xe6\xb8\x85\r\n", 100) == ReplyParser::Step::reply);
  CHECK(parser.reply().shown() == "550 a?[31m ???");
  CHECK(parser.reply().shown(5) == "550 a");
}

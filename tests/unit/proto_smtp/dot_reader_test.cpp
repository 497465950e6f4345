// Tables for the dot reader and the pair reader: every case is fed whole, octet by octet, and cut in two at
// every place.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "proto/smtp/dot_reader.h"
#include "proto/smtp/line_scan.h"

using namespace std::literals;
using kiyome::smtp::DotReader;
using kiyome::smtp::PairReader;

namespace {

struct Outcome {
  std::string content;
  DotReader::Kind end = DotReader::Kind::more;
  std::string rest;
};

// Feeds `pieces` one after the other until the end or a bare octet.
Outcome read_pieces(const std::vector<std::string_view>& pieces) {
  DotReader reader;
  Outcome out;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    std::string_view input = pieces[i];
    for (;;) {
      const auto step = reader.step(input);
      out.content += step.octets;
      if (step.kind == DotReader::Kind::octets) continue;
      out.end = step.kind;
      break;
    }
    if (out.end == DotReader::Kind::more) continue;
    if (out.end == DotReader::Kind::end) {
      out.rest = input;
      for (std::size_t j = i + 1; j < pieces.size(); ++j) out.rest += pieces[j];
    }
    return out;
  }
  return out;
}

std::vector<std::vector<std::string_view>> cuts(std::string_view text) {
  std::vector<std::vector<std::string_view>> out{{text}, {}};
  for (std::size_t i = 0; i < text.size(); ++i) out[1].push_back(text.substr(i, 1));
  for (std::size_t i = 1; i < text.size(); ++i) out.push_back({text.substr(0, i), text.substr(i)});
  return out;
}

struct Good {
  std::string_view input, content, rest;
};
const Good kGood[] = {
    {".\r\n"sv, ""sv, ""sv},
    {"\r\n.\r\n"sv, "\r\n"sv, ""sv},
    {"a\r\n.\r\n"sv, "a\r\n"sv, ""sv},
    {"a\r\n.\r\nQUIT\r\n"sv, "a\r\n"sv, "QUIT\r\n"sv},
    {"a\r\n..\r\n.\r\n"sv, "a\r\n.\r\n"sv, ""sv},
    {"..\r\n.\r\n"sv, ".\r\n"sv, ""sv},
    {"...\r\n.\r\n"sv, "..\r\n"sv, ""sv},
    {"a\r\n.b\r\n.\r\n"sv, "a\r\nb\r\n"sv,
     ""sv},  // RFC 5321 section 4.5.2: the first dot goes, whatever follows
    {"a.\r\n.\r\n"sv, "a.\r\n"sv, ""sv},
    {"a\r\n .\r\n.\r\n"sv, "a\r\n .\r\n"sv, ""sv},
    {"a\r\n\r\n\r\n.\r\n"sv, "a\r\n\r\n\r\n"sv, ""sv},
    {"a\r\n. \r\n.\r\n"sv, "a\r\n \r\n"sv, ""sv},
    {"\x80\xff\t\x01\x0e\r\n.\r\n"sv, "\x80\xff\t\x01\x0e\r\n"sv, ""sv},
    {"0123456789abcdef0123456789abcdef\r\n.\r\n.\r\n"sv, "0123456789abcdef0123456789abcdef\r\n"sv, ".\r\n"sv},
};

// What another server may take for the end of a message, or for the end of a line.
const std::string_view kSmuggling[] = {
    "a\n.\r\n"sv,     "a\n.\n"sv,
    "a\r\n.\n"sv,     "a\r.\r\n"sv,
    "a\r.\r"sv,       "a\r\n.\r\r\n"sv,
    "a\n\r.\r\n"sv,   "a\r\r\n.\r\n"sv,
    "a\r\n\r.\r\n"sv, "a\r\n.\r.\r\n"sv,
    "a\r\n.\0\r\n"sv, "a\0\r\n.\r\n"sv,
    "a\r\0\n.\r\n"sv, "a\r\n\0.\r\n"sv,
    "\n"sv,           "\0"sv,
    "\r\r"sv,         "\r."sv,
    ".\n"sv,          ".\r."sv,
    ".\0"sv,          "a\n\n.\r\n"sv,
    "a\r\n\n.\r\n"sv, "a\r\n..\n.\r\n"sv,
    "a\r\n.\r\0\n"sv, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nb\r\n.\r\n"sv,
};

const std::string_view kUnfinished[] = {""sv,         "a"sv, "a\r"sv, "a\r\n"sv,  "a\r\n."sv,
                                        "a\r\n.\r"sv, "."sv, "\r"sv,  "a\r\n.b"sv};

}  // namespace

TEST_CASE("dot reader: content comes out with its dots unstuffed, what follows stays") {
  for (const Good& good : kGood)
    for (const auto& pieces : cuts(good.input)) {
      CAPTURE(good.input);
      const Outcome out = read_pieces(pieces);
      CHECK(out.end == DotReader::Kind::end);
      CHECK(out.content == good.content);
      CHECK(out.rest == good.rest);
    }
}

TEST_CASE("dot reader: a bare CR, LF or NUL ends the reading however it is cut") {
  for (const std::string_view input : kSmuggling)
    for (const auto& pieces : cuts(input)) {
      CAPTURE(input);
      CHECK(read_pieces(pieces).end == DotReader::Kind::bare);
    }
}

TEST_CASE("dot reader: an unfinished message waits for more") {
  for (const std::string_view input : kUnfinished)
    for (const auto& pieces : cuts(input)) {
      CAPTURE(input);
      CHECK(read_pieces(pieces).end == DotReader::Kind::more);
    }
}

TEST_CASE("dot reader: a reader that was reset stands at the start of a line") {
  DotReader reader;
  std::string_view input = "a\r\nb";
  while (reader.step(input).kind == DotReader::Kind::octets) {
  }
  reader.reset();
  input = ".\r\n";
  CHECK(reader.step(input).kind == DotReader::Kind::end);
}

TEST_CASE("pair reader: accepts exactly what has its CR and LF in pairs") {
  struct Case {
    std::string_view text;
    bool good;
  };
  const Case cases[] = {
      {""sv, true},
      {"a"sv, true},
      {"\r\n"sv, true},
      {"a\r\n.\r\nb"sv, true},
      {"a\n"sv, false},
      {"\r"sv, false},
      {"a\r\rb"sv, false},
      {"a\0b"sv, false},
      {"\r\n\r"sv, false},
      {"\n\r"sv, false},
      {"\r\n\n"sv, false},
      {"\r\n\r\n"sv, true},
      {"\x01\x0d\x0a"sv, true},
  };
  for (const Case& c : cases)
    for (const auto& pieces : cuts(c.text)) {
      CAPTURE(c.text);
      PairReader reader;
      bool good = true;
      for (const std::string_view piece : pieces) good = good && reader.check(piece);
      CHECK((good && reader.complete()) == c.good);
    }
}

TEST_CASE("line scan: finds the first of CR, LF and NUL at every offset and length") {
  for (std::size_t size = 0; size < 40; ++size)
    for (std::size_t at = 0; at < size; ++at)
      for (const char octet : "\r\n"sv) {
        std::string text(size, at % 2 == 0 ? '\t' : '\xff');
        text[at] = octet;
        if (at + 3 < size) text[at + 3] = '\0';
        CHECK(kiyome::smtp::find_line_octet(text) == at);
        CHECK(kiyome::smtp::find_line_octet(text, at) == at);
        CHECK(kiyome::smtp::find_line_octet(text.substr(0, at)) == std::string_view::npos);
      }
}

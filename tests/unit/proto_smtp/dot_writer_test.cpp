#include "proto/smtp/dot_writer.h"

#include <doctest/doctest.h>

using kiyome::smtp::DotWriter;

namespace {

std::string written(std::string_view content, std::size_t piece) {
  DotWriter writer;
  std::string out;
  for (std::size_t at = 0; at < content.size(); at += piece) writer.write(content.substr(at, piece), out);
  writer.finish(out);
  return out;
}

}  // namespace

TEST_CASE("dot writer: a table of contents, however they are cut") {
  const struct {
    std::string_view content;
    std::string_view out;
  } kCases[] = {
      {"", ".\r\n"},
      {"a\r\n", "a\r\n.\r\n"},
      {"a", "a\r\n.\r\n"},
      {".\r\n", "..\r\n.\r\n"},
      {"..a\r\n.b\r\n", "...a\r\n..b\r\n.\r\n"},
      {"a\r\n.\r\nMAIL FROM:<x>\r\n", "a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n"},
      {"a.b\r\n c.\r\n", "a.b\r\n c.\r\n.\r\n"},
      // what no mail of ours contains cannot end the mail either
      {"a\n.\nb", "a\r\n..\r\nb\r\n.\r\n"},
      {"a\r.\rb", "a\r\n..\r\nb\r\n.\r\n"},
      {"a\n\r.\r\n", "a\r\n\r\n..\r\n.\r\n"},
      {std::string_view("a\r\n\0.\r\n", 7), "a\r\n..\r\n.\r\n"},
      {std::string_view("a\r\0\n.\r\n", 7), "a\r\n\r\n..\r\n.\r\n"},
      {"a\r\r\n.\r\n", "a\r\n\r\n..\r\n.\r\n"},
      {"a\r", "a\r\n.\r\n"},
  };
  for (const auto& one : kCases) {
    CAPTURE(one.content);
    for (std::size_t piece = 1; piece < 20; ++piece) CHECK(written(one.content, piece) == one.out);
  }
}

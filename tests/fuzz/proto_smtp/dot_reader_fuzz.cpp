// The dot reader against a plain second reading of the same rules, and against itself with other cuts.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "proto/smtp/dot_reader.h"

using kiyome::smtp::DotReader;

namespace {

struct Outcome {
  DotReader::Kind end = DotReader::Kind::more;
  std::string content, rest;
};

Outcome read(std::string_view text, std::size_t piece) {
  DotReader reader;
  Outcome out;
  while (!text.empty()) {
    std::string_view input = text.substr(0, piece);
    const std::size_t offered = input.size();
    DotReader::Step step{};
    while ((step = reader.step(input)).kind == DotReader::Kind::octets) out.content += step.octets;
    if (step.kind == DotReader::Kind::end) text.remove_prefix(offered - input.size());
    if (step.kind != DotReader::Kind::more) {
      out.end = step.kind;
      out.rest = text;
      return out;
    }
    text.remove_prefix(offered);
  }
  return out;
}

// Line by line, as the RFC tells it.
Outcome oracle(std::string_view text) {
  Outcome out;
  for (;;) {
    const std::size_t at = text.find_first_of(std::string_view("\r\n\0", 3));
    if (at == std::string_view::npos || (text[at] == '\r' && at + 1 == text.size())) return out;
    if (text[at] != '\r' || text[at + 1] != '\n') {
      out.end = DotReader::Kind::bare;
      return out;
    }
    std::string_view line = text.substr(0, at);
    text.remove_prefix(at + 2);
    if (line == ".") {
      out.end = DotReader::Kind::end;
      out.rest = text;
      return out;
    }
    if (line.starts_with('.')) line.remove_prefix(1);
    out.content.append(line).append("\r\n");
  }
}

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Outcome expected = oracle(text);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{8}, size + 1}) {
    const Outcome out = read(text, piece);
    require(out.end == expected.end);
    if (expected.end == DotReader::Kind::end)
      require(out.content == expected.content && out.rest == expected.rest);
    if (expected.end == DotReader::Kind::more) require(out.content.starts_with(expected.content));
  }
  return 0;
}

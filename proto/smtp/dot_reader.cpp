#include "proto/smtp/dot_reader.h"

#include "proto/smtp/line_scan.h"

namespace kiyome::smtp {

DotReader::Step DotReader::step(std::string_view& input) {
  std::size_t begin = 0;
  while (begin < input.size()) {
    const char octet = input[begin];
    switch (at_) {
      case At::cr:  // the last piece ended between CR and LF
        if (octet != '\n') return {Kind::bare, {}};
        at_ = At::line_start;
        input.remove_prefix(begin + 1);
        return {Kind::octets, "\r\n"};
      case At::dot:
        if (octet == '\n' || octet == '\0') return {Kind::bare, {}};
        if (octet == '\r') {
          at_ = At::dot_cr;
          ++begin;
          break;
        }
        at_ = At::text;  // a stuffed dot: the first one is not content
        return run(input, begin);
      case At::dot_cr:
        if (octet != '\n') return {Kind::bare, {}};
        at_ = At::line_start;
        input.remove_prefix(begin + 1);
        return {Kind::end, {}};
      case At::line_start:
        if (octet == '.') {
          at_ = At::dot;
          ++begin;
          break;
        }
        at_ = At::text;
        return run(input, begin);
      case At::text:
        return run(input, begin);
    }
  }
  input = {};
  return {Kind::more, {}};
}

// The longest piece of content from `begin`, in state text, that stands in the input without a gap.
DotReader::Step DotReader::run(std::string_view& input, std::size_t begin) {
  std::size_t at = begin;
  std::size_t after = 0;
  for (;;) {
    at = find_line_octet(input, at);
    if (at == std::string_view::npos) {
      at = after = input.size();
      break;
    }
    if (input[at] != '\r') return {Kind::bare, {}};
    if (at + 1 == input.size()) {
      at_ = At::cr;
      after = at + 1;
      break;
    }
    if (input[at + 1] != '\n') return {Kind::bare, {}};
    at += 2;
    if (at == input.size() || input[at] == '.') {
      at_ = At::line_start;
      after = at;
      break;
    }
  }
  const std::string_view content = input.substr(begin, at - begin);
  input.remove_prefix(after);
  if (content.empty())
    return step(input);  // only a CR that ended the piece: one level, the input is empty now
  return {Kind::octets, content};
}

bool PairReader::check(std::string_view octets) {
  if (octets.empty()) return true;
  std::size_t at = 0;
  if (cr_) {
    if (octets[0] != '\n') return false;
    cr_ = false;
    at = 1;
  }
  for (;;) {
    at = find_line_octet(octets, at);
    if (at == std::string_view::npos) return true;
    if (octets[at] != '\r') return false;
    if (at + 1 == octets.size()) {
      cr_ = true;
      return true;
    }
    if (octets[at + 1] != '\n') return false;
    at += 2;
  }
}

}  // namespace kiyome::smtp

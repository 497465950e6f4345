// format=flowed (RFC 3676): paragraphs that were broken for the way are joined again. One pass, output never
// longer than input by more than a space a line.
#include <algorithm>

#include "sanitizers/text/text.h"

namespace kiyome::sanitizer::text {
namespace {

struct FlowedLine {
  std::size_t quotes = 0;
  std::string_view text;  // without quote marks, stuffing, and DelSp's space
  bool flowed = false;
  bool signature = false;  // "-- "
};

FlowedLine read_line(std::string_view line, bool delsp) {
  FlowedLine out;
  if (line.ends_with('\r')) line.remove_suffix(1);
  out.quotes = std::min(line.find_first_not_of('>'), line.size());
  line.remove_prefix(out.quotes);
  if (line.starts_with(' ')) line.remove_prefix(1);
  out.signature = line == "-- ";
  out.flowed = line.ends_with(' ') && !out.signature;
  if (out.flowed && delsp) line.remove_suffix(1);
  out.text = line;
  return out;
}

}  // namespace

std::string unflow(std::string_view utf8, bool delsp) {
  std::string out;
  out.reserve(utf8.size() + utf8.size() / 16);
  bool open = false;  // the last line flows on
  std::size_t quotes = 0;
  std::size_t at = 0;
  while (at < utf8.size()) {
    const std::size_t end = std::min(utf8.find('\n', at), utf8.size());
    const FlowedLine line = read_line(utf8.substr(at, end - at), delsp);
    const bool joins = open && line.quotes == quotes && !line.signature;
    if (!joins) {
      if (open) out += '\n';
      out.append(line.quotes, '>');
      if (line.quotes != 0 && !line.text.empty()) out += ' ';
    }
    out.append(line.text);
    open = line.flowed;
    quotes = line.quotes;
    if (!open && end < utf8.size()) out += '\n';
    at = end + 1;
  }
  if (open && utf8.ends_with('\n')) out += '\n';
  return out;
}

}  // namespace kiyome::sanitizer::text

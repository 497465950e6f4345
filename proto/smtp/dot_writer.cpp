#include "proto/smtp/dot_writer.h"

#include "proto/smtp/line_scan.h"

namespace kiyome::smtp {

void DotWriter::write(std::string_view content, std::string& out) {
  std::size_t at = 0;
  while (at < content.size()) {
    const char first = content[at];
    if (cr_) {
      cr_ = false;
      if (first == '\n') {
        ++at;
        continue;
      }
    }
    if (line_begins_ && first == '.') out += '.';
    const std::size_t end = find_line_octet(content, at);
    if (end != at) line_begins_ = false;
    if (end == std::string_view::npos) {
      out.append(content.substr(at));
      return;
    }
    out.append(content.substr(at, end - at));
    at = end + 1;
    if (content[end] == '\0') continue;
    out += "\r\n";
    line_begins_ = true;
    cr_ = content[end] == '\r';
  }
}

void DotWriter::finish(std::string& out) {
  if (!line_begins_) out += "\r\n";
  out += ".\r\n";
  line_begins_ = true;
  cr_ = false;
}

}  // namespace kiyome::smtp

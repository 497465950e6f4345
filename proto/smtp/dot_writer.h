// The octets of a mail as they go after DATA (RFC 5321 section 4.5.2): dots stuffed, ended by a line of one
// dot. Whatever the content is, nothing in it can end the mail early for any reader: a lone CR or LF becomes
// CRLF, NUL is left out. Content that is CRLF and without NUL, as all our mails are, is changed by stuffing
// alone.
#pragma once

#include <string>
#include <string_view>

namespace kiyome::smtp {

class DotWriter {
 public:
  // Appends the next piece of the content to `out`. Pieces may end anywhere.
  void write(std::string_view content, std::string& out);
  // Ends the last line if it is open, and the mail.
  void finish(std::string& out);

 private:
  bool line_begins_ = true;
  bool cr_ = false;  // the last octet was a CR whose LF has not come yet; its CRLF is written
};

}  // namespace kiyome::smtp

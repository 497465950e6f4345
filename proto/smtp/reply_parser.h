// What a server answers, line by line (RFC 5321 section 4.2), with its enhanced status (RFC 2034, RFC 3463).
// Trusts nothing: a line is at most limits::kSmtpReplyLine octets, a reply at most limits::kSmtpReplyLines
// lines. A lone LF ends a line too: it cannot change the meaning of a reply. Standard library only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiyome::smtp {

struct EnhancedStatus {
  std::uint16_t status_class = 0, subject = 0, detail = 0;  // class 2, 4 or 5; 0: none
  bool operator==(const EnhancedStatus&) const = default;
};

// Takes "5.1.1" and the blank after it from the front of `text`; none when it is not there or not
// well-formed.
EnhancedStatus take_enhanced_status(std::string_view& text);

struct Reply {
  std::uint16_t code = 0;          // 200 to 599
  EnhancedStatus status;           // of the first line; class 0 when there is none or it contradicts the code
  std::vector<std::string> lines;  // what follows the code, octets as they came, status included

  bool positive() const { return code < 300; }
  bool temporary() const { return code >= 400 && code < 500; }
  bool permanent() const { return code >= 500; }
  // The lines in one, with only printable ASCII, at most `max` octets: for a log, never for a person outside.
  std::string shown(std::size_t max = 400) const;
};

class ReplyParser {
 public:
  enum class Step {
    need_input,  // all input is taken
    reply,       // reply() is whole; the rest of the input is not yet taken
    garbage,     // not SMTP, or beyond a bound; the connection is of no more use
  };
  // Takes octets from the front of `input`. After garbage it stays garbage.
  Step step(std::string_view& input);
  const Reply& reply() const { return reply_; }
  // Nothing of an unfinished reply is held.
  bool idle() const { return line_.empty() && !more_; }
  void forget();

 private:
  enum class Line { more, last, garbage };
  Line take(std::string_view line);

  std::string line_;  // of an unfinished line
  Reply reply_;
  bool more_ = false;  // a line with '-' came: the reply goes on
  bool broken_ = false;
};

}  // namespace kiyome::smtp

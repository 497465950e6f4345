// Lines of plain text being put together: white space collapsed as HTML does, blank lines kept few, quotes
// and lists indented. Linear; an output line costs at most its text and a bounded prefix.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiyome::sanitizer::text {

class Lines {
 public:
  // Visible characters without collapsible white space.
  void word(std::string_view text);
  // White space between words; `newline` when it held a line break of the source, which means nothing between
  // two CJK characters.
  void gap(bool newline) {
    if (gap_ == Gap::none || !newline) gap_ = newline ? Gap::newline : Gap::space;
  }
  void fixed_space();
  // Text of <pre>: spaces stay, LF ends the line.
  void preformatted(std::string_view text);

  void line_break();  // <br>
  void block();       // a block begins or ends here
  void paragraph();   // the same, with a blank line between
  bool at_line_start() const { return line_.empty(); }

  // A quote or an indent begins; a marker stands once in place of its own indent.
  enum class Level : unsigned char { quote, list, plain };
  void push(Level level, std::string_view marker = {});
  void pop();
  // A line made elsewhere, with the prefix of this place.
  void whole_lines(std::string_view text);

  bool empty() const { return out_.empty() && line_.empty(); }
  std::string take();

 private:
  enum class Gap : unsigned char { none, newline, space };
  struct Step {
    std::size_t size = 0;  // of its prefix
    std::string marker;
    Level level = Level::plain;
  };
  void flush();
  void settle_gap(std::string_view next);

  std::string out_, line_, prefix_, last_prefix_;
  std::vector<Step> steps_;
  std::size_t quotes_ = 0, lists_ = 0;
  std::size_t markers_ = 0;  // steps whose marker still waits
  unsigned blank_ = 0;       // blank lines owed before the next line
  Gap gap_ = Gap::none;
  bool started_ = false;  // the line holds something, if only fixed spaces
};

// Whether the first / last character of UTF-8 text is CJK, so that no space separates it from its kind.
bool begins_wide(std::string_view utf8);
bool ends_wide(std::string_view utf8);

}  // namespace kiyome::sanitizer::text

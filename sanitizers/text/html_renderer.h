// The state of one HTML → text run: open elements, what is visible, tables and links being gathered.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sanitizers/text/html_lines.h"
#include "sanitizers/text/html_sheet.h"
#include "sanitizers/text/html_table.h"
#include "sanitizers/text/html_tokenizer.h"
#include "sanitizers/text/text.h"

namespace kiyome::sanitizer::text {

class HtmlRenderer {
 public:
  explicit HtmlRenderer(std::string_view html);
  Html run();

 private:
  // What is inherited from element to element.
  struct Look {
    bool gone = false;       // display: none and all that no descendant can undo
    bool invisible = false;  // visibility
    bool tiny = false;       // font-size
    bool preserves = false;
    SymbolFont font = SymbolFont::none;
    // A colour counts only where a sender chose one; the page's background is white unless said otherwise.
    Paint color, background{Paint::Kind::color, 0xffffff};
  };
  struct Open {
    std::uint32_t id = 0;
    Tag tag = Tag::other;
    Look outer;  // the look to return to
    bool no_margin = false;
    bool effect = false;    // has something to undo, see leave()
    bool indented = false;  // a list that made an indent of its own
    unsigned count = 0;     // of a list: its next number
    bool ordered = false;
    unsigned columns = 1, rows = 1;  // of a table's cell
    char numbering = '1';
  };

  void token(const Token& token);
  void start(const Token& token);
  void end(const Token& token);
  void text(std::string_view s, bool references);
  void visible_run(std::string_view s, bool references);
  void word(std::string_view s);
  bool symbol(std::string_view s, bool references);
  bool has_visible(std::string_view s, bool references) const;

  // Elements.
  void close_implied(const Token& token);
  bool close(Tag tag, std::uint32_t id, bool table_scope);
  void close_item(std::uint32_t id, std::uint32_t other_id);
  bool is_open(std::uint32_t id) const { return open_count_[id % kBuckets] != 0; }
  void pop();
  void enter(const Token& token, Open& open, const Style& style);
  void leave(Open& open);
  void void_element(const Token& token, const Style& style);
  bool enter_table(const Token& token, Open& open);
  void enter_cell(const Token& token, Open& open);
  void image(const Token& token, const Style& style);
  void nest_list(Open& open);
  void list_item(const Token& token, Open& open);
  void open_link(const Token& token);
  void finish_link();
  Style style_of(const Token& token);
  void attribute_style(const Token& token, Style& style);
  void look(const Token& token, const Style& style);
  void look_colors(const Token& token, const Style& style);
  void note_remote(const Token& token, const Style& style);
  bool seen() const;

  Lines& out() { return *frames_.back(); }
  void find(clean::Finding finding);
  void collect_style_sheets();

  static constexpr std::size_t kBuckets = 1024;
  std::string owned_;  // the cleaned input
  std::string_view html_;
  StyleSheet sheet_;
  Html result_;
  std::vector<Open> open_;
  std::array<std::uint32_t, kBuckets> open_count_{}, overflow_{};
  std::vector<std::unique_ptr<Lines>> frames_;
  std::vector<Table> tables_;
  Look look_;
  std::string base_;
  std::string link_href_, link_text_;
  bool in_link_ = false, link_image_ = false, link_visible_ = false;
  bool skip_newline_ = false;     // the first line end within <pre>
  bool heading_pending_ = false;  // a heading's mark waits for its text
  unsigned superscript_ = 0, subscript_ = 0;
};

}  // namespace kiyome::sanitizer::text

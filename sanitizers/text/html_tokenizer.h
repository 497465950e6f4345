// HTML → tokens, as browsers tokenize, without a tree: one pass, no copies, views into the input.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace kiyome::sanitizer::text {

enum class Tag : std::uint8_t {
  other,  // known to us by its hash only
#define TAG(name) name,
#include "sanitizers/text/html_tags.def"
#undef TAG
};

enum class Attribute : std::uint8_t {
#define ATTRIBUTE(name, html) name,
#include "sanitizers/text/html_attributes.def"
#undef ATTRIBUTE
  count
};

struct Token {
  enum class Kind : std::uint8_t { text, start, end, swallowed } kind = Kind::text;
  Tag tag = Tag::other;
  std::uint32_t id = 0;   // equal for equal names, unknown ones too
  std::string_view name;  // of start and end, as written
  std::string_view text;  // of text; of `swallowed`: what an unclosed tag or comment took with it
  bool raw = false;       // text of script, style and their like: no character references
  bool handler = false;   // start: has an on… attribute
  std::array<std::string_view, static_cast<std::size_t>(Attribute::count)> values{};  // raw
  std::uint32_t present = 0;                                                          // bit set of Attribute

  bool has(Attribute a) const { return (present >> static_cast<unsigned>(a) & 1u) != 0; }
  std::string_view value(Attribute a) const {
    return has(a) ? values[static_cast<std::size_t>(a)] : std::string_view();
  }
};

class HtmlTokenizer {
 public:
  explicit HtmlTokenizer(std::string_view html) : s_(html) {}
  // False at the end. The token's views live as long as the input.
  bool next(Token& token);

 private:
  bool markup(Token& token);
  bool tag(Token& token, std::size_t name_at, bool end);
  void attributes(Token& token);
  void raw_text(Token& token);
  bool swallow(Token& token, std::size_t from);

  std::string_view s_;
  std::size_t at_ = 0;
  Tag raw_until_ = Tag::other;  // inside script, style …: only its end tag ends it
};

// The Tag of a lower- or upper-case name, and its id.
Tag tag_of(std::string_view name, std::uint32_t& id);

}  // namespace kiyome::sanitizer::text

// The rules of <style> blocks: which declarations an element gets. Hostile, linear, bounded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sanitizers/text/html_style.h"

namespace kiyome::sanitizer::text {

class StyleSheet {
 public:
  // The content of one <style> element, and its media attribute; @import and url() are noted.
  void add(std::string_view css, std::string_view media = {});
  // What the rules say about an element. Simple ones (tag, .class, tag.class, #id, tag#id) apply; of @media
  // and of selectors that look at other elements nobody knows whether they do, so they can only show.
  Style lookup(std::string_view tag, std::string_view classes, std::string_view id) const;
  bool empty() const { return rules_.empty() && doubts_.empty(); }
  bool remote() const { return remote_; }

 private:
  // In the order of their strength. elsewhere: on small screens; never: on paper and in the dark.
  enum class Applies : std::uint8_t { surely, perhaps, elsewhere, never };
  static Applies conditional(std::string_view query);
  void rules(std::string_view css, Applies applies, unsigned depth);
  void group(std::string_view head, std::string_view body, Applies applies, unsigned depth);
  void rule(std::string_view selectors, std::string_view body, Applies applies);
  void one_rule(std::string_view selector, const Style& style, Applies applies);
  void doubt_everything();
  using Rules = std::unordered_map<std::string, Style>;
  Rules rules_, doubts_;  // doubts by the last tag, class or id of their selector; "*" for every element
  bool remote_ = false;
};

}  // namespace kiyome::sanitizer::text

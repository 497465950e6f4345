// As much of CSS as decides whether a reader sees a text: visibility, size, colours, margins; inline and from
// simple rules of <style> blocks. Everything else is skipped. Hostile, linear, bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace kiyome::sanitizer::text {

// What an element's own declarations say; unset = nothing said.
struct Style {
  std::optional<bool> displayed;  // display
  bool displayed_important = false;
  std::optional<bool> visible;       // visibility
  std::optional<bool> tiny_font;     // font-size of a pixel or less
  bool no_size = false;              // a width or height of zero
  bool clipped = false;              // overflow: hidden
  bool transparent = false;          // opacity: 0, or transparent letters
  bool outside = false;              // positioned or indented out of sight
  bool hidden_from_outlook = false;  // mso-hide: all
  bool border_none = false;
  std::optional<std::uint32_t> color, background;  // 0xRRGGBB
  bool background_unknown = false;                 // an image or a colour we do not read
  std::optional<bool> no_margin;                   // vertical margins of zero
  std::optional<bool> preserves_space;             // white-space: pre…
  std::optional<int> width, height;                // in pixels, when given so
  bool remote = false;                             // url(http…)

  // What `other` says goes over what this says (its display not over an important one).
  void apply(const Style& other);
};

// "#fff", "#ffffff", "rgb(…)", a common name, and the "ffffff" of HTML attributes.
std::optional<std::uint32_t> color_of(std::string_view value);
// Declarations "a: b; c: d".
Style declarations(std::string_view css);
// No difference an eye would see.
bool same_color(std::uint32_t a, std::uint32_t b);

class StyleSheet {
 public:
  // The content of one <style> element; @media and its like are skipped, @import and url() noted.
  void add(std::string_view css);
  // What the simple rules say about an element: tag, .class, tag.class, #id.
  Style lookup(std::string_view tag, std::string_view classes, std::string_view id) const;
  bool empty() const { return rules_.empty(); }
  bool remote() const { return remote_; }
  // Rules we do not resolve set backgrounds: then a background that no element states itself is not known.
  bool sets_backgrounds_elsewhere() const { return complex_background_; }
  bool sets_colors_elsewhere() const { return complex_color_; }

 private:
  void rule(std::string_view selectors, std::string_view body);
  std::unordered_map<std::string, Style> rules_;
  bool remote_ = false;
  bool complex_background_ = false;
  bool complex_color_ = false;
};

}  // namespace kiyome::sanitizer::text

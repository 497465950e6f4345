// As much of CSS as decides whether a reader sees a text: visibility, size, colours, margins; inline and from
// simple rules of <style> blocks. Everything else is skipped. Hostile, linear, bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kiyome::sanitizer::text {

// A colour as declared. What a client makes of `unknown` we cannot say; `clear` lets through what lies below,
// `inherit` is the parent's.
struct Paint {
  enum class Kind : std::uint8_t { color, unknown, clear, inherit } kind = Kind::unknown;
  std::uint32_t rgb = 0;  // 0xRRGGBB, of `color`

  bool known() const { return kind == Kind::color; }
};

// Fonts whose letters are pictures.
enum class SymbolFont : std::uint8_t { none, wingdings, symbol };

// What an element's own declarations say; unset = nothing said.
struct Style {
  std::optional<bool> displayed;    // display
  std::optional<bool> visible;      // visibility
  std::optional<bool> tiny_font;    // font-size of a pixel or less
  std::optional<bool> transparent;  // opacity: 0
  bool no_size = false;             // a width or height of zero
  bool clipped = false;             // overflow: hidden
  bool outside = false;             // positioned or indented out of sight
  bool border_none = false;
  std::optional<Paint> color, background;
  bool picture = false;                 // something we do not see lies behind the text, or fills its letters
  bool lifted = false;                  // positioned: what it lies upon nobody knows
  std::optional<bool> no_margin;        // vertical margins of zero
  std::optional<bool> preserves_space;  // white-space: pre…
  std::optional<int> width, height;     // in pixels, when given so
  std::optional<SymbolFont> font;       // font-family
  bool remote = false;                  // url(http…)

  // Which of displayed, visible, tiny_font, color, background were said with "!important".
  enum Important : std::uint8_t {
    kDisplay = 1,
    kVisibility = 2,
    kFontSize = 4,
    kColor = 8,
    kBackground = 16
  };
  std::uint8_t important = 0;

  // What `other` says goes over what this says, except over what is more important.
  void apply(const Style& other);
  // What is left to say when nobody knows whether these declarations apply: whatever may show a text.
  Style in_doubt() const;
};

// "#fff", "#ffffff", "rgb(…)", a common name, and the "ffffff" of HTML attributes.
std::optional<std::uint32_t> color_of(std::string_view value);
// Declarations "a: b; c: d".
Style declarations(std::string_view css);
// No difference an eye would see.
bool same_color(std::uint32_t a, std::uint32_t b);

// Of "Wingdings, sans-serif": by its first family.
SymbolFont symbol_font(std::string_view families);

}  // namespace kiyome::sanitizer::text

// Declarations and simple rules. Unknown properties, broken values and everything clever are passed over.
#include "sanitizers/text/html_style.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "proto/base/limits.h"
#include "sanitizers/text/css_text.h"

namespace kiyome::sanitizer::text {

using namespace css;

namespace {

struct Length {
  double value = 0;
  std::string_view unit;
};

// "12px" at the start of a value.
std::optional<Length> length_of(std::string_view s) {
  constexpr std::size_t kDigits = 24;
  char digits[kDigits + 1];
  std::size_t n = 0;
  while (n < s.size() && n < kDigits &&
         ((s[n] >= '0' && s[n] <= '9') || s[n] == '.' || (n == 0 && (s[n] == '-' || s[n] == '+')))) {
    digits[n] = s[n];
    ++n;
  }
  digits[n] = '\0';
  char* end = nullptr;
  const double value = std::strtod(digits, &end);
  if (end == digits) return std::nullopt;
  std::string_view unit = s.substr(n);
  std::size_t letters = 0;
  while (letters < unit.size() && (unit[letters] == '%' || (unit[letters] >= 'a' && unit[letters] <= 'z')))
    ++letters;
  return Length{value, unit.substr(0, letters)};
}

bool is_zero(std::string_view value) {
  const auto length = length_of(value);
  return length && std::fabs(length->value) < 0.01;
}

bool is_tiny_font(const Length& length) {
  if (length.unit == "em" || length.unit == "rem") return length.value < 0.1;
  if (length.unit == "%") return length.value < 10;
  return length.value <= 1.01;
}

std::optional<int> pixels(std::string_view value) {
  const auto length = length_of(value);
  if (!length || (length->unit != "px" && !length->unit.empty() && length->value != 0)) return std::nullopt;
  return static_cast<int>(std::clamp(length->value, -100000.0, 100000.0));
}

struct Named {
  std::string_view name;
  std::uint32_t color;
};
constexpr Named kColors[] = {
    {"white", 0xffffff},      {"black", 0x000000},      {"red", 0xff0000},        {"green", 0x008000},
    {"blue", 0x0000ff},       {"yellow", 0xffff00},     {"gray", 0x808080},       {"grey", 0x808080},
    {"silver", 0xc0c0c0},     {"navy", 0x000080},       {"maroon", 0x800000},     {"purple", 0x800080},
    {"teal", 0x008080},       {"olive", 0x808000},      {"lime", 0x00ff00},       {"aqua", 0x00ffff},
    {"fuchsia", 0xff00ff},    {"orange", 0xffa500},     {"snow", 0xfffafa},       {"ivory", 0xfffff0},
    {"whitesmoke", 0xf5f5f5}, {"ghostwhite", 0xf8f8ff}, {"lightgray", 0xd3d3d3},  {"lightgrey", 0xd3d3d3},
    {"darkgray", 0xa9a9a9},   {"dimgray", 0x696969},    {"windowtext", 0x000000}, {"window", 0xffffff},
};

int hex(char c) {
  c = lower(c);
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::uint32_t> hex_color(std::string_view digits) {
  if (digits.size() != 3 && digits.size() != 4 && digits.size() != 6 && digits.size() != 8)
    return std::nullopt;
  const bool is_short = digits.size() < 6;
  std::uint32_t color = 0;
  for (std::size_t i = 0; i < (is_short ? 3 : 6); ++i) {
    const int digit = hex(digits[i]);
    if (digit < 0) return std::nullopt;
    color = color << 4 | static_cast<unsigned>(digit);
    if (is_short) color = color << 4 | static_cast<unsigned>(digit);
  }
  return color;
}

// "rgb(0, 51, 102)", "rgba(0 51 102 / 50%)"; how opaque it is goes to `alpha`.
std::optional<std::uint32_t> rgb_color(std::string_view value, double& alpha) {
  const std::size_t open = value.find('(');
  if (open == std::string_view::npos) return std::nullopt;
  std::uint32_t color = 0;
  std::size_t at = open + 1;
  for (int i = 0; i < 4; ++i) {
    while (at < value.size() && (is_blank(value[at]) || value[at] == ',' || value[at] == '/')) ++at;
    const auto length = length_of(value.substr(at));
    const bool percent = length && length->unit == "%";
    if (i == 3) {
      if (length) alpha = percent ? length->value / 100 : length->value;
      break;
    }
    if (!length) return std::nullopt;
    const double scaled = percent ? length->value * 2.55 : length->value;
    color = color << 8 | static_cast<std::uint32_t>(std::clamp(scaled, 0.0, 255.0));
    while (at < value.size() && value[at] != ',' && value[at] != '/' && !is_blank(value[at])) ++at;
  }
  return color;
}

double hex_alpha(std::string_view digits) {
  if (digits.size() == 4) return hex(digits[3]) / 15.0;
  return digits.size() == 8 ? (hex(digits[6]) * 16 + hex(digits[7])) / 255.0 : 1;
}

std::optional<std::uint32_t> solid_or_not(std::string_view value, double& alpha) {
  if (value.starts_with("rgb")) return rgb_color(value, alpha);
  if (const auto color = color_of(value)) {
    if (value.starts_with('#')) alpha = hex_alpha(value.substr(1));
    return color;
  }
  return std::nullopt;
}

constexpr double kSeeThrough = 0.02;  // less is not seen at all
constexpr double kSolid = 0.95;       // as good as opaque

Paint background_paint(std::string_view value) {
  if (value == "transparent" || value == "none" || value == "initial" || value == "inherit" ||
      value == "unset")
    return {Paint::Kind::clear};
  double alpha = 1;
  const auto color = solid_or_not(value, alpha);
  if (!color) return {Paint::Kind::unknown};
  if (alpha < kSeeThrough) return {Paint::Kind::clear};
  return alpha < kSolid ? Paint{Paint::Kind::unknown} : Paint{Paint::Kind::color, *color};
}

Paint text_paint(std::string_view value) {
  if (value == "inherit" || value == "unset" || value == "currentcolor") return {Paint::Kind::inherit};
  if (value == "transparent") return {Paint::Kind::clear};
  double alpha = 1;
  const auto color = solid_or_not(value, alpha);
  if (!color) return {Paint::Kind::unknown};
  // Half-transparent letters show as long as they are not of the background's colour.
  return alpha < kSeeThrough ? Paint{Paint::Kind::clear} : Paint{Paint::Kind::color, *color};
}

// The first word of "background: #fff url(x) …" that is a colour.
void background(std::string_view value, Style& style) {
  if (value.find("url(") != std::string_view::npos || value.find("gradient") != std::string_view::npos)
    style.picture = true;
  if (value.starts_with("rgb") || value.find(' ') == std::string_view::npos) {
    style.background = value.starts_with("0") ? Paint{Paint::Kind::clear} : background_paint(value);
    return;
  }
  style.background = Paint{Paint::Kind::unknown};
  std::size_t at = 0;
  while (at < value.size()) {
    const std::size_t end = std::min(value.find(' ', at), value.size());
    const std::string_view word = value.substr(at, end - at);
    at = end + 1;
    const bool number = !word.empty() && word[0] >= '0' && word[0] <= '9';
    const Paint paint = number || word == "none" ? Paint{} : background_paint(word);
    if (paint.kind == Paint::Kind::unknown) continue;
    style.background = paint;
    return;
  }
  if (value.starts_with("0") || value.starts_with("none")) style.background = Paint{Paint::Kind::clear};
}

bool vertical_margins_zero(std::string_view value) {
  // margin: top [right [bottom [left]]]
  std::array<bool, 4> zero{};
  std::size_t count = 0, at = 0;
  while (at < value.size() && count < 4) {
    const std::size_t end = std::min(value.find(' ', at), value.size());
    if (end > at) zero[count++] = is_zero(value.substr(at, end - at));
    at = end + 1;
  }
  return count != 0 && zero[0] && (count < 3 || zero[2]);
}

bool far_out(std::string_view value) {
  const auto length = length_of(value);
  return length && length->value <= -900;
}

void declare_font(std::string_view name, std::string_view value, Style& style) {
  if (name == "font-family") {
    if (value != "inherit") style.font = symbol_font(value);
  } else if (name == "font-size") {
    if (const auto length = length_of(value))
      style.tiny_font = is_tiny_font(*length);
    else
      style.tiny_font = value == "inherit" ? std::nullopt : std::optional<bool>(false);
  } else {
    // "font: 0/0 a": the size is the first number, the families come behind it.
    const std::size_t digit = value.find_first_of("0123456789");
    if (digit == std::string_view::npos || (digit != 0 && value[digit - 1] != ' ')) return;
    if (const auto length = length_of(value.substr(digit)); length && length->value < 100)
      style.tiny_font = is_tiny_font(*length);
    const std::size_t families = std::min(value.find(' ', digit), value.size());
    style.font = symbol_font(value.substr(families));
  }
}

void declare_paint(std::string_view name, std::string_view value, Style& style) {
  if (name == "color" || name == "-webkit-text-fill-color") {
    style.color = text_paint(value);
  } else if (name == "background") {
    background(value, style);
  } else if (name == "background-color") {
    style.background = background_paint(value);
  } else if (name == "background-image") {
    style.picture = style.picture || value != "none";
  } else if (name.ends_with("background-clip")) {  // the background shows through the letters
    style.picture = style.picture || value == "text";
  }
}

void declare_place(std::string_view name, std::string_view value, Style& style) {
  if (name == "text-indent" || name == "left" || name == "top" || name == "margin-left" ||
      name == "margin-top")
    style.outside |= far_out(value);
  if (name == "margin-top") style.no_margin = is_zero(value);
  if (name == "margin") style.no_margin = vertical_margins_zero(value);
  if (name == "margin-bottom") style.no_margin = is_zero(value) && style.no_margin.value_or(true);
  // What it lies upon now, nobody knows.
  if (name == "position") style.lifted = value == "absolute" || value == "fixed";
}

void declare_size(std::string_view name, std::string_view value, Style& style) {
  if (is_zero(value)) style.no_size = true;
  if (name == "width") style.width = pixels(value);
  if (name == "height") style.height = pixels(value);
}

// Which of Style::important a property can be.
unsigned importance_of(std::string_view name) {
  if (name == "display") return Style::kDisplay;
  if (name == "visibility") return Style::kVisibility;
  if (name == "font" || name == "font-size") return Style::kFontSize;
  if (name == "color" || name == "-webkit-text-fill-color") return Style::kColor;
  return name == "background" || name == "background-color" ? Style::kBackground : 0;
}

void declare(std::string_view name, std::string_view value, Style& style) {
  if (name == "display") {
    style.displayed = value != "none";
  } else if (name == "visibility") {
    style.visible = value != "hidden" && value != "collapse";
  } else if (name == "font" || name == "font-size" || name == "font-family") {
    declare_font(name, value, style);
  } else if (name == "color" || name == "-webkit-text-fill-color" || name.starts_with("background") ||
             name == "-webkit-background-clip") {
    declare_paint(name, value, style);
  } else if (name == "opacity") {
    const auto length = length_of(value);
    style.transparent = length && length->value < kSeeThrough;
  } else if (name == "overflow" || name == "overflow-y" || name == "overflow-x") {
    style.clipped = value == "hidden" || value == "clip";
  } else if (name == "width" || name == "height" || name == "max-width" || name == "max-height") {
    declare_size(name, value, style);
  } else if (name == "white-space") {
    style.preserves_space =
        value == "pre" || value == "pre-wrap" || value == "pre-line" || value == "break-spaces";
  } else if (name == "border") {
    style.border_none = value == "none" || is_zero(value);
  } else {
    declare_place(name, value, style);
  }
}

}  // namespace

void Style::apply(const Style& o) {
  const auto wins = [&](Important one) { return (important & one) == 0 || (o.important & one) != 0; };
  if (o.displayed && wins(kDisplay)) displayed = o.displayed;
  if (o.visible && wins(kVisibility)) visible = o.visible;
  if (o.tiny_font && wins(kFontSize)) tiny_font = o.tiny_font;
  if (o.color && wins(kColor)) color = o.color;
  if (o.background && wins(kBackground)) background = o.background;
  important |= o.important;
  if (o.transparent) transparent = o.transparent;
  no_size |= o.no_size;
  clipped |= o.clipped;
  outside |= o.outside;
  border_none |= o.border_none;
  picture |= o.picture;
  lifted |= o.lifted;
  remote |= o.remote;
  if (o.no_margin) no_margin = o.no_margin;
  if (o.preserves_space) preserves_space = o.preserves_space;
  if (o.width) width = o.width;
  if (o.height) height = o.height;
  if (o.font) font = o.font;
}

Style Style::in_doubt() const {
  Style out;
  if (displayed.value_or(false)) out.displayed = true;
  if (visible.value_or(false)) out.visible = true;
  if (!tiny_font.value_or(true)) out.tiny_font = false;
  if (!transparent.value_or(true)) out.transparent = false;
  if (color) out.color = Paint{Paint::Kind::unknown};
  if (background) out.background = Paint{Paint::Kind::unknown};
  out.picture = picture;
  out.lifted = lifted;
  const unsigned said = (out.displayed ? kDisplay : 0) | (out.visible ? kVisibility : 0) |
                        (out.tiny_font ? kFontSize : 0) | (out.color ? kColor : 0) |
                        (out.background ? kBackground : 0);
  out.important = static_cast<std::uint8_t>(important & said);
  return out;
}

SymbolFont symbol_font(std::string_view families) {
  std::string_view first = trim(families.substr(0, std::min(families.find(','), families.size())));
  while (!first.empty() && (first.front() == '"' || first.front() == '\'')) first = trim(first.substr(1));
  const std::string name = lowered(first.substr(0, 16));
  if (name.starts_with("wingdings") || name.starts_with("webdings")) return SymbolFont::wingdings;
  const bool symbol = name.starts_with("symbol") && (name.size() == 6 || name[6] == '"' || name[6] == '\'');
  return symbol ? SymbolFont::symbol : SymbolFont::none;
}

std::optional<std::uint32_t> color_of(std::string_view value) {
  value = trim(value);
  if (value.starts_with('#')) return hex_color(value.substr(1));
  const std::string name = lowered(value.substr(0, 40));
  double alpha = 1;
  if (name.starts_with("rgb")) return rgb_color(name, alpha);
  for (const Named& named : kColors)
    if (named.name == name) return named.color;
  return value.size() == 6 ? hex_color(value) : std::nullopt;
}

bool same_color(std::uint32_t a, std::uint32_t b) {
  constexpr int kUnseen = 10;  // of 255, per channel
  for (unsigned shift = 0; shift < 24; shift += 8)
    if (std::abs(static_cast<int>(a >> shift & 0xff) - static_cast<int>(b >> shift & 0xff)) > kUnseen)
      return false;
  return true;
}

Style declarations(std::string_view raw) {
  Style style;
  const std::string css = lowered(raw.find("/*") == std::string_view::npos ? raw : without_comments(raw));
  style.remote = mentions_remote(css);
  const std::string_view all = css;
  std::size_t at = 0;
  while (at < all.size()) {
    // To the ';' that stands outside parentheses and quotes.
    std::size_t end = at;
    char quote = '\0';
    int depth = 0;
    for (; end < all.size(); ++end) {
      const char c = all[end];
      if (quote != '\0') {
        if (c == quote) quote = '\0';
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '(') {
        ++depth;
      } else if (c == ')') {
        depth = std::max(0, depth - 1);
      } else if (c == ';' && depth == 0) {
        break;
      }
    }
    const std::string_view one = all.substr(at, end - at);
    at = end + 1;
    const std::size_t colon = one.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view value = trim(one.substr(colon + 1));
    const std::size_t mark = value.find('!');
    const bool important =
        mark != std::string_view::npos && value.substr(mark).find("important") != std::string_view::npos;
    if (mark != std::string_view::npos) value = trim(value.substr(0, mark));
    const std::string_view name = trim(one.substr(0, colon));
    const unsigned bit = importance_of(name);
    if (!important && (style.important & bit) != 0) continue;
    declare(name, value, style);
    if (important) style.important = static_cast<std::uint8_t>(style.important | bit);
  }
  return style;
}

}  // namespace kiyome::sanitizer::text

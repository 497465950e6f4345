// Declarations and simple rules. Unknown properties, broken values and everything clever are passed over.
#include "sanitizers/text/html_style.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "proto/base/limits.h"

namespace kiyome::sanitizer::text {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string_view trim(std::string_view s) {
  while (!s.empty() && is_blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_blank(s.back())) s.remove_suffix(1);
  return s;
}

std::string lowered(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = lower(c);
  return out;
}

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

std::optional<std::uint32_t> rgb_color(std::string_view value) {
  const std::size_t open = value.find('(');
  if (open == std::string_view::npos) return std::nullopt;
  std::uint32_t color = 0;
  std::size_t at = open + 1;
  for (int i = 0; i < 3; ++i) {
    while (at < value.size() && (is_blank(value[at]) || value[at] == ',')) ++at;
    const auto length = length_of(value.substr(at));
    if (!length) return std::nullopt;
    const double scaled = length->unit == "%" ? length->value * 2.55 : length->value;
    color = color << 8 | static_cast<std::uint32_t>(std::clamp(scaled, 0.0, 255.0));
    while (at < value.size() && value[at] != ',' && !is_blank(value[at])) ++at;
  }
  return color;
}

// The first word of "background: #fff url(x) …" that is a colour.
void background(std::string_view value, Style& style) {
  style.background.reset();
  style.background_unknown = false;
  if (value.find("url(") != std::string_view::npos || value.find("gradient") != std::string_view::npos)
    style.background_unknown = true;
  if (value.starts_with("rgb")) {
    // A see-through colour leaves what lies below.
    if (value.starts_with("rgba")) return;
    style.background = color_of(value);
    return;
  }
  std::size_t at = 0;
  while (at < value.size()) {
    const std::size_t end = std::min(value.find(' ', at), value.size());
    const std::string_view word = value.substr(at, end - at);
    if (const auto color = word.starts_with('#') || hex(word.empty() ? 'x' : word[0]) < 0 || word.size() > 3
                               ? color_of(word)
                               : std::nullopt) {
      style.background = color;
      return;
    }
    at = end + 1;
  }
  if (value != "transparent" && value != "inherit" && value != "none" && value != "initial" &&
      !value.starts_with("0"))
    style.background_unknown = true;
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

void declare(std::string_view name, std::string_view value, bool important, Style& style) {
  if (name == "display") {
    style.displayed = value != "none";
    style.displayed_important = important;
  } else if (name == "visibility") {
    style.visible = value != "hidden" && value != "collapse";
  } else if (name == "font-size") {
    if (const auto length = length_of(value))
      style.tiny_font = is_tiny_font(*length);
    else
      style.tiny_font = value == "inherit" ? std::nullopt : std::optional<bool>(false);
  } else if (name == "font") {
    // "font: 0/0 a": the size is the first number.
    const std::size_t digit = value.find_first_of("0123456789");
    if (digit != std::string_view::npos && (digit == 0 || value[digit - 1] == ' '))
      if (const auto length = length_of(value.substr(digit)); length && length->value < 100)
        style.tiny_font = is_tiny_font(*length);
  } else if (name == "opacity") {
    const auto length = length_of(value);
    style.transparent = length && length->value < 0.02;
  } else if (name == "overflow" || name == "overflow-y" || name == "overflow-x") {
    style.clipped = value == "hidden" || value == "clip";
  } else if (name == "width" || name == "height" || name == "max-width" || name == "max-height") {
    if (is_zero(value)) style.no_size = true;
    if (name == "width") style.width = pixels(value);
    if (name == "height") style.height = pixels(value);
  } else if (name == "color") {
    style.color = color_of(value);
    if (value == "transparent") style.transparent = true;
  } else if (name == "background" || name == "background-color") {
    background(value, style);
  } else if (name == "background-image") {
    if (value != "none") style.background_unknown = true;
  } else if (name == "mso-hide") {
    style.hidden_from_outlook = value == "all";
  } else if (name == "text-indent" || name == "left" || name == "top" || name == "margin-left" ||
             name == "margin-top") {
    style.outside |= far_out(value);
    if (name == "margin-top") style.no_margin = is_zero(value);
  } else if (name == "margin") {
    style.no_margin = vertical_margins_zero(value);
  } else if (name == "margin-bottom") {
    style.no_margin = is_zero(value) && style.no_margin.value_or(true);
  } else if (name == "white-space") {
    style.preserves_space =
        value == "pre" || value == "pre-wrap" || value == "pre-line" || value == "break-spaces";
  } else if (name == "border") {
    style.border_none = value == "none" || is_zero(value);
  }
}

bool mentions_remote(std::string_view css) {
  for (std::size_t at = css.find("url("); at != std::string_view::npos; at = css.find("url(", at + 4)) {
    std::string_view rest = css.substr(at + 4, 16);
    while (!rest.empty() && (is_blank(rest[0]) || rest[0] == '"' || rest[0] == '\'')) rest.remove_prefix(1);
    if (rest.starts_with("http") || rest.starts_with("//")) return true;
  }
  return false;
}

std::string without_comments(std::string_view css) {
  std::string out;
  std::size_t at = 0;
  while (at < css.size()) {
    const std::size_t open = std::min(css.find("/*", at), css.size());
    out.append(css, at, open - at);
    if (open == css.size()) break;
    const std::size_t close = css.find("*/", open + 2);
    at = close == std::string_view::npos ? css.size() : close + 2;
    out += ' ';
  }
  return out;
}

}  // namespace

void Style::apply(const Style& o) {
  if (o.displayed && (!displayed_important || o.displayed_important)) {
    displayed = o.displayed;
    displayed_important = o.displayed_important;
  }
  if (o.visible) visible = o.visible;
  if (o.tiny_font) tiny_font = o.tiny_font;
  no_size |= o.no_size;
  clipped |= o.clipped;
  transparent |= o.transparent;
  outside |= o.outside;
  hidden_from_outlook |= o.hidden_from_outlook;
  border_none |= o.border_none;
  remote |= o.remote;
  if (o.color) color = o.color;
  if (o.background || o.background_unknown) {
    background = o.background;
    background_unknown = o.background_unknown;
  }
  if (o.no_margin) no_margin = o.no_margin;
  if (o.preserves_space) preserves_space = o.preserves_space;
  if (o.width) width = o.width;
  if (o.height) height = o.height;
}

std::optional<std::uint32_t> color_of(std::string_view value) {
  value = trim(value);
  if (value.starts_with('#')) return hex_color(value.substr(1));
  const std::string name = lowered(value.substr(0, 40));
  if (name.starts_with("rgb")) return rgb_color(name);
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
    declare(trim(one.substr(0, colon)), value, important, style);
  }
  return style;
}

void StyleSheet::add(std::string_view raw) {
  const std::string text = without_comments(raw.substr(0, limits::kHtmlStyleSheet));
  const std::string_view css = text;
  remote_ = remote_ || mentions_remote(lowered(css)) || css.find("@import") != std::string_view::npos;
  std::size_t at = 0;
  while (at < css.size() && rules_.size() < limits::kHtmlStyleRules) {
    while (at < css.size() && (is_blank(css[at]) || css[at] == '}')) ++at;
    const std::size_t open = css.find_first_of("{;", at);
    if (open == std::string_view::npos) return;
    std::string_view head = trim(css.substr(at, open - at));
    while (head.starts_with("<!--")) head = trim(head.substr(4));
    if (css[open] == ';') {  // @import …; @charset …; or rubbish
      at = open + 1;
      continue;
    }
    // To the matching brace: @media holds rules of its own.
    int depth = 1;
    std::size_t end = open + 1;
    for (; end < css.size() && depth != 0; ++end) depth += css[end] == '{' ? 1 : css[end] == '}' ? -1 : 0;
    if (!head.starts_with('@')) rule(head, css.substr(open + 1, end - open - 1 - (depth == 0 ? 1 : 0)));
    at = end;
  }
}

void StyleSheet::rule(std::string_view selectors, std::string_view body) {
  const Style style = declarations(body);
  const std::string all = lowered(selectors);
  std::size_t at = 0;
  while (at <= all.size() && rules_.size() < limits::kHtmlStyleRules) {
    const std::size_t end = std::min(all.find(',', at), all.size());
    const std::string_view selector = trim(std::string_view(all).substr(at, end - at));
    at = end + 1;
    if (selector.empty()) continue;
    const auto parts =
        std::count_if(selector.begin(), selector.end(), [](char c) { return c == '.' || c == '#'; });
    if (parts > 1 || selector.find_first_of(" >+~:[*\"\\") != std::string_view::npos) {
      complex_background_ |= style.background.has_value() || style.background_unknown;
      complex_color_ |= style.color.has_value();
      continue;
    }
    rules_[std::string(selector)].apply(style);
  }
}

Style StyleSheet::lookup(std::string_view tag, std::string_view classes, std::string_view id) const {
  Style style;
  if (rules_.empty()) return style;
  const auto use = [&](const std::string& key) {
    if (const auto found = rules_.find(key); found != rules_.end()) style.apply(found->second);
  };
  const std::string name = lowered(tag);
  use(name);
  std::size_t at = 0;
  for (std::size_t n = 0; at < classes.size() && n < limits::kHtmlClasses; ++n) {
    while (at < classes.size() && is_blank(classes[at])) ++at;
    std::size_t end = at;
    while (end < classes.size() && !is_blank(classes[end])) ++end;
    if (end == at) break;
    const std::string one = lowered(classes.substr(at, std::min<std::size_t>(end - at, 256)));
    use("." + one);
    use(std::string(name).append(".").append(one));
    at = end;
  }
  if (!id.empty()) use("#" + lowered(id.substr(0, 256)));
  return style;
}

}  // namespace kiyome::sanitizer::text

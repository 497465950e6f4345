// Simple selectors are told apart from all others; of what is not simple nobody knows whom it means.
#include "sanitizers/text/html_sheet.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "sanitizers/text/css_text.h"

namespace kiyome::sanitizer::text {

using namespace css;

namespace {

Style unknown_look() {
  Style any;
  any.tiny_font = false;
  any.color = any.background = Paint{Paint::Kind::unknown};
  any.important = Style::kFontSize | Style::kColor | Style::kBackground;
  return any;
}

// ---- selectors ----

constexpr std::string_view kNotSimple = " \t\n\r\f>+~:[*\"\\()";
constexpr std::size_t kNameOctets = 256;  // of a class or id that is looked up

// Of a list of selectors: where the one that begins at `at` ends, at a ',' outside parentheses and brackets.
std::size_t selector_end(std::string_view all, std::size_t at) {
  int depth = 0;
  for (; at < all.size(); ++at) {
    const char c = all[at];
    if (c == '(' || c == '[') ++depth;
    if (c == ')' || c == ']') depth = std::max(0, depth - 1);
    if (c == ',' && depth == 0) break;
  }
  return at;
}

// Rules for the moment of a click, for what stands before or behind a text, and for attributes that only some
// programs add (Outlook's dark mode, Apple's detected dates): they do not say how the mail looks.
bool is_of_no_reader(std::string_view selector) {
  for (const std::string_view word : {":hover", ":active", ":focus", ":visited", ":before", ":after",
                                      ":selection", "[data-ogs", "[x-apple-data", ":-ms-", "::-"})
    if (selector.find(word) != std::string_view::npos) return true;
  return false;
}

bool ends_name(char c) {
  return is_blank(c) || c == '.' || c == '#' || c == ':' || c == '[' || c == '>' || c == '+' || c == '~' ||
         c == '*';
}

// Of "#wrap > td.head:first-child" the ".head": the id, class or tag by which its elements are found. "*"
// where there is none, or none that we can read.
std::string last_name(std::string_view selector) {
  if (selector.find('\\') != std::string_view::npos) return "*";
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i < selector.size(); ++i) {
    const char c = selector[i];
    if (c == '(' || c == '[') ++depth;
    if (c == ')' || c == ']') depth = std::max(0, depth - 1);
    if (depth == 0 && (is_blank(c) || c == '>' || c == '+' || c == '~')) begin = i + 1;
  }
  std::string_view last = selector.substr(begin);
  last = last.substr(0, std::min({last.find(':'), last.find('['), last.size()}));
  std::size_t from = last.find('#');
  if (from == std::string_view::npos) from = last.find('.');
  if (from == std::string_view::npos) from = 0;
  std::size_t end = from + 1;
  while (end < last.size() && !ends_name(last[end])) ++end;
  if (last.empty() || (ends_name(last[from]) && end == from + 1)) return "*";
  return std::string(last.substr(from, std::min(end - from, kNameOctets + 1)));
}

}  // namespace

void StyleSheet::add(std::string_view raw, std::string_view media) {
  const std::string text = without_comments(raw.substr(0, limits::kHtmlStyleSheet));
  remote_ = remote_ || mentions_remote(lowered(text)) || text.find("@import") != std::string::npos;
  const std::string wanted = lowered(trim(media.substr(0, 256)));
  rules(text, wanted.empty() || wanted == "all" || wanted == "screen" ? Applies::surely : conditional(wanted),
        0);
  if (raw.size() > limits::kHtmlStyleSheet) doubt_everything();
}

// A query for small screens shows the twins of texts that we have already; a dark screen's and a printer's
// colours show what the mail hides from everybody else.
StyleSheet::Applies StyleSheet::conditional(std::string_view query) {
  const auto has = [&](std::string_view word) { return query.find(word) != std::string_view::npos; };
  if (has("not ")) return Applies::perhaps;
  if ((has("print") && !has("screen")) || (has("prefers-color-scheme") && has("dark"))) return Applies::never;
  return has("max-") ? Applies::elsewhere : Applies::perhaps;
}

void StyleSheet::rules(std::string_view css, Applies applies, unsigned depth) {
  std::size_t at = 0;
  while (at < css.size()) {
    while (at < css.size() && (is_blank(css[at]) || css[at] == '}')) ++at;
    const std::size_t open = css.find_first_of("{;", at);
    if (open == std::string_view::npos) return;
    std::string_view head = trim(css.substr(at, open - at));
    while (head.starts_with("<!--")) head = trim(head.substr(4));
    while (head.starts_with("-->")) head = trim(head.substr(3));
    if (css[open] == ';') {  // @import …; @charset …; or rubbish
      at = open + 1;
      continue;
    }
    // To the matching brace: @media holds rules of its own.
    int braces = 1;
    std::size_t end = open + 1;
    for (; end < css.size() && braces != 0; ++end) braces += css[end] == '{' ? 1 : css[end] == '}' ? -1 : 0;
    const std::string_view body = css.substr(open + 1, end - open - 1 - (braces == 0 ? 1 : 0));
    if (head.starts_with('@'))
      group(head, body, applies, depth);
    else
      rule(head, body, applies);
    at = end;
  }
}

// "@media … { rules }" and its kin; others (@font-face, @keyframes, @page) hold no rules about elements.
void StyleSheet::group(std::string_view head, std::string_view body, Applies applies, unsigned depth) {
  const std::string low = lowered(head);
  const bool grouped = low.starts_with("@media") || low.starts_with("@supports") ||
                       low.starts_with("@layer") || low.starts_with("@container") ||
                       low.starts_with("@-moz-document");
  if (!grouped) return;
  if (depth >= limits::kHtmlStyleDepth) return doubt_everything();
  const Applies inside = low.starts_with("@media") ? conditional(low) : Applies::perhaps;
  rules(body, std::max(applies, inside), depth + 1);
}

void StyleSheet::rule(std::string_view selectors, std::string_view body, Applies applies) {
  if (body.find('{') != std::string_view::npos) doubt_everything();  // rules within rules
  const Style style = declarations(body);
  const std::string all = lowered(selectors);
  std::size_t at = 0;
  while (at < all.size()) {
    const std::size_t end = selector_end(all, at);
    const std::string_view selector = trim(std::string_view(all).substr(at, end - at));
    at = end + 1;
    if (!selector.empty()) one_rule(selector, style, applies);
  }
}

void StyleSheet::one_rule(std::string_view selector, const Style& style, Applies applies) {
  if (rules_.size() + doubts_.size() >= limits::kHtmlStyleRules) return doubt_everything();
  const auto parts =
      std::count_if(selector.begin(), selector.end(), [](char c) { return c == '.' || c == '#'; });
  const bool is_simple = parts <= 1 && selector.find_first_of(kNotSimple) == std::string_view::npos;
  if (is_simple && applies == Applies::surely) {
    rules_[std::string(selector)].apply(style);
    return;
  }
  if (applies == Applies::never || is_of_no_reader(selector)) return;
  Style maybe = style.in_doubt();
  if (applies == Applies::elsewhere) {
    maybe.displayed.reset();
    maybe.visible.reset();
    maybe.important = static_cast<std::uint8_t>(maybe.important & ~(Style::kDisplay | Style::kVisibility));
  }
  doubts_[last_name(selector)].apply(maybe);
}

// More rules than we keep, or such as we do not read: any element may have any look.
void StyleSheet::doubt_everything() { doubts_["*"].apply(unknown_look()); }

Style StyleSheet::lookup(std::string_view tag, std::string_view classes, std::string_view id) const {
  Style style, doubt;
  const auto look_up = [&](const std::string& key) {
    if (const auto found = rules_.find(key); found != rules_.end()) style.apply(found->second);
    if (doubts_.empty()) return;
    if (const auto found = doubts_.find(key); found != doubts_.end()) doubt.apply(found->second);
  };
  const std::string name = lowered(tag.substr(0, kNameOctets));
  look_up("*");
  look_up(name);
  std::size_t at = 0, n = 0;
  for (; at < classes.size() && n < limits::kHtmlClasses; ++n) {
    while (at < classes.size() && is_blank(classes[at])) ++at;
    std::size_t end = at;
    while (end < classes.size() && !is_blank(classes[end])) ++end;
    if (end == at) break;
    const std::string one = lowered(classes.substr(at, std::min(end - at, kNameOctets)));
    look_up("." + one);
    look_up(name + "." + one);
    at = end;
  }
  if (at < classes.size() && n == limits::kHtmlClasses) doubt.apply(unknown_look());
  if (!id.empty()) {
    const std::string one = lowered(id.substr(0, kNameOctets));
    look_up("#" + one);
    look_up(name + "#" + one);
  }
  style.apply(doubt);
  return style;
}

}  // namespace kiyome::sanitizer::text

// Tokens → text. Everything is one pass over the tokens; the stack of open elements is bounded, deeper
// elements have no effect of their own but never lose their text.
#include "sanitizers/text/html_renderer.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "sanitizers/text/clean_writer.h"
#include "sanitizers/text/html_elements.h"
#include "sanitizers/text/html_entities.h"
#include "sanitizers/text/html_link.h"
#include "sanitizers/text/html_symbols.h"

namespace kiyome::sanitizer::text {
namespace {

using clean::Finding;

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

// Octets that end a run of plain word characters: white space, '&', and the lead octet of NBSP and soft
// hyphen.
constexpr std::array<bool, 256> stops() {
  std::array<bool, 256> table{};
  for (const char c : {' ', '\t', '\n', '\r', '\f', '&', '\xc2'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kStops = stops();

constexpr std::string_view kSuperscripts[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
constexpr std::string_view kSubscripts[] = {"₀", "₁", "₂", "₃", "₄", "₅", "₆", "₇", "₈", "₉"};
constexpr std::size_t kSymbolOctets = 64;  // of a text that may be one symbol among blanks
constexpr std::size_t kLinkText = 4096;    // octets of a link's text that are compared with its target

// Characters without ink, with which preheaders are padded.
bool is_inkless(char32_t c) {
  return c <= 0x20 || c == 0xa0 || c == 0xad || c == 0x34f || c == 0x3000 || c == 0x180e || c == 0xfeff ||
         c == 0x2800 || (c >= 0x2000 && c <= 0x200f) || (c >= 0x2028 && c <= 0x202f) ||
         (c >= 0x205f && c <= 0x206f) || c == 0x61c || c == 0x115f || c == 0x1160 || c == 0x3164;
}

}  // namespace

HtmlRenderer::HtmlRenderer(std::string_view html) {
  CleanWriter writer(html.size());
  writer.utf8(html);
  owned_ = writer.take();
  html_ = owned_;
  frames_.push_back(std::make_unique<Lines>());
}

void HtmlRenderer::find(Finding finding) {
  auto& findings = result_.text.findings;
  if (std::find(findings.begin(), findings.end(), finding) == findings.end()) findings.push_back(finding);
}

// Style sheets come first, wherever they stand: a rule decides about elements before it as well.
void HtmlRenderer::collect_style_sheets() {
  bool any = false;
  for (std::size_t at = html_.find('<'); at != std::string_view::npos && !any; at = html_.find('<', at + 1))
    any = at + 6 < html_.size() && (html_[at + 1] | 0x20) == 's' && (html_[at + 2] | 0x20) == 't' &&
          (html_[at + 3] | 0x20) == 'y' && (html_[at + 4] | 0x20) == 'l' && (html_[at + 5] | 0x20) == 'e';
  if (!any) return;
  HtmlTokenizer tokens(html_);
  Token one;
  std::string media;
  while (tokens.next(one)) {
    if (one.tag != Tag::style) continue;
    if (one.kind == Token::Kind::start)
      media = attribute_text(cut_utf8(one.value(Attribute::media), limits::kHtmlLink));
    else if (one.kind == Token::Kind::text)
      sheet_.add(one.text, media);
  }
  if (sheet_.remote()) find(Finding::kRemoteContent);
}

Html HtmlRenderer::run() {
  collect_style_sheets();
  HtmlTokenizer tokens(html_);
  Token one;
  while (tokens.next(one)) token(one);
  while (!open_.empty()) pop();
  if (in_link_) finish_link();
  result_.text.utf8 = out().take();
  return std::move(result_);
}

void HtmlRenderer::token(const Token& one) {
  switch (one.kind) {
    case Token::Kind::start:
      return start(one);
    case Token::Kind::end:
      return end(one);
    case Token::Kind::text:
      break;
    case Token::Kind::swallowed:
      // An unclosed tag or comment, or script: no reader shows it. Text fields are shown.
      if (one.tag == Tag::textarea || one.tag == Tag::xmp) break;
      if (has_visible(one.text, false)) find(Finding::kHiddenText);
      return;
  }
  switch (one.tag) {
    case Tag::script:
    case Tag::style:
    case Tag::title:
      return;
    case Tag::iframe:
    case Tag::noembed:
    case Tag::noframes:
      if (has_visible(one.text, false)) find(Finding::kHiddenText);
      return;
    default:
      text(one.text, !one.raw);
  }
}

bool HtmlRenderer::seen() const {
  if (look_.gone || look_.invisible || look_.tiny) return false;
  // Letters without a colour may be filled by a picture behind them.
  if (look_.color.kind == Paint::Kind::clear) return !look_.background.known();
  return !(look_.color.known() && look_.background.known() &&
           same_color(look_.color.rgb, look_.background.rgb));
}

bool HtmlRenderer::has_visible(std::string_view s, bool references) const {
  std::size_t at = 0;
  while (at < s.size()) {
    char32_t c = 0;
    std::size_t step = 0, skip = 1;
    if (references && s[at] == '&') {
      const CharacterReference reference = character_reference(s, at, false);
      step = reference.octets;
      c = reference.first;
    }
    if (step == 0) step = utf8_sequence(s, at, c, skip);
    if (step != 0 && !is_inkless(c)) return true;
    at += std::max(step, skip);
  }
  return false;
}

void HtmlRenderer::text(std::string_view s, bool references) {
  if (skip_newline_) {
    skip_newline_ = false;
    if (s.starts_with('\n')) s.remove_prefix(1);
  }
  if (!seen()) {
    const bool parenthesis = !open_.empty() && open_.back().tag == Tag::rp;
    if (!parenthesis && has_visible(s, references)) find(Finding::kHiddenText);
    return;
  }
  if (look_.font != SymbolFont::none && symbol(s, references)) return;
  visible_run(s, references);
}

// A lone letter in a font of pictures: Word's bullets, Outlook's ☺. Longer texts are rather words in the
// wrong font.
bool HtmlRenderer::symbol(std::string_view s, bool references) {
  if (s.size() > kSymbolOctets) return false;
  const std::string owned = references ? attribute_text(s) : std::string(s);
  char32_t only = 0;
  std::size_t begin = 0, end = 0;
  for (std::size_t at = 0; at < owned.size();) {
    char32_t c = 0;
    std::size_t skip = 1;
    const std::size_t step = utf8_sequence(owned, at, c, skip);
    if (step != 0 && !is_inkless(c)) {
      if (only != 0) return false;
      only = c;
      begin = at;
      end = at + step;
    }
    at += std::max(step, skip);
  }
  const std::string_view sign = symbol_of(look_.font, only);
  if (sign.empty()) return false;
  visible_run(std::string_view(owned).substr(0, begin), false);
  word(sign);
  visible_run(std::string_view(owned).substr(end), false);
  return true;
}

void HtmlRenderer::visible_run(std::string_view s, bool references) {
  std::size_t at = 0;
  std::string decoded;
  while (at < s.size()) {
    const char c = s[at];
    if (is_space(c)) {
      const std::size_t start = at;
      bool newline = false;
      for (; at < s.size() && is_space(s[at]); ++at) newline = newline || s[at] == '\n';
      if (look_.preserves)
        out().preformatted(s.substr(start, at - start));
      else
        out().gap(newline);
      if (in_link_ && link_text_.size() < kLinkText && !link_text_.empty()) link_text_ += ' ';
      continue;
    }
    if (c == '&' && references) {
      const CharacterReference reference = character_reference(s, at, false);
      if (reference.octets != 0) {
        at += reference.octets;
        if (reference.first == 0xa0) {
          out().fixed_space();
          continue;
        }
        if (reference.first == 0xad) continue;
        if (reference.first == '\n' || reference.first == ' ' || reference.first == '\t') {
          out().gap(false);
          continue;
        }
        decoded.clear();
        append_character(decoded, reference.first);
        if (reference.second != 0) append_character(decoded, reference.second);
        word(decoded);
        continue;
      }
    }
    if (c == '\xc2' && at + 1 < s.size() && (s[at + 1] == '\xa0' || s[at + 1] == '\xad')) {
      if (s[at + 1] == '\xa0') out().fixed_space();
      at += 2;
      continue;
    }
    const std::size_t start = at++;
    while (at < s.size() && !kStops[static_cast<unsigned char>(s[at])]) ++at;
    word(s.substr(start, at - start));
  }
}

void HtmlRenderer::word(std::string_view s) {
  if (s.empty()) return;
  if (heading_pending_) {
    heading_pending_ = false;
    if (out().at_line_start() && !begins_with_mark(s)) out().word("■ ");
  }
  if (in_link_) {
    link_visible_ = true;
    if (link_text_.size() < kLinkText) link_text_.append(s.substr(0, kLinkText));
  }
  if (superscript_ + subscript_ == 0 || s.find_first_of("0123456789") == std::string_view::npos) {
    out().word(s);
    return;
  }
  std::string raised;
  for (const char c : s) {
    if (c >= '0' && c <= '9')
      raised += (superscript_ != 0 ? kSuperscripts : kSubscripts)[c - '0'];
    else
      raised += c;
  }
  out().word(raised);
}

// ---- links ----

void HtmlRenderer::open_link(const Token& token) {
  if (in_link_) finish_link();
  if (!token.has(Attribute::href)) return;
  in_link_ = true;
  link_image_ = link_visible_ = false;
  link_href_ = attribute_text(cut_utf8(token.value(Attribute::href), limits::kHtmlLink * 2));
  link_text_.clear();
}

void HtmlRenderer::finish_link() {
  in_link_ = false;
  const LinkView view = view_link(link_href_, link_text_, base_);
  if (view.script) find(Finding::kScriptRemoved);
  if (view.differs) find(Finding::kLinkTextDiffers);
  // A link without text or image cannot be seen, nor followed.
  if (view.target.empty() || !(link_visible_ || link_image_)) return;
  out().gap(false);
  out().word("<" + view.target + ">");
}

}  // namespace kiyome::sanitizer::text

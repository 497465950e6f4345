// Start tags and end tags: the stack of open elements, what an element does to the look and to the lines.
#include <algorithm>
#include <charconv>

#include "proto/base/limits.h"
#include "sanitizers/text/clean_writer.h"
#include "sanitizers/text/html_elements.h"
#include "sanitizers/text/html_entities.h"
#include "sanitizers/text/html_link.h"
#include "sanitizers/text/html_renderer.h"

namespace kiyome::sanitizer::text {
namespace {

using clean::Finding;

std::uint32_t id_of(std::string_view name) {
  std::uint32_t id = 0;
  tag_of(name, id);
  return id;
}

const std::uint32_t kP = id_of("p"), kLi = id_of("li"), kDd = id_of("dd"), kDt = id_of("dt"),
                    kOption = id_of("option"), kTd = id_of("td"), kTh = id_of("th"), kTr = id_of("tr"),
                    kA = id_of("a"), kRt = id_of("rt"), kRp = id_of("rp"), kCaption = id_of("caption"),
                    kButton = id_of("button");

// The number at the start of an attribute, clamped; nothing when there is none or it is a percentage.
std::optional<int> number_of(std::string_view value) {
  while (!value.empty() && value[0] == ' ') value.remove_prefix(1);
  int number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || (end != value.data() + value.size() && *end == '%')) return std::nullopt;
  return std::clamp(number, -100000, 100000);
}

constexpr std::size_t kSpacerOctets = 200;  // of a data: URL; a picture of one pixel has 80 to 130

bool is_list(Tag tag) { return tag == Tag::ul || tag == Tag::ol || tag == Tag::menu || tag == Tag::dir; }

bool is_heading(Tag tag) { return tag >= Tag::h1 && tag <= Tag::h6; }

}  // namespace

// ---- the look ----

// What attributes say about colours is weaker than any style.
void HtmlRenderer::attribute_style(const Token& token, Style& style) {
  const auto paint_of = [&](Attribute attribute) {
    const auto color = color_of(token.value(attribute));
    return color ? Paint{Paint::Kind::color, *color} : Paint{Paint::Kind::unknown};
  };
  if (token.has(Attribute::bgcolor) && !style.background) style.background = paint_of(Attribute::bgcolor);
  if (token.has(Attribute::background)) style.picture = true;
  if (token.tag == Tag::font && token.has(Attribute::color) && !style.color)
    style.color = paint_of(Attribute::color);
  if (token.tag == Tag::font && token.has(Attribute::face) && !style.font)
    style.font = symbol_font(attribute_text(cut_utf8(token.value(Attribute::face), limits::kHtmlLink)));
  if (token.has(Attribute::hidden) && !style.displayed) style.displayed = false;
}

Style HtmlRenderer::style_of(const Token& token) {
  Style style;
  if (!sheet_.empty())
    style = sheet_.lookup(token.name, token.value(Attribute::class_), token.value(Attribute::id));
  if (token.has(Attribute::style)) style.apply(declarations(attribute_text(token.value(Attribute::style))));
  attribute_style(token, style);
  return style;
}

void HtmlRenderer::look(const Token& token, const Style& style) {
  if (style.displayed && !*style.displayed) look_.gone = true;
  // mso-hide hides from Outlook alone, whose own form of the text stood in a comment: no reason to drop it.
  if (style.transparent.value_or(false) || style.outside || (style.no_size && style.clipped))
    look_.gone = true;
  if (token.tag == Tag::template_ || token.tag == Tag::datalist) look_.gone = true;
  if (style.visible) look_.invisible = !*style.visible;
  if (style.tiny_font) look_.tiny = *style.tiny_font;
  if (style.font) look_.font = *style.font;
  if (style.preserves_space) look_.preserves = *style.preserves_space;
  if (token.tag == Tag::pre || token.tag == Tag::listing || token.tag == Tag::textarea ||
      token.tag == Tag::xmp || token.tag == Tag::plaintext)
    look_.preserves = true;
  look_colors(token, style);
}

void HtmlRenderer::look_colors(const Token& token, const Style& style) {
  if (style.color) {
    if (style.color->kind != Paint::Kind::inherit) look_.color = *style.color;
  } else if (token.tag == Tag::a && token.has(Attribute::href)) {
    look_.color = Paint{};  // the reader's own choice
  }
  if (style.lifted) look_.background = Paint{};
  if (style.background && style.background->kind != Paint::Kind::clear) look_.background = *style.background;
  if (style.picture) look_.background = Paint{};
}

void HtmlRenderer::note_remote(const Token& token, const Style& style) {
  if (style.remote || is_remote(token.value(Attribute::background))) find(Finding::kRemoteContent);
  const bool embeds = token.tag == Tag::iframe || token.tag == Tag::frame || token.tag == Tag::embed ||
                      token.tag == Tag::object || token.tag == Tag::applet || token.tag == Tag::audio ||
                      token.tag == Tag::video || token.tag == Tag::source || token.tag == Tag::track ||
                      token.tag == Tag::input || token.tag == Tag::script;
  if (embeds && (is_remote(token.value(Attribute::src)) || is_remote(token.value(Attribute::data)) ||
                 is_remote(token.value(Attribute::poster))))
    find(Finding::kRemoteContent);
  if (token.tag == Tag::link && is_remote(token.value(Attribute::href))) find(Finding::kRemoteContent);
  if (token.tag == Tag::script || token.tag == Tag::object || token.tag == Tag::embed ||
      token.tag == Tag::applet || token.handler)
    find(Finding::kScriptRemoved);
  if (token.tag == Tag::iframe && token.has(Attribute::srcdoc)) find(Finding::kHiddenText);
  if (token.tag == Tag::form || token.tag == Tag::input || token.tag == Tag::select ||
      token.tag == Tag::textarea || token.tag == Tag::button || token.tag == Tag::keygen)
    find(Finding::kFormRemoved);
}

// ---- the stack ----

void HtmlRenderer::pop() {
  Open& open = open_.back();
  if (open.effect) leave(open);
  look_ = open.outer;
  if (open.id != 0) --open_count_[open.id % kBuckets];
  open_.pop_back();
}

// Closes the nearest open element of that name and all within it, unless a boundary lies between.
bool HtmlRenderer::close(Tag tag, std::uint32_t id, bool table_scope) {
  if (!is_open(id)) return false;
  for (std::size_t i = open_.size(); i > 0; --i) {
    Open& candidate = open_[i - 1];
    if (candidate.id == id) {
      // "<b><p></b>text": the formatting ends, the paragraph goes on.
      if (is_formatting(tag) && i != open_.size()) {
        const bool within_block =
            std::any_of(open_.begin() + static_cast<std::ptrdiff_t>(i), open_.end(),
                        [](const Open& o) { return shape_of(o.tag) != Shape::inline_; });
        if (within_block) {
          if (tag == Tag::a && in_link_) finish_link();
          candidate.id = 0;
          candidate.effect = false;
          --open_count_[id % kBuckets];
          return true;
        }
      }
      while (open_.size() >= i) pop();
      return true;
    }
    if (table_scope ? candidate.tag == Tag::table && tag != Tag::table : is_scope(candidate.tag))
      return false;
    // An end tag of a span, or of a name nobody knows, does not reach out of a block.
    if (shape_of(tag) == Shape::inline_ && !is_formatting(tag) && shape_of(candidate.tag) != Shape::inline_)
      return false;
  }
  return false;
}

// An item ends where its next sibling begins; a list within it is no sibling's place.
void HtmlRenderer::close_item(std::uint32_t id, std::uint32_t other_id) {
  if (!is_open(id) && !is_open(other_id)) return;
  for (std::size_t i = open_.size(); i > 0; --i) {
    const Open& candidate = open_[i - 1];
    if (candidate.id == id || candidate.id == other_id) {
      while (open_.size() >= i) pop();
      return;
    }
    const bool passes = shape_of(candidate.tag) == Shape::inline_ || candidate.tag == Tag::div ||
                        candidate.tag == Tag::p || candidate.tag == Tag::address;
    if (!passes || is_scope(candidate.tag)) return;
  }
}

// Elements that end because another begins (HTML standard section 13.2.6.4.7, "in body", and the table
// modes).
void HtmlRenderer::close_implied(const Token& token) {
  switch (token.tag) {
    case Tag::li:
      close_item(kLi, kLi);
      break;
    case Tag::dd:
    case Tag::dt:
      close_item(kDd, kDt);
      break;
    case Tag::option:
    case Tag::optgroup:
      close(Tag::option, kOption, false);
      break;
    case Tag::td:
    case Tag::th:
      if (!close(Tag::td, kTd, true)) close(Tag::th, kTh, true);
      break;
    case Tag::tr:
    case Tag::tbody:
    case Tag::thead:
    case Tag::tfoot:
      close(Tag::tr, kTr, true);
      close(Tag::caption, kCaption, true);
      break;
    case Tag::a:
      close(Tag::a, kA, false);
      break;
    case Tag::button:
      close(Tag::button, kButton, false);
      break;
    case Tag::rt:
    case Tag::rp:
      if (!close(Tag::rt, kRt, false)) close(Tag::rp, kRp, false);
      break;
    default:
      break;
  }
  if (closes_paragraph(token.tag)) close(Tag::div, kP, false);
}

void HtmlRenderer::start(const Token& token) {
  skip_newline_ = false;
  close_implied(token);
  const Style style = token.present != 0 || !sheet_.empty() ? style_of(token) : Style{};
  note_remote(token, style);
  if (is_void(token.tag)) return void_element(token, style);
  Open open;
  open.id = token.id;
  open.tag = token.tag;
  open.outer = look_;
  open.no_margin = style.no_margin.value_or(false);
  const bool deep = open_.size() >= limits::kHtmlDepth;
  if (deep) {
    ++overflow_[token.id % kBuckets];
    if (shape_of(token.tag) != Shape::inline_) out().block();
    return;
  }
  look(token, style);
  enter(token, open, style);
  ++open_count_[token.id % kBuckets];
  open_.push_back(open);
}

void HtmlRenderer::end(const Token& token) {
  skip_newline_ = false;
  if (token.tag == Tag::br) {
    if (seen()) out().line_break();
    return;
  }
  if (std::uint32_t& deeper = overflow_[token.id % kBuckets]; deeper > 0) {
    --deeper;
    if (shape_of(token.tag) != Shape::inline_) out().block();
    return;
  }
  // The body ends with the document: text behind </body> belongs to it as well.
  if (token.tag == Tag::body || token.tag == Tag::html) return out().block();
  if (is_heading(token.tag))
    // Any heading's end tag ends any heading.
    for (std::size_t i = open_.size(); i > 0 && !is_scope(open_[i - 1].tag); --i)
      if (is_heading(open_[i - 1].tag)) {
        while (open_.size() >= i) pop();
        return;
      }
  if (close(token.tag, token.id, is_table_part(token.tag))) return;
  if (token.tag == Tag::p)
    out().paragraph();
  else if (shape_of(token.tag) != Shape::inline_)
    out().block();
}

// ---- elements ----

void HtmlRenderer::enter_cell(const Token& token, Open& open) {
  const auto span = [&](Attribute attribute) {
    return static_cast<unsigned>(
        std::clamp(number_of(token.value(attribute)).value_or(1), 1, static_cast<int>(limits::kHtmlSpan)));
  };
  Table& table = tables_.back();
  if (table.rows.empty()) table.rows.emplace_back();
  table.ruled = table.ruled || token.tag == Tag::th;
  open.columns = span(Attribute::colspan);
  open.rows = span(Attribute::rowspan);
  open.effect = true;
  frames_.push_back(std::make_unique<Lines>());
}

bool HtmlRenderer::enter_table(const Token& token, Open& open) {
  switch (token.tag) {
    case Tag::table: {
      out().block();
      if (!tables_.empty()) tables_.back().nested = true;
      Table table;
      table.flat = tables_.size() >= limits::kHtmlTableDepth || !seen();
      table.ruled = number_of(token.value(Attribute::border)).value_or(0) > 0;
      table.layout = token.value(Attribute::role) == "presentation" || token.value(Attribute::role) == "none";
      tables_.push_back(std::move(table));
      return open.effect = true;
    }
    case Tag::tr:
      if (tables_.empty() || tables_.back().flat) break;
      tables_.back().rows.emplace_back();
      return true;
    case Tag::td:
    case Tag::th:
      if (tables_.empty() || tables_.back().flat) break;
      enter_cell(token, open);
      return true;
    default:
      break;
  }
  out().block();
  return false;
}

// A list within a list has no blank lines around it; one that stands beside the items instead of in one is
// still deeper.
void HtmlRenderer::nest_list(Open& open) {
  for (std::size_t i = open_.size(); i > 0 && !is_scope(open_[i - 1].tag); --i) {
    const Tag around = open_[i - 1].tag;
    if (around != Tag::li && !is_list(around)) continue;
    open.no_margin = true;
    open.indented = around != Tag::li;
    if (open.indented) out().push(Lines::Level::list);
    return;
  }
}

void HtmlRenderer::list_item(const Token& token, Open& open) {
  Open* list = nullptr;
  for (std::size_t i = open_.size(); i > 0 && list == nullptr && !is_scope(open_[i - 1].tag); --i)
    if (is_list(open_[i - 1].tag)) list = &open_[i - 1];
  open.effect = true;
  if (list == nullptr || !list->ordered) return out().push(Lines::Level::list, "・ ");
  if (const auto value = number_of(token.value(Attribute::value)); value && *value >= 0)
    list->count = static_cast<unsigned>(*value);
  out().push(Lines::Level::list, list_number(list->count++, list->numbering) + ". ");
}

void HtmlRenderer::enter(const Token& token, Open& open, const Style& style) {
  const Shape shape = shape_of(token.tag);
  if (is_table_part(token.tag)) {
    enter_table(token, open);
    return;
  }
  if (is_list(token.tag)) nest_list(open);
  if (shape != Shape::inline_) {
    open.effect = true;
    if (shape == Shape::paragraph && !open.no_margin)
      out().paragraph();
    else
      out().block();
  }
  switch (token.tag) {
    case Tag::ol:
      open.ordered = true;
      open.count = static_cast<unsigned>(std::max(0, number_of(token.value(Attribute::start)).value_or(1)));
      if (!token.value(Attribute::type).empty()) open.numbering = token.value(Attribute::type)[0];
      break;
    case Tag::li:
      list_item(token, open);
      break;
    case Tag::dd:
      out().push(Lines::Level::plain);
      break;
    case Tag::blockquote:
      // Mail programs indent with it too, and then say that it has no border.
      out().push(style.border_none ? Lines::Level::plain : Lines::Level::quote);
      break;
    case Tag::pre:
    case Tag::listing:
    case Tag::textarea:
      skip_newline_ = true;
      break;
    case Tag::a:
      open_link(token);
      open.effect = true;
      break;
    case Tag::rt:
      if (seen()) out().word("(");
      open.effect = true;
      break;
    case Tag::rp:
      look_.gone = true;  // its parentheses are ours
      break;
    case Tag::sup:
      ++superscript_;
      open.effect = true;
      break;
    case Tag::sub:
      ++subscript_;
      open.effect = true;
      break;
    case Tag::del:
    case Tag::s:
    case Tag::strike:
      if (seen()) out().word("〔取消線: ");
      open.effect = seen();
      break;
    case Tag::q:
      if (seen()) out().word("“");
      open.effect = seen();
      break;
    default:
      break;
  }
  if (is_heading(token.tag) && seen()) heading_pending_ = true;
}

void HtmlRenderer::leave(Open& open) {
  switch (open.tag) {
    case Tag::table: {
      Table table = std::move(tables_.back());
      tables_.pop_back();
      write_table(table, out());
      return;
    }
    case Tag::td:
    case Tag::th: {
      TableCell cell{out().take(), open.tag == Tag::th, open.columns, open.rows, 0};
      frames_.pop_back();
      if (tables_.back().rows.empty()) tables_.back().rows.emplace_back();
      tables_.back().rows.back().push_back(std::move(cell));
      return;
    }
    case Tag::li:
    case Tag::dd:
    case Tag::blockquote:
      out().pop();
      break;
    case Tag::a:
      if (in_link_) finish_link();
      return;
    case Tag::rt:
      if (seen()) out().word(")");
      return;
    case Tag::sup:
      --superscript_;
      return;
    case Tag::sub:
      --subscript_;
      return;
    case Tag::del:
    case Tag::s:
    case Tag::strike:
      out().word("〕");
      return;
    case Tag::q:
      out().word("”");
      return;
    default:
      break;
  }
  if (is_heading(open.tag)) heading_pending_ = false;
  if (shape_of(open.tag) == Shape::paragraph && !open.no_margin)
    out().paragraph();
  else
    out().block();
}

void HtmlRenderer::void_element(const Token& token, const Style& style) {
  switch (token.tag) {
    case Tag::br:
      if (seen()) out().line_break();
      break;
    case Tag::hr:
      out().block();
      if (seen()) out().whole_lines("----------------------------------------\n");
      break;
    case Tag::base:
      if (base_.empty())
        base_ = tidy_url(attribute_text(cut_utf8(token.value(Attribute::href), limits::kHtmlLink)));
      break;
    case Tag::img:
    case Tag::image:
      image(token, style);
      break;
    case Tag::input: {
      const std::string_view type = token.value(Attribute::type);
      if ((type == "submit" || type == "button" || type == "reset") && seen() &&
          !token.value(Attribute::value).empty())
        word("[" + attribute_text(token.value(Attribute::value)) + "]");
      break;
    }
    default:
      break;
  }
}

void HtmlRenderer::image(const Token& token, const Style& style) {
  if (result_.images.size() >= limits::kHtmlImages) return;
  const std::string source =
      tidy_url(attribute_text(cut_utf8(token.value(Attribute::src), limits::kHtmlLink)));
  Image image;
  const std::string scheme = scheme_of(source);
  if (scheme == "cid") image.cid = source.substr(4);
  image.embedded = scheme == "data";
  image.alt = attribute_text(cut_utf8(token.value(Attribute::alt), limits::kHtmlLink));
  image.remote = is_remote(source);
  if (image.remote) find(Finding::kRemoteContent);
  const auto width = style.width ? style.width : number_of(token.value(Attribute::width));
  const auto height = style.height ? style.height : number_of(token.value(Attribute::height));
  const bool not_shown = (style.displayed && !*style.displayed) || (style.visible && !*style.visible) ||
                         style.transparent.value_or(false);
  Look here = look_;
  here.tiny = false;  // letters may be tiny around an image
  image.spacer = (width && *width <= 3) || (height && *height <= 3) || source.empty() || not_shown ||
                 (image.embedded && token.value(Attribute::src).size() < kSpacerOctets) || here.gone ||
                 here.invisible;
  if (image.embedded && !image.spacer) find(Finding::kRemoteContent);  // it does not come along either
  const bool spacer = image.spacer;
  result_.images.push_back(std::move(image));
  if (spacer) return;
  heading_pending_ = false;
  link_image_ = link_image_ || in_link_;
  out().word(kImageMark + std::to_string(result_.images.size() - 1) + kImageMark);
}

}  // namespace kiyome::sanitizer::text

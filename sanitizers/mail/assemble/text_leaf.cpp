// Second pass, the leaves: octets of a shown text → what a person reads.
#include <algorithm>
#include <array>

#include "proto/base/limits.h"
#include "sanitizers/mail/assemble/assembly.h"
#include "sanitizers/mail/header.h"
#include "sanitizers/mail/octets.h"
#include "sanitizers/text/content_lines.h"
#include "sanitizers/text/text.h"

namespace kiyome::sanitizer::mail {

using clean::Finding;

namespace {

constexpr std::size_t kCidMark = 300;  // longest "[cid:…]" that is looked up

void take_findings(Shown& out, const text::Text& text) {
  for (const Finding finding : text.findings) {
    note(out.findings, finding);
    if (finding == Finding::kUndecodableText) out.undecodable = true;
  }
}

// text/enriched (RFC 1896) and text/richtext: commands are dropped, "<<" is "<", a single line end is a
// space.
std::string strip_enriched(std::string_view s, bool enriched) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '<' && s.substr(i, 2) == "<<") {
      out += '<';
      ++i;
    } else if (s[i] == '<') {
      const std::size_t end = s.substr(i, 64).find('>');
      if (end == std::string_view::npos) {
        out += s[i];
        continue;
      }
      const std::string command = lowered(s.substr(i + 1, end - 1));
      if (command == "nl" || command == "paragraph" || command == "/paragraph") out += '\n';
      if (command == "lt") out += '<';
      i += end;
    } else if (s[i] == '\n' && enriched) {
      std::size_t run = 1;
      while (i + run < s.size() && s[i + run] == '\n') ++run;
      out += run == 1 ? " " : std::string(run - 1, '\n');
      i += run - 1;
    } else {
      out += s[i];
    }
  }
  return out;
}

// Fields of reports that a person wants to read, in the order they come; others are shown by their own names.
struct Label {
  std::string_view name, shown;
};
constexpr std::array<Label, 14> kLabels = {{{"final-recipient", "宛先"},
                                            {"original-recipient", "元の宛先"},
                                            {"action", "結果"},
                                            {"status", "状態"},
                                            {"diagnostic-code", "詳細"},
                                            {"remote-mta", "相手サーバー"},
                                            {"reporting-mta", "報告サーバー"},
                                            {"arrival-date", "受付日時"},
                                            {"last-attempt-date", "最終試行日時"},
                                            {"will-retry-until", "再送期限"},
                                            {"disposition", "開封状況"},
                                            {"original-message-id", "元の Message-ID"},
                                            {"reporting-ua", "報告ソフト"},
                                            {"feedback-type", "報告の種類"}}};

std::string field_line(const Field& field, WordContext& context) {
  std::string label(trimmed(field.name));
  for (const Label& known : kLabels)
    if (same_text(field.name, known.name)) label = known.shown;
  std::string value = decode_header_text(field.value.substr(0, 4096), context);
  if (begins_with(value, "rfc822;") || begins_with(value, "smtp;") || begins_with(value, "dns;"))
    value = std::string(trimmed(std::string_view(value).substr(value.find(';') + 1)));
  return label + ": " + value + '\n';
}

// Nothing is left but the targets of links ("<https://…>").
bool shows_remote_pictures_alone(const text::Html& html, std::string_view shown) {
  if (std::none_of(html.images.begin(), html.images.end(),
                   [](const text::Image& image) { return image.remote && !image.spacer; }))
    return false;
  bool within = false;
  for (const char c : shown) {
    if (!within && c != '<' && !is_space(c) && !is_line_end(c)) return false;
    within = c == '<' || (within && c != '>');
  }
  return true;
}

}  // namespace

void Assembly::show_leaf(std::int32_t index) {
  const auto found = texts_.find(index);
  if (found == texts_.end()) return;
  Node& node = tree_.at(index);
  shown(index).charset = lowered(parameter_octets(node.type, "charset"));
  if (node.is("text/plain") || node.is("text/enriched") || node.is("text/richtext"))
    return show_plain(index, found->second);
  if (is_special_html(node)) {  // never chosen, not even when the other forms are empty
    shown(index).kind = Shown::Kind::other;
    return;
  }
  LeafText text;
  if (!found->second.cuts.empty()) text.owned = without_cuts(found->second, node.is("text/html"));
  text.octets = found->second.cuts.empty() ? found->second.octets : text.owned;
  if (node.is("text/html")) return show_html(index, text);
  if (node.is("text/calendar"))
    show_calendar(index, text);
  else
    show_fields(index, text);
  if (!trimmed(shown(index).text).empty() || trimmed(text.octets).empty()) return;
  // No calendar and no report: whatever it is, it is listed.
  detect_type(node, found->second.octets);
  shown(index) = {};
  texts_.erase(found);
}

// Decodes what stands between the cuts; format=flowed (RFC 3676) is joined.
void Assembly::show_plain(std::int32_t index, const LeafText& text) {
  const Node& node = tree_.at(index);
  Shown& out = shown(index);
  out.kind = Shown::Kind::plain;
  const bool flowed = same_text(parameter_octets(node.type, "format"), "flowed");
  const bool delsp = same_text(parameter_octets(node.type, "delsp"), "yes");
  const auto add = [&](std::string_view octets) {
    if (octets.empty()) return;
    text::Text decoded = text::decode(octets.substr(0, limits::kCleanText * 2), out.charset);
    take_findings(out, decoded);
    if (node.is("text/enriched") || node.is("text/richtext"))
      decoded.utf8 = strip_enriched(decoded.utf8, node.is("text/enriched"));
    out.text += flowed ? text::unflow(decoded.utf8, delsp) : decoded.utf8;
  };
  std::size_t p = 0;
  for (const Cut* cut : cuts_in_order(text)) {
    if (cut->begin < p) continue;
    add(text.octets.substr(p, cut->begin - p));
    out.text += cut->shown;
    if (!cut->shown.empty()) out.text += '\n';
    add(cut->raw);
    p = cut->end;
    if (text.octets.substr(p, 2) == "\r\n")
      p += 2;
    else if (p < text.octets.size() && is_line_end(text.octets[p]))
      ++p;
  }
  if (p < text.octets.size()) add(text.octets.substr(p));
  out.text = replace_cid_marks(index, std::move(out.text));
}

void Assembly::show_html(std::int32_t index, const LeafText& text) {
  Shown& out = shown(index);
  out.kind = Shown::Kind::html;
  std::string charset = out.charset;
  const std::string_view octets = text.octets.substr(0, limits::kCleanText * 2);
  // A declared charset that only says "nothing in particular" yields to the document's own.
  if (charset.empty() || charset == "us-ascii") {
    const std::string own = text::html_charset(octets);
    if (!own.empty()) charset = own;
  }
  const text::Text decoded = text::decode(octets, charset);
  take_findings(out, decoded);
  const text::Html html = text::from_html(decoded.utf8);
  take_findings(out, html.text);
  out.text = replace_image_marks(index, html);
  if (shows_remote_pictures_alone(html, out.text))
    out.text = "［外部の画像だけのメールです］\n" + std::string(trimmed(out.text));  // no empty mail
}

void Assembly::show_calendar(std::int32_t index, const LeafText& text) {
  Shown& out = shown(index);
  out.kind = Shown::Kind::calendar;
  // Folds come before characters: long lines are folded by octets.
  const text::Text decoded = text::decode(text::unfolded(text.octets.substr(0, limits::kCleanText), false),
                                          out.charset.empty() ? "utf-8" : out.charset);
  take_findings(out, decoded);
  const Node& node = tree_.at(index);
  out.method =
      !parameter_octets(node.type, "method").empty() || decoded.utf8.find("\nMETHOD:") != std::string::npos;
  text::Text readable = text::from_calendar(decoded.utf8);
  take_findings(out, readable);
  out.text = std::move(readable.utf8);
}

// message/delivery-status and its kin (RFC 3464, 8098), text/rfc822-headers: groups of fields.
void Assembly::show_fields(std::int32_t index, const LeafText& text) {
  Shown& out = shown(index);
  out.kind = Shown::Kind::other;
  const bool header = tree_.at(index).media_type.find("headers") != std::string::npos;
  WordContext context;
  std::size_t p = 0;
  bool any = false;
  while (p < text.octets.size()) {  // each round takes a line at least
    const Fields fields = read_fields(text.octets, p, false, [](std::size_t) { return false; });
    any = any || !fields.all.empty();
    if (header) {
      out.text += "［元のメールのヘッダー］\n" + show_header(fields, {});
      any = any && trimmed(text.octets.substr(fields.body)).empty();
      break;
    }
    if (!fields.all.empty() && !out.text.empty()) out.text += '\n';
    for (const Field& field : fields.all) out.text += field_line(field, context);
    if (fields.body > p) {
      p = fields.body;
    } else {  // a line that is no field, as some servers put in: it stands for itself
      const Line line = line_at(text.octets, p);
      const std::string_view words = text.octets.substr(line.begin, line.end - line.begin);
      out.text += decode_header_text(words.substr(0, 4096), context) + '\n';
      p = line.next;
    }
    if (out.text.size() > limits::kCleanText) break;
  }
  // Not one field, or more than a header: words of a server within its report, but perhaps a file.
  Node& node = tree_.at(index);
  node.listed = !any && !trimmed(text.octets).empty();
  if (!header && node.listed && (node.parent == kNone || !tree_.at(node.parent).is("multipart/report")))
    out.text.clear();
}

// \x1a n \x1a → the picture's mark, or nothing for logos and spacers.
std::string Assembly::replace_image_marks(std::int32_t index, const text::Html& html) {
  Shown& out = shown(index);
  std::string text;
  text.reserve(html.text.utf8.size());
  std::string_view rest = html.text.utf8;
  std::vector<bool> used(html.images.size(), false);
  for (;;) {
    const std::size_t mark = rest.find(text::kImageMark);
    text.append(rest.substr(0, mark));
    if (mark == std::string_view::npos || text.size() > limits::kCleanText * 2) break;
    rest.remove_prefix(mark + 1);
    const std::size_t close = rest.substr(0, 12).find(text::kImageMark);
    if (close == std::string_view::npos) continue;
    std::size_t number = 0;
    for (const char c : rest.substr(0, close))
      number = number * 10 + static_cast<std::size_t>(is_digit(c) ? c - '0' : 0);
    rest.remove_prefix(close + 1);
    if (number >= html.images.size()) continue;
    const text::Image& image = html.images[number];
    const std::int32_t node = image.cid.empty() ? kNone : find_content(image.cid);
    used[number] = true;
    if (node == kNone) {
      const bool told =
          image.embedded || !trimmed(image.alt).empty();  // of remote ones nobody knows what they show
      if (!image.spacer && told) text += image_mark(kNone, image.alt);
      continue;
    }
    out.images.push_back(node);
    const bool decorates = is_decoration(node, image.alt, image.spacer);
    decoration_[static_cast<std::size_t>(node)] = decorates;
    if (!decorates) text += image_mark(node, image.alt);
  }
  for (std::size_t i = 0; i < html.images.size(); ++i) {  // spacers are not marked, but belong to the text
    const std::int32_t node =
        used[i] || html.images[i].cid.empty() ? kNone : find_content(html.images[i].cid);
    if (node == kNone) continue;
    out.images.push_back(node);
    decoration_[static_cast<std::size_t>(node)] =
        is_decoration(node, html.images[i].alt, html.images[i].spacer);
  }
  return text;
}

// "[cid:image001.png@01D…]" as Outlook writes it into its plain text.
std::string Assembly::replace_cid_marks(std::int32_t index, std::string text) {
  if (text.find("[cid:") == std::string::npos) return text;
  std::string out;
  std::string_view rest = text;
  for (;;) {
    const std::size_t mark = rest.find("[cid:");
    out.append(rest.substr(0, mark));
    if (mark == std::string_view::npos || out.size() > limits::kCleanText * 2) break;
    rest.remove_prefix(mark);
    const std::size_t close = rest.substr(0, kCidMark).find(']');
    const std::int32_t node =
        close == std::string_view::npos ? kNone : find_content(rest.substr(5, close - 5));
    if (node == kNone) {
      out.append(rest.substr(0, 5));
      rest.remove_prefix(5);
      continue;
    }
    rest.remove_prefix(close + 1);
    shown(index).images.push_back(node);
    if (is_decoration(node, {}, false))
      decoration_[static_cast<std::size_t>(node)] = true;
    else
      out += image_mark(node, {});
  }
  return out;
}

}  // namespace kiyome::sanitizer::mail

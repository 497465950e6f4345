// Second pass, the containers: which of several forms is shown, and in what order texts stand together.
#include <algorithm>
#include <unordered_set>

#include "proto/base/limits.h"
#include "sanitizers/mail/assemble/assembly.h"
#include "sanitizers/mail/assemble/relic.h"
#include "sanitizers/mail/containers.h"
#include "sanitizers/mail/header.h"
#include "sanitizers/mail/octets.h"

namespace kiyome::sanitizer::mail {

using clean::Finding;

namespace {

constexpr std::string_view kSeparator = "────────────────────\n";
constexpr std::size_t kIndentedLevels = 4;     // deeper messages are not indented further
constexpr std::size_t kStub = 400;             // octets; a longer text is no "please view in HTML"
constexpr std::size_t kFewWords = 40;          // characters; below it either form may be the whole mail
constexpr std::size_t kSaid = 256u << 10;      // octets of a text that are compared with another
constexpr std::size_t kPreamble = 256u << 10;  // octets; a longer one is not what a person wrote
constexpr std::string_view kIndent = "    ";
constexpr std::string_view kTnefType = "application/ms-tnef";

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\n") == std::string_view::npos; }

bool is_blank_octets(std::string_view octets) { return trimmed(octets).empty(); }

// "This is a multi-part message in MIME format.", in whatever words.
bool speaks_of_mime(std::string_view octets) {
  const std::string low = lowered(octets.substr(0, 1000));
  return low.find("mime") != std::string::npos || low.find("multipart") != std::string::npos ||
         low.find("multi-part") != std::string::npos;
}

void end_line(std::string& text) {
  if (!text.empty() && text.back() != '\n') text += '\n';
}

// Characters that carry meaning: no space, no part of a URL.
std::size_t weight(std::string_view text) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 4, "http") == 0) {
      while (i < text.size() && !is_space(text[i]) && text[i] != '>') ++i;
      continue;
    }
    if (!is_space(text[i]) && (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) ++out;
  }
  return out;
}

// "This is an HTML mail, please view it in …", in the words senders use.
bool is_stub(std::string_view plain) {
  if (plain.size() > kStub) return false;
  const std::string low = lowered(plain);
  const bool html = low.find("html") != std::string::npos || plain.find("ＨＴＭＬ") != std::string_view::npos;
  static constexpr std::string_view kWords[] = {"view",     "viewer", "client",  "support", "format",
                                                "browser",  "表示",   "対応",    "ご覧",    "閲覧",
                                                "ブラウザ", "形式",   "メーラー"};
  return html && std::any_of(std::begin(kWords), std::end(kWords),
                             [&](std::string_view word) { return low.find(word) != std::string::npos; });
}

bool prefers_html(const Shown& plain, const Shown& html) {
  if (is_blank(html.text)) return false;
  if (is_blank(plain.text)) return true;
  if (plain.undecodable != html.undecodable) return plain.undecodable;
  const std::size_t plain_weight = weight(plain.text);
  const std::size_t html_weight = weight(html.text);
  if (is_stub(plain.text) && html_weight * 4 > plain_weight) return true;
  return html_weight > kFewWords && plain_weight * 4 < html_weight;
}

Shown encrypted_notice() {
  Shown out;
  out.kind = Shown::Kind::other;
  out.text = "［暗号化されているため読めません］\n";
  return out;
}

void take(Shown& out, Shown& part) {
  for (const Finding finding : part.findings) note(out.findings, finding);
  if (out.charset.empty()) out.charset = part.charset;
  out.images.insert(out.images.end(), part.images.begin(), part.images.end());
  out.undecodable = out.undecodable || part.undecodable;
  out.method = out.method || part.method;
  if (out.kind == Shown::Kind::nothing || (out.kind == Shown::Kind::other && !part.aside))
    out.kind = part.kind;
  if (is_blank(part.text)) return;
  out.wrapped = out.text.empty() ? part.wrapped : 0;
  if (out.text.empty()) {
    out.text = std::move(part.text);
  } else {
    end_line(out.text);
    if (!part.aside && !out.aside) out.text += kSeparator;
    out.text += part.text;
  }
  out.aside = part.aside;
  part.text.clear();
  if (out.text.size() > limits::kCleanText * 2) cut_utf8(out.text, limits::kCleanText * 2);
}

std::string indented(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (!line.empty()) out.append(kIndent).append(line);
    out += '\n';
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
    if (out.size() > limits::kCleanText * 2) break;
  }
  return out;
}

// Calls `each` with every run of eight letters (octets of them, without what stands between words).
template <class Each>
void each_run(std::string_view text, Each&& each) {
  std::uint64_t run = 0;
  std::size_t letters = 0;
  for (const char c : text.substr(0, kSaid)) {
    if (!is_alnum(c) && !is_eight_bit(c)) continue;
    run = run << 8 | static_cast<unsigned char>(lower(c));
    if (++letters >= 8) each(run);
  }
}

// The words of several texts, and whether another says nothing else: RTF and plain text of one mail differ in
// bullets, links and line ends.
class Said {
 public:
  void hear(std::string_view text) {
    each_run(text, [this](std::uint64_t run) { runs_.insert(run); });
  }
  bool nearly_all(std::string_view text) const {
    std::size_t all = 0, known = 0;
    each_run(text, [&](std::uint64_t run) { ++all, known += runs_.count(run); });
    return all > 0 && known * 5 >= all * 4;
  }

 private:
  std::unordered_set<std::uint64_t> runs_;
};

}  // namespace

void Assembly::show() {
  shown_.resize(tree_.nodes().size());
  unseen_.resize(tree_.nodes().size(), false);
  marked_.resize(tree_.nodes().size(), false);
  decoration_.resize(tree_.nodes().size(), false);
  index_content_ids();
  const std::vector<std::int32_t> order = in_order();
  for (std::size_t i = order.size(); i-- > 0;) {
    const Node& node = tree_.at(order[i]);
    if (node.alone) continue;  // stands in the text of the part it was found in
    // What is listed itself may be read on as well: a damaged winmail.dat, a signed mail with a tail.
    if (node.container || (node.first_child != kNone && texts_.count(order[i]) == 0))
      show_container(order[i]);
    else
      show_leaf(order[i]);
    show_wrapped(order[i]);
    if (node.message) show_message(order[i]);
  }
}

void Assembly::show_container(std::int32_t index) {
  const Node& node = tree_.at(index);
  if (node.is("multipart/alternative"))
    show_alternative(index);
  else if (node.is("multipart/encrypted"))
    shown(index) = encrypted_notice();
  else
    show_mixed(index);
}

// multipart/mixed and everything that is read like it: texts in order; a picture between texts is marked in
// its place.
void Assembly::show_mixed(std::int32_t index) {
  Shown out;
  const Node& node = tree_.at(index);
  drop_said_twice(index);
  for (std::int32_t child = node.first_child; child != kNone; child = tree_.at(child).next) {
    const Node& part = tree_.at(child);
    const auto slot = static_cast<std::size_t>(child);
    const bool picture = !part.container && node.is("multipart/mixed") &&
                         part.disposition.value == "inline" && part.media_type.compare(0, 6, "image/") == 0 &&
                         part.detected_type.compare(0, 6, "image/") == 0 && node.first_child != child;
    if (picture && !marked_[slot] && !is_decoration(child, {}, false)) {
      Shown mark;
      mark.kind = Shown::Kind::other;
      mark.text = image_mark(child, {}) + "\n";
      mark.aside = true;
      marked_[slot] = true;
      take(out, mark);
      continue;
    }
    take(out, shown(child));
  }
  for (const std::int32_t image : out.images) marked_[static_cast<std::size_t>(image)] = true;
  if (Shown preamble = shown_preamble(index, is_blank(out.text)); !preamble.text.empty()) {
    if (!is_blank(out.text)) take(preamble, out);
    out = std::move(preamble);
  }
  shown(index) = std::move(out);
}

// What stands before the first boundary line is for readers without MIME. But a sender's words may stand only
// there: when another Content-Type called the whole a text, or when the parts have no words at all.
Shown Assembly::shown_preamble(std::int32_t index, bool wordless) {
  const Node& node = tree_.at(index);
  Shown out;
  const bool doubted = std::find(node.findings.begin(), node.findings.end(), Finding::kAmbiguousStructure) !=
                       node.findings.end();
  if (!node.is_multipart() || node.preamble_end <= node.body || !(doubted || wordless) || node.alone)
    return out;
  const std::string_view octets = tree_.buffer(node.buffer).substr(node.body, node.preamble_end - node.body);
  if (octets.size() > kPreamble || is_blank_octets(octets) || speaks_of_mime(octets)) return out;
  // A file hidden there is listed, not shown.
  if (!find_relics_in(octets).empty() || !find_encoded_files(octets).empty()) return out;
  out.kind = Shown::Kind::plain;
  out.charset = lowered(parameter_octets(node.type, "charset"));
  text::Text decoded = text::decode(octets, out.charset);
  out.findings = std::move(decoded.findings);
  out.text = std::move(decoded.utf8);
  return out;
}

// RFC 2046 section 5.1.4: one of the forms. The plain text, unless it is a stand-in; a calendar's request
// beside it.
void Assembly::show_alternative(std::int32_t index) {
  std::int32_t plain = kNone, html = kNone, calendar = kNone, other = kNone;
  for (std::int32_t child = tree_.at(index).first_child; child != kNone; child = tree_.at(child).next) {
    const Shown& part = shown(child);
    const bool blank = is_blank(part.text);
    if (part.kind == Shown::Kind::plain && (plain == kNone || !blank)) plain = child;
    if (part.kind == Shown::Kind::html && (html == kNone || !blank)) html = child;
    if (part.kind == Shown::Kind::calendar && !blank) calendar = child;
    if (part.kind == Shown::Kind::other && !blank) other = child;
  }
  std::int32_t best = plain;
  if (html != kNone && (plain == kNone || prefers_html(shown(plain), shown(html)))) best = html;
  if (best == kNone || is_blank(shown(best).text)) {
    const std::int32_t words = calendar != kNone ? calendar : other;
    if (words != kNone) best = words;
  }
  const bool beside = calendar != kNone && calendar != best && shown(calendar).method;
  Shown out;
  for (std::int32_t child = tree_.at(index).first_child; child != kNone; child = tree_.at(child).next) {
    if (child == best || (beside && child == calendar) || shown(child).kind == Shown::Kind::nothing) continue;
    unseen_[static_cast<std::size_t>(child)] = true;
  }
  if (best != kNone) take(out, shown(best));
  if (html != kNone && html != best) append_unmarked_images(shown(html), out);
  if (beside) take(out, shown(calendar));
  for (const std::int32_t image : out.images) marked_[static_cast<std::size_t>(image)] = true;
  shown(index) = std::move(out);
}

// Pictures that only the form that was not chosen shows: their marks follow the text.
void Assembly::append_unmarked_images(const Shown& unseen, Shown& out) {
  std::vector<bool> done(tree_.nodes().size(), false);
  for (const std::int32_t image : out.images) done[static_cast<std::size_t>(image)] = true;
  for (const std::int32_t image : unseen.images) {
    const auto slot = static_cast<std::size_t>(image);
    if (done[slot]) continue;
    done[slot] = true;
    out.images.push_back(image);
    if (decoration_[slot]) continue;
    end_line(out.text);
    out.text += image_mark(image, {}) + "\n";
  }
}

// A TNEF's own text, then the messages attached to it, each below its subject.
void Assembly::show_wrapped(std::int32_t index) {
  const Node& node = tree_.at(index);
  const auto body = wrapped_bodies_.find(index);
  if (node.detected_type != kTnefType || (body == wrapped_bodies_.end() && is_blank(shown(index).text)))
    return;
  Shown out;
  out.kind = Shown::Kind::other;
  if (body != wrapped_bodies_.end()) out.text = std::move(body->second);
  cut_utf8(out.text, limits::kCleanText * 2);
  const std::size_t own = out.text.size();
  take(out, shown(index));
  out.wrapped = own;
  if (node.file && node.parent != kNone && tree_.at(node.parent).detected_type == kTnefType) {
    const std::string subject = node.name.empty() ? std::string() : "件名: " + node.name + "\n\n";
    out.text = indented(subject + out.text);
    out.wrapped = 0;
  }
  out.kind = Shown::Kind::other;
  shown(index) = std::move(out);
}

// winmail.dat mostly repeats the text beside it: then only what is attached to it is shown.
void Assembly::drop_said_twice(std::int32_t index) {
  const std::int32_t first = tree_.at(index).first_child;
  bool any = false;
  for (std::int32_t child = first; child != kNone; child = tree_.at(child).next)
    any = any || shown(child).wrapped > 0;
  if (!any) return;
  Said said;
  for (std::int32_t child = first; child != kNone; child = tree_.at(child).next)
    if (shown(child).wrapped == 0) said.hear(shown(child).text);
  for (std::int32_t child = first; child != kNone; child = tree_.at(child).next) {
    Shown& part = shown(child);
    if (part.wrapped == 0 || !said.nearly_all(std::string_view(part.text).substr(0, part.wrapped))) continue;
    part.text.erase(0, part.wrapped);
    const std::size_t separator = part.text.find(kSeparator);
    if (trimmed(part.text.substr(0, separator)).empty() && separator != std::string::npos)
      part.text.erase(0, separator + kSeparator.size());
    part.wrapped = 0;
  }
}

// A message within another: its own few header lines, then its text, indented.
void Assembly::show_message(std::int32_t index) {
  const Node& node = tree_.at(index);
  if (node.parent == kNone) return;
  Shown& out = shown(index);
  std::string text = show_header(node.fields, out.charset);
  if (!text.empty() && !is_blank(out.text)) text += '\n';
  text += out.text;
  std::size_t levels = 0;
  for (std::int32_t above = node.parent; above != kNone; above = tree_.at(above).parent)
    if (tree_.at(above).message && tree_.at(above).parent != kNone) ++levels;
  out.text = levels < kIndentedLevels ? indented(text) : std::move(text);
  out.wrapped = 0;
  out.kind = Shown::Kind::plain;
}

}  // namespace kiyome::sanitizer::mail

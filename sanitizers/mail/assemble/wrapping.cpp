// Files in odd wrappings: TNEF, CMS, uuencode and its kin within text, PGP blocks, and what is hidden in
// places that some readers look at and others do not (a MIME header in the middle of a text, a bare block of
// base64).
#include <algorithm>

#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "sanitizers/mail/assemble/assembly.h"
#include "sanitizers/mail/assemble/relic.h"
#include "sanitizers/mail/containers.h"
#include "sanitizers/mail/octets.h"
#include "sanitizers/mail/scanner.h"
#include "sanitizers/text/content_lines.h"
#include "sanitizers/text/text.h"
#include "sanitizers/type/table.h"
#include "sanitizers/type/type.h"

namespace kiyome::sanitizer::mail {

using clean::Finding;

namespace {

std::string name_of(const Enclosed& file) {
  WordContext context;
  std::string name = file.name.find("=?") != std::string::npos
                         ? decode_header_text(file.name, context)
                         : on_one_line(decode_raw(file.name, file.name_charset, context));
  cut_utf8(name, limits::kCleanName);
  return name;
}

std::string type_of(const Enclosed& file) {
  std::string type = lowered(trimmed(file.declared_type));
  return clean::is_media_type(type) ? type : std::string();
}

std::string file_mark(std::string_view name) {
  return name.empty() ? "［添付ファイル］" : "［添付: " + std::string(name) + "］";
}

std::string decoded_html(std::string_view octets, std::string_view charset) {
  text::Html html = text::from_html(text::decode(octets, charset).utf8);
  std::string out;
  bool mark = false;
  for (const char c : html.text.utf8) {  // images of a TNEF body have no place of their own
    if (c == text::kImageMark) mark = !mark;
    if (!mark && c != text::kImageMark) out += c;
  }
  return out;
}

std::string tnef_body(const Tnef& tnef) {
  if (!trimmed(tnef.body_plain).empty()) return text::decode(tnef.body_plain, tnef.charset).utf8;
  if (!tnef.body_html.empty()) {
    const std::string charset = text::html_charset(tnef.body_html);
    return decoded_html(tnef.body_html, charset.empty() ? tnef.charset : charset);
  }
  if (tnef.body_rtf.empty()) return {};
  const RtfText rtf = read_rtf(tnef.body_rtf);
  return rtf.is_html ? decoded_html(rtf.octets, rtf.charset) : text::decode(rtf.octets, rtf.charset).utf8;
}

// UTF-8 as numeric character references, which stand for themselves in every charset of a HTML text.
std::string as_references(std::string_view utf8) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const std::size_t more = lead < 0xC0 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    std::uint32_t c = more == 0 ? lead : lead & (0x3Fu >> more);
    for (std::size_t k = 1; k <= more && i + k < utf8.size(); ++k)
      c = c << 6 | (static_cast<unsigned char>(utf8[i + k]) & 0x3Fu);
    out += "&#" + std::to_string(c) + ";";
    i += more + 1;
  }
  return out;
}

bool overlaps(const LeafText* text, std::size_t begin, std::size_t end) {
  return text != nullptr && std::any_of(text->cuts.begin(), text->cuts.end(),
                                        [&](const Cut& cut) { return begin < cut.end && cut.begin < end; });
}

// Whether the octets are a MIME entity as RFC 8551 section 3.1 wants it signed, and not a bare file.
bool is_entity(std::string_view octets) {
  return read_fields(octets, 0, false, [](std::size_t) { return false; }).find("content-type") != nullptr;
}

// Whether the header at the begin of the octets is that of a multipart or a message.
bool holds_parts(std::string_view octets) {
  const Fields fields = read_fields(octets, 0, false, [](std::size_t) { return false; });
  const Field* type = fields.find("content-type");
  if (type == nullptr) return false;
  const std::string value = read_parameterized(type->value).value;
  return begins_with(value, "multipart") || begins_with(value, "message") ||
         lowered(type->value).find("boundary") != std::string::npos;
}

// "a.pdf" of "a.pdf.p7m", "smime" of "smime.p7m".
std::string_view without_wrapping(std::string_view name) {
  return ends_with(name, ".p7m") || ends_with(name, ".p7z") ? name.substr(0, name.size() - 4) : name;
}

}  // namespace

std::vector<const Cut*> cuts_in_order(const LeafText& text) {
  std::vector<const Cut*> out;
  for (const Cut& cut : text.cuts) out.push_back(&cut);
  std::sort(out.begin(), out.end(), [](const Cut* a, const Cut* b) { return a->begin < b->begin; });
  return out;
}

std::string without_cuts(const LeafText& text, bool html) {
  std::string out;
  std::size_t p = 0;
  for (const Cut* cut : cuts_in_order(text)) {
    if (cut->begin < p) continue;
    out += text.octets.substr(p, cut->begin - p);
    if (html) out += "<p>" + as_references(cut->shown) + "</p>";
    p = cut->end;
  }
  out += text.octets.substr(std::min(p, text.octets.size()));
  return out;
}

// winmail.dat: its files become children; its text is shown unless the mail says the same words beside it.
bool Assembly::open_tnef(std::int32_t index, std::string_view octets) {
  const Node& declared = tree_.at(index);
  const bool named = declared.is("application/ms-tnef") || declared.is("application/vnd.ms-tnef");
  if (!looks_like_tnef(octets)) {
    if (named) note(tree_.at(index).findings, Finding::kDamagedPart);
    return false;
  }
  Tnef tnef = read_tnef(octets);
  {
    Node& node = tree_.at(index);
    note(node.findings, Finding::kTnef);
    if (tnef.damaged) note(node.findings, Finding::kDamagedPart);
    node.detected_type = "application/ms-tnef";
  }
  std::string body = tnef_body(tnef);
  if (!body.empty()) wrapped_bodies_[index] = std::move(body);
  for (Enclosed& file : tnef.files) {
    std::uint32_t buffer = 0;
    std::string name = name_of(file);
    if (!keep(file.owned.empty() ? std::string(file.octets) : std::move(file.owned), buffer)) return true;
    const std::string type = file.embedded_message ? "application/ms-tnef" : type_of(file);
    if (add_file(index, buffer, std::move(name), type) == kNone) return true;
  }
  // Where another reader may find more in it than we did, it is listed itself.
  if (!tnef.damaged && !tnef.files.empty()) tree_.at(index).container = true;
  return true;
}

// S/MIME: opaque signed content is read like any other part; what is enveloped cannot be seen.
bool Assembly::open_cms(std::int32_t index, std::string_view octets) {
  const Node& node = tree_.at(index);
  const bool declared = node.media_type.find("pkcs7-mime") != std::string::npos ||
                        ends_with(node.name, ".p7m") || ends_with(node.name, ".p7z") ||
                        node.detected_type == "application/pkcs7-mime";
  if (!declared) return false;
  CmsContent cms = read_cms(octets);
  switch (cms.kind) {
    case Cms::enveloped_data:
      note(tree_.at(index).findings, Finding::kEncrypted);
      return true;
    case Cms::compressed_data:
      note(tree_.at(index).findings, Finding::kUnsupportedType);
      return true;
    case Cms::signed_data: {
      note(tree_.at(index).findings, Finding::kSigned);
      if (!cms.content.empty()) open_signed(index, cms);
      return true;
    }
    case Cms::not_cms:
    case Cms::other:
      break;
  }
  return false;
}

// What was signed: a mail's content, which is read on; or a file, when a name is left behind ".p7m" or
// nothing says that it is an entity (a signed contract, a program called a.js.p7m).
void Assembly::open_signed(std::int32_t index, CmsContent& cms) {
  const Node& node = tree_.at(index);
  const std::string name(without_wrapping(node.name));
  const bool alone = node.parent == kNone || node.message;
  const bool file = !type::extension_of(name).empty() || (!is_entity(cms.content) && !alone && !name.empty());
  std::uint32_t buffer = 0;
  if (!keep(std::move(cms.content), buffer)) return;
  if (file ? add_file(index, buffer, name, {}) == kNone : !scan_below(index, buffer, false)) return;
  // With something before or behind the signed data it stays listed itself.
  tree_.at(index).container = cms.whole && !cms.damaged;
}

// uuencode, yEnc, BinHex within `octets`. With `text` the blocks are cut out of what is shown.
void Assembly::find_wrapped(std::int32_t index, std::string_view octets, LeafText* text) {
  std::vector<InText> found = find_encoded_files(octets);
  if (found.size() > limits::kMailEncodedFiles) return stop(Finding::kLimitParts);
  for (InText& block : found) {
    if (overlaps(text, block.begin, block.end)) continue;  // within a PGP block: found there
    std::string name = name_of(block.file);
    if (text != nullptr) text->cuts.push_back({block.begin, block.end, file_mark(name), {}});
    std::uint32_t buffer = 0;
    if (!keep(block.file.owned.empty() ? std::string(block.file.octets) : std::move(block.file.owned),
              buffer))
      return;
    const std::int32_t file = add_file(index, buffer, std::move(name), type_of(block.file));
    if (file == kNone) return;
    note(tree_.at(file).findings, Finding::kUuencodedAttachment);
    if (block.damaged) note(tree_.at(file).findings, Finding::kMalformedEncoding);
  }
}

void Assembly::find_pgp(std::int32_t index, LeafText& text) {
  if (text.octets.find("-----BEGIN PGP") == std::string_view::npos) return;
  for (PgpBlock& block : find_pgp_blocks(text.octets)) {
    Cut cut{block.begin, block.end, {}, {}};
    switch (block.kind) {
      case PgpBlock::Kind::message:
        note(tree_.at(index).findings, Finding::kEncrypted);
        cut.shown = "［PGP で暗号化されているため読めません］";
        break;
      case PgpBlock::Kind::cleartext_signed:
        note(tree_.at(index).findings, Finding::kSigned);
        cut.raw = opened_cleartext(index, std::move(block.cleartext));
        break;
      case PgpBlock::Kind::signature:
        note(tree_.at(index).findings, Finding::kSigned);
        break;
      case PgpBlock::Kind::key:
        cut.shown = "［PGP 公開鍵］";
        break;
    }
    text.cuts.push_back(std::move(cut));
  }
}

// The words within a PGP signature, without the files among them.
std::string Assembly::opened_cleartext(std::int32_t index, std::string cleartext) {
  std::uint32_t buffer = 0;
  if (limit_ || !keep(std::move(cleartext), buffer)) return {};
  LeafText inner;
  inner.octets = tree_.buffer(buffer);
  find_wrapped(index, inner.octets, &inner);
  if (!limit_) find_relics(index, inner.octets, &inner);
  return without_cuts(inner, false);
}

// The files that stand in the lines of a calendar (RFC 5545 section 3.8.1.1: ATTACH, in base64 or as data:).
void Assembly::find_calendar_files(std::int32_t index, std::string_view octets) {
  const std::vector<text::ContentLine> lines = text::content_lines(octets, false);
  if (lines.size() >= limits::kContentLines) return stop(Finding::kLimitParts);
  for (const text::ContentLine& line : lines) {
    std::string_view value = trimmed(line.value);
    std::string type = lowered(line.parameter("FMTTYPE"));
    bool encoded =
        begins_with(line.parameter("ENCODING"), "b") || begins_with(line.parameter("VALUE"), "binary");
    if (begins_with(value, "data:")) {
      const std::size_t comma = value.find(',');
      if (comma == std::string_view::npos) continue;
      const std::string head = lowered(value.substr(5, comma - 5));
      type = head.substr(0, head.find(';'));
      encoded = head.find("base64") != std::string::npos;
      value.remove_prefix(comma + 1);
    } else if (!encoded) {
      continue;
    }
    std::string decoded;
    if (encoded)
      decode_base64(value, decoded);
    else
      decoded = value;
    std::string_view name;
    for (const std::string_view parameter :
         {"FILENAME", "X-FILENAME", "X-APPLE-FILENAME", "X-LABEL", "X-NAME"})
      if (name.empty()) name = line.parameter(parameter);
    WordContext context;
    std::string clean_name = on_one_line(decode_raw(name, "utf-8", context));
    cut_utf8(clean_name, limits::kCleanName);
    std::uint32_t buffer = 0;
    if (!keep(std::move(decoded), buffer)) return;
    if (add_file(index, buffer, std::move(clean_name), clean::is_media_type(type) ? type : std::string()) ==
        kNone)
      return;
  }
}

// A MIME header or base64 where a text, a preamble or an epilogue should be: what it hides is listed; the
// text stays as it is but for the encoded octets.
void Assembly::find_relics(std::int32_t index, std::string_view octets, LeafText* text) {
  const std::vector<Relic> relics = find_relics_in(octets);
  if (relics.size() > limits::kMailRelics) return stop(Finding::kLimitParts);
  std::size_t tries = 0, kept = 0, kept_end = 0;  // the last entity kept: base64 within it is listed already
  for (const Relic& relic : relics) {
    if (limit_) return;
    const bool inside = relic.begin >= kept && relic.begin < kept_end;
    if (relic.kind == Relic::Kind::base64) {
      if (overlaps(text, relic.begin, relic.end)) continue;
      if (!inside)
        list_relic(index, relic, octets.substr(relic.begin, relic.end - relic.begin), text);
      else if (text != nullptr)
        text->cuts.push_back({relic.begin, relic.end, file_mark({}), {}});
      continue;
    }
    if (inside || overlaps(text, relic.begin, relic.begin + 1)) continue;
    const bool several = relic.kind == Relic::Kind::entities;
    const std::size_t end = several || holds_parts(octets.substr(relic.begin)) ? octets.size() : relic.end;
    if (end == octets.size() && ++tries > limits::kMailRelicTries) return stop(Finding::kLimitParts);
    const std::int32_t first = tree_.size();
    if (!scan_relic(tree_, index, octets.substr(relic.begin, end - relic.begin), several, limit_)) continue;
    note(tree_.at(index).findings, Finding::kAmbiguousStructure);
    if (text != nullptr) cut_files(first, relic.begin, *text);
    kept = relic.begin;
    kept_end = end;
  }
}

// The content of the files among the nodes from `first` on, which were scanned from `begin` of the text.
void Assembly::cut_files(std::int32_t first, std::size_t begin, LeafText& text) {
  for (std::int32_t i = first; i < tree_.size(); ++i) {
    const Node& node = tree_.at(i);
    if (holds_file(node)) text.cuts.push_back({begin + node.body, begin + node.end, file_mark({}), {}});
  }
}

// A block of base64 that is a file: listed, and cut out of the text.
void Assembly::list_relic(std::int32_t index, const Relic& relic, std::string_view hidden, LeafText* text) {
  std::string decoded;
  decode_base64(hidden, decoded);
  const type::Detected detected = type::detect(decoded, {}, {});
  const bool plain =
      detected.text_like || detected.type == "application/octet-stream" || detected.type == "text/plain";
  if (detected.findings.empty() && plain) return;
  std::uint32_t buffer = 0;
  if (!keep(std::move(decoded), buffer) || add_file(index, buffer, {}, {}) == kNone) return;
  note(tree_.at(index).findings, Finding::kAmbiguousStructure);
  if (text != nullptr) text->cuts.push_back({relic.begin, relic.end, file_mark({}), {}});
}

}  // namespace kiyome::sanitizer::mail

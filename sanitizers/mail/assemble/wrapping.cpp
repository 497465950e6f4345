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
#include "sanitizers/text/text.h"
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

}  // namespace

// winmail.dat: its files become children, its text stands in when the mail has no other.
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
  if (tnef.files.empty() && wrapped_bodies_.count(index) == 0 && tnef.damaged)
    return true;  // listed as it is
  tree_.at(index).container = true;
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
      if (cms.content.empty()) return true;
      std::uint32_t buffer = 0;
      if (!keep(std::move(cms.content), buffer)) return true;
      if (scan_below(index, buffer, false)) tree_.at(index).container = true;
      return true;
    }
    case Cms::not_cms:
    case Cms::other:
      break;
  }
  return false;
}

// uuencode, yEnc, BinHex within `octets`. With `text` the blocks are cut out of what is shown.
void Assembly::find_wrapped(std::int32_t index, std::string_view octets, LeafText* text) {
  std::vector<InText> found = find_encoded_files(octets);
  for (InText& block : found) {
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
        cut.raw = std::move(block.cleartext);
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

// A MIME header or base64 where a text, a preamble or an epilogue should be: what it hides is listed; the
// text stays as it is but for the encoded octets.
void Assembly::find_relics(std::int32_t index, std::string_view octets, LeafText* text) {
  const auto taken = [text](std::size_t begin, std::size_t end) {
    return text != nullptr && std::any_of(text->cuts.begin(), text->cuts.end(),
                                          [&](const Cut& cut) { return begin < cut.end && cut.begin < end; });
  };
  std::size_t entity = octets.size();  // where a kept entity begins: base64 behind it is listed already
  for (const Relic& relic : find_relics_in(octets)) {
    if (limit_) return;
    if (taken(relic.begin, relic.end)) continue;
    const std::string_view hidden = octets.substr(relic.begin, relic.end - relic.begin);
    if (relic.kind == Relic::Kind::entity || relic.kind == Relic::Kind::entities) {
      if (!scan_relic(tree_, index, hidden, relic.kind == Relic::Kind::entities, limit_)) continue;
      note(tree_.at(index).findings, Finding::kAmbiguousStructure);
      entity = relic.begin;
      continue;
    }
    if (relic.begin >= entity) {
      if (text != nullptr) text->cuts.push_back({relic.begin, relic.end, file_mark({}), {}});
      continue;
    }
    std::string decoded;
    decode_base64(hidden, decoded);
    const type::Detected detected = type::detect(decoded, {}, {});
    const bool plain =
        detected.text_like || detected.type == "application/octet-stream" || detected.type == "text/plain";
    if (detected.findings.empty() && plain) continue;
    std::uint32_t buffer = 0;
    if (!keep(std::move(decoded), buffer)) return;
    if (add_file(index, buffer, {}, {}) == kNone) return;
    note(tree_.at(index).findings, Finding::kAmbiguousStructure);
    if (text != nullptr) text->cuts.push_back({relic.begin, relic.end, file_mark({}), {}});
  }
}

}  // namespace kiyome::sanitizer::mail

// A leaf: undo its transfer encoding, name and measure it, and decide whether it is a text to be shown or an
// attachment.
#include <algorithm>

#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "sanitizers/mail/assemble/assembly.h"
#include "sanitizers/mail/assemble/picture.h"
#include "sanitizers/mail/containers.h"
#include "sanitizers/mail/digest.h"
#include "sanitizers/mail/octets.h"
#include "sanitizers/text/text.h"
#include "sanitizers/type/type.h"

namespace kiyome::sanitizer::mail {

using clean::Finding;

namespace {

// Text that no person wrote: programs and documents under a text type must not be shown as if they were a
// body.
bool is_binary(std::string_view octets, std::string_view charset) {
  if (begins_with(charset, "utf-16") || begins_with(charset, "utf-32") || begins_with(charset, "ucs-"))
    return false;
  if (octets.substr(0, 2) == "\xFF\xFE" || octets.substr(0, 2) == "\xFE\xFF") return false;
  if (octets.substr(0, 4) == "PK\x03\x04" || octets.substr(0, 4) == "%PDF" ||
      octets.substr(0, 4) ==
          "\x7F"
          "ELF")
    return true;
  if (octets.find("=ybegin ") != std::string_view::npos) return false;  // yEnc: a file within a text
  const std::string_view head = octets.substr(0, 65536);
  if (head.substr(0, 2) == "MZ" && head.substr(0, 64).find('\0') != std::string_view::npos) return true;
  std::size_t controls = 0;
  for (const char c : head)
    controls +=
        static_cast<unsigned char>(c) < 0x20 && !is_space(c) && c != '\x1B' && c != '\x0E' && c != '\x0F';
  return controls * 20 > head.size();
}

// Whether decoding gave something that shows it was right to decode.
bool is_telling(const type::Detected& detected) {
  return !detected.findings.empty() || (!detected.text_like && detected.type != "application/octet-stream" &&
                                        detected.type != "text/plain");
}

// Whether the declared type is one whose words stand in the body text.
bool is_text_type(const Node& node) {
  return node.is("text/plain") || node.is("text/html") || node.is("text/calendar") ||
         node.is("text/enriched") || node.is("text/richtext") || node.is("message/delivery-status") ||
         node.is("message/disposition-notification") || node.is("message/global-delivery-status") ||
         node.is("message/global-disposition-notification") || node.is("message/feedback-report") ||
         node.is("text/rfc822-headers") || node.is("message/global-headers") || node.is("text/rfc822-header");
}

}  // namespace

// Content-Disposition's filename, Content-Type's name, at last the end of Content-Location.
void Assembly::name_leaf(Node& node) {
  if (node.file) return;
  WordContext context;
  if (node.type.parameters.empty() == false)
    context.fallback_charset = lowered(parameter_octets(node.type, "charset"));
  DecodedParameter name = decode_parameter(node.disposition, "filename", context);
  const DecodedParameter other = decode_parameter(node.type, "name", context);
  if (name.text.empty()) {
    name.text = other.text;
  } else if (!other.text.empty() && other.text != name.text) {
    const auto extension = [](std::string_view s) { return s.substr(std::min(s.rfind('.'), s.size())); };
    if (lowered(extension(name.text)) != lowered(extension(other.text))) name.differs = true;
  }
  if (name.differs || other.differs) note(node.findings, Finding::kTypeMismatch);
  if (context.undecodable) note(node.findings, Finding::kUndecodableText);
  node.name = std::move(name.text);
}

// The decoded octets: a view of the message, or of `scratch`.
std::string_view Assembly::decode_leaf(Node& node, std::string& scratch) {
  const std::string_view raw = tree_.content(node);
  Encoding encoding = node.encoding;
  const bool text = node.media_type.compare(0, 5, "text/") == 0 || node.is_multipart();
  if (encoding == Encoding::unknown)
    encoding = looks_like_base64(trimmed(raw), 16) ? Encoding::base64 : Encoding::identity;
  if (encoding == Encoding::base64 && text && !is_mostly_base64(raw)) {
    note(node.findings, Finding::kMalformedEncoding);
    encoding = Encoding::identity;
  }
  bool good = true;
  switch (encoding) {
    case Encoding::base64:
      good = decode_base64(raw, scratch);
      break;
    case Encoding::quoted_printable:
      if (raw.find('=') == std::string_view::npos) return raw;
      good = decode_quoted_printable(raw, scratch);
      break;
    case Encoding::uuencode: {
      std::vector<InText> files = find_encoded_files(raw);
      good = !files.empty() && !files.front().damaged;
      if (files.empty()) return raw;
      Enclosed& file = files.front().file;
      scratch = file.owned.empty() ? std::string(file.octets) : std::move(file.owned);
      if (node.name.empty() && !file.name.empty()) {
        WordContext context;
        node.name = on_one_line(decode_raw(file.name, file.name_charset, context));
        cut_utf8(node.name, limits::kCleanName);
      }
      break;
    }
    case Encoding::identity:
    case Encoding::unknown:
      return raw;
  }
  if (!good) note(node.findings, Finding::kMalformedEncoding);
  return scratch;
}

void Assembly::measure(Node& node, std::string_view octets) {
  node.size = octets.size();
  node.sha256 = sha256(octets);
}

// text/plain with a file name is an attachment, unless it is the only text and not called one; within
// multipart/alternative names mean nothing.
bool Assembly::shown_as_text(const Node& node) const {
  if (node.file || !is_text_type(node)) return false;
  if (node.media_type.compare(0, 8, "message/") == 0 || node.media_type.find("headers") != std::string::npos)
    return true;
  const std::string& disposition = node.disposition.value;
  if (!disposition.empty() && disposition != "inline") return false;
  const Node* parent = node.parent == kNone ? nullptr : &tree_.at(node.parent);
  if (parent != nullptr && parent->is("multipart/alternative")) return true;
  if (node.name.empty() || node.is("text/calendar")) return true;
  if (parent != nullptr && parent->is("multipart/related") && &node == &tree_.at(parent->first_child))
    return true;
  return !unnamed_text_ && (parent == nullptr || !node.is("text/html"));
}

void Assembly::expand_leaf(std::int32_t index) {
  Node& node = tree_.at(index);
  name_leaf(node);
  scratch_.clear();
  const std::string_view octets = decode_leaf(node, scratch_);
  measure(node, octets);
  if (!shown_as_text(node) || is_binary(octets, lowered(parameter_octets(node.type, "charset")))) {
    expand_attachment(index, octets);
    return;
  }
  LeafText text;
  const bool owned = octets.data() == scratch_.data();
  if (owned) text.owned = scratch_;
  LeafText& kept = texts_[index] = std::move(text);
  kept.octets = owned ? std::string_view(kept.owned) : octets;
  if (!node.is("text/plain")) return;
  find_wrapped(index, kept.octets, &kept);
  if (limit_) return;
  find_pgp(index, kept);
  find_relics(index, kept.octets, &kept);
}

void Assembly::expand_attachment(std::int32_t index, std::string_view octets) {
  Node& node = tree_.at(index);
  const type::Detected detected = type::detect(octets, node.name, node.declared_type);
  if (clean::is_media_type(detected.type)) node.detected_type = detected.type;
  for (const Finding finding : detected.findings) note(node.findings, finding);
  if (node.is("message/partial")) note(node.findings, Finding::kPartialMessage);
  if (node.is("message/external-body")) note(node.findings, Finding::kExternalBody);
  if (node.is("application/pgp-encrypted") || node.is("application/pgp"))
    note(node.findings, Finding::kEncrypted);
  if (node.parent != kNone && tree_.at(node.parent).is("multipart/encrypted"))
    note(node.findings, Finding::kEncrypted);
  if (octets.substr(0, 27) == "-----BEGIN PGP MESSAGE-----") note(node.findings, Finding::kEncrypted);
  if (detected.type.compare(0, 6, "image/") == 0) image_sizes_[index] = picture_size(octets);
  settle_signature(node, octets);
  if (open_tnef(index, octets) || limit_) return;
  if (open_cms(index, octets) || limit_) return;
  open_disguised(index, octets);
  if (options_.part_texts && detected.text_like && !limit_) say_words(index, octets);
}

// Octets that were left encoded: no Content-Transfer-Encoding, or an unknown one, over base64 or uuencode.
void Assembly::open_disguised(std::int32_t index, std::string_view octets) {
  const Node& node = tree_.at(index);
  if (node.encoding != Encoding::identity && node.encoding != Encoding::unknown) return;
  if (octets.size() >= 64 && looks_like_base64(trimmed(octets), 64)) {
    std::string decoded;
    const bool whole = decode_base64(octets, decoded);
    std::uint32_t buffer = 0;
    std::string name = node.name;
    if (!whole && !is_mostly_base64(octets)) return;
    if (!is_telling(type::detect(decoded, name, {}))) return;  // a list of numbers is base64, too
    if (!keep(std::move(decoded), buffer)) return;
    const std::int32_t file = add_file(index, buffer, std::move(name), {});
    if (file == kNone) return;
    note(tree_.at(file).findings, Finding::kMalformedEncoding);
  } else if (octets.substr(0, 6) == "begin " || octets.find("\nbegin ") != std::string_view::npos) {
    find_wrapped(index, octets, nullptr);
  }
}

// The words of a text-like attachment, for policy `text`.
void Assembly::say_words(std::int32_t index, std::string_view octets) {
  const Node& node = tree_.at(index);
  const std::string& type = node.detected_type;
  std::string charset = parameter_octets(node.type, "charset");
  const bool html = type == "text/html" || node.is("text/html") || ends_with(node.name, ".html") ||
                    ends_with(node.name, ".htm");
  if (html && charset.empty()) charset = text::html_charset(octets);
  text::Text decoded = text::decode(octets.substr(0, limits::kCleanText), charset);
  if (html) {
    decoded = text::from_html(decoded.utf8).text;
    std::erase(decoded.utf8, text::kImageMark);
  } else if (type == "text/calendar" || node.is("text/calendar") || ends_with(node.name, ".ics")) {
    decoded = text::from_calendar(decoded.utf8);
  } else if (type == "text/vcard" || node.is("text/vcard") || node.is("text/x-vcard") ||
             ends_with(node.name, ".vcf")) {
    decoded = text::from_vcard(decoded.utf8);
  }
  for (const Finding finding : decoded.findings) note(tree_.at(index).findings, finding);
  cut_utf8(decoded.utf8, limits::kCleanText);
  if (decoded.utf8.size() > limits::kCleanAnswer / 2 - words_bytes_) return;  // the answer has its bound, too
  words_bytes_ += decoded.utf8.size();
  words_[index] = std::move(decoded.utf8);
}

}  // namespace kiyome::sanitizer::mail

// A leaf: undo its transfer encoding, name and measure it, and decide whether it is a text to be shown or an
// attachment.
#include <algorithm>
#include <array>

#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "sanitizers/mail/assemble/assembly.h"
#include "sanitizers/mail/assemble/file_words.h"
#include "sanitizers/mail/assemble/picture.h"
#include "sanitizers/mail/containers.h"
#include "sanitizers/mail/octets.h"
#include "sanitizers/text/text.h"
#include "sanitizers/type/digest.h"
#include "sanitizers/type/signatures.h"
#include "sanitizers/type/table.h"
#include "sanitizers/type/type.h"

namespace kiyome::sanitizer::mail {

using clean::Finding;

namespace {

// Text that no person wrote: programs and documents under a text type must not be shown as if they were a
// body.
bool is_binary(std::string_view octets, std::string_view charset) {
  const std::string_view head = octets.substr(0, 65536);
  if (head.substr(0, 4) == "PK\x03\x04" || head.substr(0, 4) == "%PDF" ||
      head.substr(0, 4) ==
          "\x7F"
          "ELF")
    return true;
  if (head.substr(0, 2) == "MZ" && head.substr(0, 64).find('\0') != std::string_view::npos) return true;
  // In two octets a character anything may be a text, and every file is one in rare characters.
  if (begins_with(charset, "utf-16") || begins_with(charset, "utf-32") || begins_with(charset, "ucs-"))
    return !type::signature_type(octets).empty();
  if (head.substr(0, 2) == "\xFF\xFE" || head.substr(0, 2) == "\xFE\xFF") return false;
  if (octets.find("=ybegin ") != std::string_view::npos) return false;  // yEnc: a file within a text
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
         node.is("text/enriched") || node.is("text/richtext") || is_report_type(node) ||
         is_special_html(node);
}

}  // namespace

// A name that a text may bear and still be the body: none, or one that a desktop opens as words. By any other
// a mail program shows a file, whatever its type says.
bool is_text_name(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kExtensions = {"",    "txt", "text", "log", "htm", "html",
                                                                   "ics", "eml", "vcf",  "csv", "md",  "asc"};
  const std::string extension = type::extension_of(name);
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

// RFC 3464, 8098, 5965, 6522: the machine's part of a report.
bool is_report_type(const Node& node) {
  return node.is("message/delivery-status") || node.is("message/disposition-notification") ||
         node.is("message/global-delivery-status") || node.is("message/global-disposition-notification") ||
         node.is("message/feedback-report") || node.is("text/rfc822-headers") ||
         node.is("message/global-headers") || node.is("text/rfc822-header");
}

// A form of the body for some devices; the plain HTML beside it says the same.
bool is_special_html(const Node& node) { return node.is("text/x-amp-html") || node.is("text/watch-html"); }

// Among names that are said more than once: one that a text may not bear where the first may. It becomes
// `name`.
bool offers_file_name(const Node& node, std::string& name) {
  for (const Field& field : node.fields.all) {
    if (!same_text(field.name, "content-type") && !same_text(field.name, "content-disposition")) continue;
    for (const Parameter& parameter : read_parameterized(field.value).parameters) {
      if (parameter.name != "name" && parameter.name != "filename") continue;
      WordContext context;
      std::string said = parameter.value.find("=?") == std::string::npos
                             ? on_one_line(decode_raw(parameter.value, {}, context))
                             : decode_header_text(parameter.value, context);
      cut_utf8(said, limits::kCleanName);
      const bool runs = type::executable_extension(type::extension_of(said)) &&
                        !type::executable_extension(type::extension_of(name));
      if (!runs && (is_text_name(said) || !is_text_name(name))) continue;
      name = std::move(said);
      return true;
    }
  }
  return false;
}

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
  node.names_differ = name.differs || other.differs || offers_file_name(node, name.text);
  if (node.names_differ) note(node.findings, Finding::kTypeMismatch);
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
  if (encoding == Encoding::base64 && text && decode_with_tail(node, raw, scratch)) return scratch;
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
      if (files.size() > 1) node.encoding = Encoding::identity;  // each is listed by its own name
      if (files.size() != 1) return raw;
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

// base64 of a text with something plain behind it.
bool Assembly::decode_with_tail(Node& node, std::string_view raw, std::string& scratch) {
  const std::size_t tail = plain_tail(raw);
  if (tail == std::string_view::npos) return false;
  decode_base64(raw.substr(0, tail), scratch);
  if (is_binary(scratch, lowered(parameter_octets(node.type, "charset")))) {  // a number, an address
    scratch.clear();
    return false;
  }
  if (!scratch.empty() && !is_line_end(scratch.back()) && !is_line_end(raw[tail])) scratch += '\n';
  scratch += raw.substr(tail);
  note(node.findings, Finding::kMalformedEncoding);
  return true;
}

void Assembly::measure(Node& node, std::string_view octets) {
  node.size = octets.size();
  node.sha256 = type::sha256(octets);
}

// text/plain with a file name is an attachment, unless it is the only text and not called one; within
// multipart/alternative a name that a text may bear means nothing. What is called a program or a document is
// never the body: a mail program shows it as that file.
bool Assembly::shown_as_text(const Node& node) const {
  if (node.file || !is_text_type(node) || node.names_differ || !is_text_name(node.name)) return false;
  const Node* parent = node.parent == kNone ? nullptr : &tree_.at(node.parent);
  const std::string& disposition = node.disposition.value;
  const bool attached = !disposition.empty() && disposition != "inline";
  // Some servers call the parts of their reports attachments: shown, and listed as well (settle_role).
  if (is_report_type(node)) return !attached || (parent != nullptr && parent->is("multipart/report"));
  if (attached) return false;
  if (parent != nullptr && parent->is("multipart/alternative"))
    return node.name.empty() || !has_unnamed_twin(node);
  if (is_special_html(node)) return false;
  if (node.name.empty() || node.is("text/calendar")) return true;
  if (parent != nullptr && parent->is("multipart/related") && &node == &tree_.at(parent->first_child))
    return true;
  return !unnamed_text_ && (parent == nullptr || !node.is("text/html"));
}

// Whether a form of the same type without a name stands beside it: then that one is the text.
bool Assembly::has_unnamed_twin(const Node& node) const {
  for (std::int32_t i = tree_.at(node.parent).first_child; i != kNone; i = tree_.at(i).next) {
    const Node& other = tree_.at(i);
    if (&other != &node && other.media_type == node.media_type && other.end > other.body &&
        parameter_octets(other.disposition, "filename").empty() &&
        parameter_octets(other.type, "name").empty())
      return true;
  }
  return false;
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
  const bool calendar = node.is("text/calendar");
  if (node.is("text/plain") || node.is("text/enriched") || node.is("text/richtext")) find_pgp(index, kept);
  if (!limit_) find_wrapped(index, kept.octets, &kept);
  if (!limit_) find_relics(index, kept.octets, &kept);
  if (!limit_ && calendar) find_calendar_files(index, kept.octets);
}

type::Detected Assembly::detect_type(Node& node, std::string_view octets) {
  type::Detected detected = type::detect(octets, node.name, node.declared_type);
  if (clean::is_media_type(detected.type)) node.detected_type = detected.type;
  for (const Finding finding : detected.findings) note(node.findings, finding);
  return detected;
}

void Assembly::expand_attachment(std::int32_t index, std::string_view octets) {
  Node& node = tree_.at(index);
  const type::Detected detected = detect_type(node, octets);
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

// The words of a text-like attachment.
void Assembly::say_words(std::int32_t index, std::string_view octets) {
  Node& node = tree_.at(index);
  text::Text words = file_words(
      octets, {node.detected_type, node.media_type, node.name, parameter_octets(node.type, "charset")});
  for (const Finding finding : words.findings) note(node.findings, finding);
  if (words.utf8.size() > limits::kCleanAnswer / 2 - words_bytes_) return;  // the answer has its bound, too
  words_bytes_ += words.utf8.size();
  words_[index] = std::move(words.utf8);
}

}  // namespace kiyome::sanitizer::mail

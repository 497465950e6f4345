#include "sanitizers/mail/assemble/file_words.h"

#include "proto/base/limits.h"
#include "sanitizers/mail/octets.h"
#include "sanitizers/text/content_lines.h"

namespace kiyome::sanitizer::mail {

namespace {

constexpr std::size_t kXmlMark = 8;      // "<?xml", a UTF-8 mark before it
constexpr std::size_t kCardHead = 4096;  // octets in which a card says its charset
constexpr std::size_t kCharsetName = 40;

// What the first line that says a charset says (vCard 2.1 section 2.1.5: ";CHARSET=…").
std::string card_charset(std::string_view octets) {
  constexpr std::string_view kKey = ";CHARSET=";
  const std::size_t at = octets.substr(0, kCardHead).find(kKey);
  if (at == std::string_view::npos) return {};
  const std::string_view value = octets.substr(at + kKey.size(), kCharsetName);
  return std::string(value.substr(0, value.find_first_of(";:\r\n")));
}

}  // namespace

text::Text file_words(std::string_view octets, FileKind kind) {
  const auto is = [&](std::string_view type) { return kind.detected == type || kind.declared == type; };
  const bool html = is("text/html") || ends_with(kind.name, ".html") || ends_with(kind.name, ".htm");
  const bool calendar = is("text/calendar") || ends_with(kind.name, ".ics");
  const bool card = is("text/vcard") || kind.declared == "text/x-vcard" || ends_with(kind.name, ".vcf");
  const bool says_charset = html || octets.substr(0, kXmlMark).find("<?xml") != std::string_view::npos;
  if (says_charset && kind.charset.empty()) kind.charset = text::html_charset(octets);
  if (card && kind.charset.empty()) kind.charset = card_charset(octets);
  octets = octets.substr(0, limits::kCleanText);
  // Folds come before characters: long lines are folded by octets.
  text::Text out = !html && (calendar || card) ? text::decode(text::unfolded(octets, card), kind.charset)
                                               : text::decode(octets, kind.charset);
  if (html) {
    out = text::from_html(out.utf8).text;
    std::erase(out.utf8, text::kImageMark);
  } else if (calendar) {
    out = text::from_calendar(out.utf8);
  } else if (card) {
    out = text::from_vcard(out.utf8);
  }
  cut_utf8(out.utf8, limits::kCleanText);
  return out;
}

}  // namespace kiyome::sanitizer::mail

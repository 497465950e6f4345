// decode(), decode_word(), warm_up(): hostile octets in a named or unnamed charset → clean text.
#include <algorithm>

#include "sanitizers/text/clean_writer.h"
#include "sanitizers/text/converters.h"
#include "sanitizers/text/guess.h"
#include "sanitizers/text/japanese.h"
#include "sanitizers/text/text.h"
#include "sanitizers/text/unicode_forms.h"

namespace kiyome::sanitizer::text {
namespace {

// Charsets in which ASCII octets are ASCII text whatever surrounds them.
bool keeps_ascii(Scheme scheme) {
  switch (scheme) {
    case Scheme::utf7:
    case Scheme::utf16:
    case Scheme::utf16le:
    case Scheme::utf16be:
    case Scheme::utf32:
    case Scheme::utf32le:
    case Scheme::utf32be:
    case Scheme::iso2022jp:
    case Scheme::iso2022kr:
    case Scheme::iso2022cn:
    case Scheme::hz:
      return false;
    default:
      return true;
  }
}

// Mail whose ESC octets were lost on the way: "$B…(B" in a line becomes ESC $ B … ESC ( B again, when all
// between are characters of JIS X 0208. Empty if there is nothing of the kind.
std::string with_escapes_restored(std::string_view s) {
  std::string out;
  std::size_t kept = 0;
  for (std::size_t at = s.find('$'); at != std::string_view::npos; at = s.find('$', at + 1)) {
    if (at + 1 >= s.size() || (s[at + 1] != 'B' && s[at + 1] != '@')) continue;
    std::size_t end = at + 2;
    while (end + 1 < s.size() && s[end] > 0x20 && s[end] < 0x7f && s[end + 1] > 0x20 && s[end + 1] < 0x7f &&
           !(s[end] == '(' && (s[end + 1] == 'B' || s[end + 1] == 'J')))
      end += 2;
    if (end == at + 2 || end + 1 >= s.size() || s[end] != '(' || (s[end + 1] != 'B' && s[end + 1] != 'J')) {
      at = std::max(at, end - 2);  // what was looked at holds no other beginning that ends well
      continue;
    }
    out.append(s, kept, at - kept).append("\x1b$B").append(s, at + 2, end - at - 2).append("\x1b(B");
    kept = at = end + 2;
    if (at >= s.size()) break;
    --at;
  }
  if (kept != 0) out.append(s, kept);
  return out;
}

void run(std::string_view s, Charset charset, CleanWriter& out, bool& foreign) {
  switch (charset.scheme) {
    case Scheme::unknown:
    case Scheme::undeclared:
    case Scheme::ascii:
    case Scheme::utf8:
      if (s.starts_with("\xef\xbb\xbf")) s.remove_prefix(3);
      return out.utf8(s);
    case Scheme::utf7:
      return decode_utf7(s, out);
    case Scheme::utf16:
      return decode_utf16(s, utf16_looks_big_endian(s), out);
    case Scheme::utf16le:
      return decode_utf16(s, false, out);
    case Scheme::utf16be:
      return decode_utf16(s, true, out);
    case Scheme::utf32:
    case Scheme::utf32be:
      return decode_utf32(s, true, out);
    case Scheme::utf32le:
      return decode_utf32(s, false, out);
    case Scheme::iso2022jp:
      return decode_iso2022jp(s, out, foreign);
    case Scheme::iso2022kr:
      return decode_iso2022kr(s, out);
    case Scheme::iso2022cn:
      return decode_iso2022cn(s, out);
    case Scheme::hz:
      return decode_hz(s, out);
    case Scheme::cp932:
      return decode_cp932(s, out);
    case Scheme::eucjp:
      return decode_eucjp(s, out);
    case Scheme::single_octet:
      return decode_single_octet(charset.index, s, out);
    case Scheme::multi_octet:
      return decode_multi_octet(charset.index, s, out);
  }
}

Text decode_as(std::string_view octets, std::string_view name, Kind kind) {
  Text text;
  const Charset declared = charset_of(name);
  if (keeps_ascii(declared.scheme) && plain_prefix(octets) == octets.size()) {
    text.utf8.assign(octets);
    return text;
  }
  Choice choice = choose_charset(octets, declared, kind);
  std::string restored;
  if (choice.charset.scheme == Scheme::iso2022jp && octets.find('\x1b') == std::string_view::npos) {
    restored = with_escapes_restored(octets);
    if (!restored.empty()) {
      octets = restored;
      choice.overruled = true;
    }
  }
  CleanWriter out(octets.size() + octets.size() / 2 + 16);
  bool foreign = false;
  run(octets, choice.charset, out, foreign);
  if (choice.overruled || foreign) text.findings.push_back(clean::Finding::kUnknownCharset);
  if (out.bad_count() != 0) text.findings.push_back(clean::Finding::kUndecodableText);
  text.utf8 = out.take();
  return text;
}

}  // namespace

void warm_up() {
  // uchardet needs no file, but its tables are touched once so that children share the pages.
  guess_charset(
      "\xc4\xe3\xba\xc3\xa3\xac\xca\xc0\xbd\xe7\xa1\xa3\xc4\xe3\xba\xc3\xa3\xac\xca\xc0\xbd\xe7\xa1\xa3\xc4"
      "\xe3",
      Kind::body);
}

Text decode(std::string_view octets, std::string_view charset) {
  return decode_as(octets, charset, Kind::body);
}

Text decode_word(std::string_view octets, std::string_view charset) {
  Text text = decode_as(octets, charset, Kind::word);
  if (text.utf8.find('\n') == std::string::npos) return text;
  // A header's token is one line: folds within it are undone (RFC 5322 section 2.2.3), other line ends become
  // a space.
  std::string line;
  line.reserve(text.utf8.size());
  for (std::size_t i = 0; i < text.utf8.size(); ++i) {
    const char c = text.utf8[i];
    const char next = i + 1 < text.utf8.size() ? text.utf8[i + 1] : '\0';
    if (c != '\n')
      line += c;
    else if (next != ' ' && next != '\t' && next != '\n' && !line.empty() && next != '\0')
      line += ' ';
  }
  text.utf8 = std::move(line);
  return text;
}

}  // namespace kiyome::sanitizer::text

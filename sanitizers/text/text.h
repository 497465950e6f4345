// Hostile octets → clean text: charsets, HTML, format=flowed, calendars, cards. Runs only inside a sandboxed
// child. Every result is clean-language text: valid UTF-8, LF line ends, no C0 but TAB and LF, no C1, no
// noncharacters. All of it is linear in its input and bounded by limits.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/findings.h"

namespace kiyome::sanitizer::text {

struct Text {
  std::string utf8;
  std::vector<clean::Finding> findings;  // unknown-charset, undecodable-text, hidden-text … each once
};

// Touches what every job will need, so that children share its pages.
void warm_up();

// `charset` is the declared name (any case, or empty = undeclared: ESC → valid UTF-8 → kana score →
// uchardet). A declared name that plainly does not fit the octets is overruled with finding unknown-charset.
// Japanese per LIBRARIES: ISO-2022-JP* by our own JIS→CP932 walk, Shift_JIS → CP932, EUC-JP → EUC-JP-MS …
Text decode(std::string_view octets, std::string_view charset);

// A token of a header (RFC 2047 word, raw 8-bit value, file name): as decode(), but a single line and no
// guess by uchardet below a few octets. Used by the mail sanitizer for RFC 2047, RFC 2231 and raw headers.
Text decode_word(std::string_view octets, std::string_view charset);

// HTML in UTF-8 → text that reads well as plain text: paragraphs, lists, tables, quotes ("> "), headings,
// links as "text <URL>" when text and target differ. Drops and reports hidden text, scripts, remote images,
// forms. An image that stands for something is marked by image_mark(); spacers and logos collapse to nothing.
struct Image {
  std::string cid;  // of "cid:…" sources, else empty
  std::string alt;
  bool remote = false;    // http(s) or protocol-relative source
  bool embedded = false;  // a data: URL: the picture stands in the HTML itself
  bool spacer = false;    // width/height of a spacer (≤ 3 px), or no visible size
};
struct Html {
  Text text;
  std::vector<Image>
      images;  // in order; the n-th is marked in the text by kImageMark n kImageMark when not a spacer
};
// Private delimiters around the image's decimal index in Html::text; the mail sanitizer replaces them (it
// knows the parts).
inline constexpr char kImageMark = '\x1a';
Html from_html(std::string_view utf8);

// The charset an HTML document declares in its first 4 KB (<meta charset>, http-equiv, XML declaration, BOM),
// or empty.
std::string html_charset(std::string_view octets);

// RFC 3676: joins flowed lines (space-stuffing, DelSp, quotes, signature separator) of text in UTF-8 with LF.
std::string unflow(std::string_view utf8, bool delsp);

// text/calendar (RFC 5545) → readable Japanese lines: 件名・日時・場所・主催者・参加者・説明, each event;
// times in JST and, where different, in their own zone; recurrence in words; METHOD told (招待・取消・返信).
// Input in UTF-8.
Text from_calendar(std::string_view utf8);

// text/vcard (RFC 6350, and 2.1 / 3.0 with quoted-printable) → readable lines.
Text from_vcard(std::string_view utf8);

// text/enriched, text/rtf are not text we read: shown by their plain alternative or listed.

}  // namespace kiyome::sanitizer::text

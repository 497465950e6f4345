// Odd wrappings of files inside mails, each a small tolerant walker that never loses a file: when octets are
// damaged they give what can be read and say so. Linear in their input; bounded by limits.h. Runs only inside
// a sandboxed child.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/findings.h"

namespace kiyome::sanitizer::mail {

// A file found inside another. `octets` points into the input, or into `owned` when it had to be decoded.
struct Enclosed {
  std::string name;  // raw octets of the name as stored; `name_charset` tells how ("" = guess)
  std::string name_charset;
  std::string declared_type;  // as stored (MIME tag), or empty
  std::string_view octets;
  std::string owned;
  bool embedded_message = false;  // TNEF: an attached message, itself TNEF (octets are that stream)
};

// TNEF (winmail.dat, [MS-OXTNEF]): attachments, the message body if it has one (plain, HTML, or compressed
// RTF: raw octets), subject. Loops, lying lengths and bad checksums end the walk with what was found and
// damaged = true.
struct Tnef {
  std::vector<Enclosed> files;
  std::string_view body_plain, body_html;  // raw octets in `charset`
  std::string body_rtf;                    // decompressed RTF (MS-OXRTFCP), raw
  std::string charset;  // of the body that stands above, the plain one first: "utf-8", "cp932" …
  bool damaged = false;
  std::shared_ptr<const std::string>
      owned;  // what a body decoded from UTF-16 points into; shared: copies keep it alive
};
bool looks_like_tnef(std::string_view octets);
Tnef read_tnef(std::string_view octets);

// uuencode (POSIX), xxencode is listed but not decoded, yEnc (=ybegin … =yend), BinHex header: finds encoded
// files in text lines. `begin`/`end` are octet offsets of the whole block within `text`, so that the caller
// can cut it out of the shown text. One more than kMailEncodedFiles blocks means: there may be others.
struct InText {
  std::size_t begin = 0, end = 0;
  Enclosed file;
  const char* kind = "";  // "uuencode", "yenc", "binhex", "xxencode"
  bool damaged = false;
};
std::vector<InText> find_encoded_files(std::string_view text);

// MS-OXRTFCP: what stands in a TNEF or MAPI property PR_RTF_COMPRESSED. `damaged` is set, never cleared, when
// the lengths lie or octets are missing; what could be read is given. At most kMailDecoded octets.
std::string decompress_rtf(std::string_view octets, bool& damaged);

// The charset of a Windows code page number: 932 → "cp932", 65001 → "utf-8"; "cpN" for one without a name of
// its own.
std::string code_page_charset(std::uint32_t code_page);

// CMS (RFC 5652) in DER or BER: what a smime.p7m is, and the signed content when it is opaque-signed.
enum class Cms : std::uint8_t { not_cms, signed_data, enveloped_data, compressed_data, other };
struct CmsContent {
  Cms kind = Cms::not_cms;
  std::string content;   // of signed_data (constructed octet strings joined), else empty
  bool damaged = false;  // it ends early or its lengths lie; what could be read is given
  bool whole = false;    // of signed_data: its outermost element ends where the octets end
};
CmsContent read_cms(std::string_view octets);

// PGP in text (RFC 9580 armour, cleartext framework): finds blocks.
struct PgpBlock {
  std::size_t begin = 0, end = 0;  // of the whole block in `text`
  enum class Kind : std::uint8_t { message, cleartext_signed, signature, key } kind = Kind::message;
  std::string cleartext;  // dash-unescaped text of cleartext_signed
};
std::vector<PgpBlock> find_pgp_blocks(std::string_view text);

// RTF → plain text good enough to read (used for TNEF bodies): \par, \tab, \'hh in the code page of the
// document and its fonts, \uN, skipped destinations, hyperlinks as "text <URL>". [MS-OXRTFEX] encapsulated
// HTML is given back as HTML when the RTF says \fromhtml. Hidden text (\v) is left out and said.
struct RtfText {
  std::string octets;   // in `charset`
  std::string charset;  // always "utf-8": fonts of several code pages stand in one document
  bool is_html = false;
  bool hidden = false;
};
RtfText read_rtf(std::string_view rtf);

}  // namespace kiyome::sanitizer::mail

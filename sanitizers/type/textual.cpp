// What kind of text. Looks at the first kTypeScan octets, in lower case; scripts are told by several words
// together, so that a text about scripts is not taken for one too easily.
#include "sanitizers/type/textual.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "proto/base/limits.h"
#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::type {
namespace {

using U8 = unsigned char;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

// The width of UTF-16 or UTF-32 text: told by its mark, or by NULs that all stand at the same places; 1 when
// it is neither.
struct Wide {
  std::size_t octets = 1;
  std::size_t mark = 0;  // octets of the mark
  bool big_endian = false;
};

Wide wide_of(std::string_view s) {
  if (s.starts_with(std::string_view("\xff\xfe\0\0", 4))) return {4, 4, false};
  if (s.starts_with(std::string_view("\0\0\xfe\xff", 4))) return {4, 4, true};
  if (s.starts_with("\xff\xfe")) return {2, 2, false};
  if (s.starts_with("\xfe\xff")) return {2, 2, true};
  const std::string_view head = slice(s, 0, 4096);
  std::size_t even = 0, odd = 0;
  for (std::size_t i = 0; i < head.size(); ++i)
    if (head[i] == '\0') ++(i % 2 == 0 ? even : odd);
  if (head.size() < 8 || (even != 0 && odd != 0) || (even + odd) * 5 < head.size()) return {};
  return {2, 0, even != 0};
}

// The scanned part in lower case; UTF-16 with its ASCII alone.
std::string scanned(std::string_view s) {
  std::string out;
  const Wide wide = wide_of(s);
  const std::string_view part = slice(s, wide.mark, limits::kTypeScan);
  out.reserve(part.size());
  for (const char c : part)
    if (wide.octets == 1 || c != '\0') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (out.starts_with("\xef\xbb\xbf")) out.erase(0, 3);
  return out;
}

std::size_t count_words(std::string_view s, const std::string_view* words, std::size_t n) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < n; ++i) found += s.find(words[i]) != std::string_view::npos;
  return found;
}
template <std::size_t n>
std::size_t count_words(std::string_view s, const std::string_view (&words)[n]) {
  return count_words(s, words, n);
}

std::string_view skip_blanks(std::string_view s) {
  std::size_t at = 0;
  while (at < s.size() && is_blank(s[at])) ++at;
  return s.substr(at);
}

// Behind the prolog of markup: blanks, "<?…?>", "<!--…-->", "<!doctype …>".
std::string_view skip_prolog(std::string_view s) {
  constexpr int kPieces = 64;  // each costs a search to the end
  for (int piece = 0; piece < kPieces; ++piece) {
    s = skip_blanks(s);
    std::string_view end;
    if (s.starts_with("<?"))
      end = ">";
    else if (s.starts_with("<!--"))
      end = "-->";
    else if (s.starts_with("<!doctype"))
      end = s.find('[') < s.find('>') ? "]" : ">";
    else if (s.starts_with("]") || s.starts_with(">"))
      end = s.substr(0, 1);
    else
      return s;
    const std::size_t at = s.find(end);
    if (at == std::string_view::npos) return {};
    s = s.substr(at + end.size());
  }
  return s;
}

struct Beginning {
  std::string_view text, type;
};

// ---- first octets of text ----
constexpr Beginning kBeginnings[] = {
    {"begin:vcalendar", "text/calendar"},
    {"begin:vevent", "text/calendar"},
    {"begin:vcard", "text/vcard"},
    {"[internetshortcut", "application/internet-shortcut"},
    {"[desktop entry]", "application/x-desktop"},
    {"regedit4", "text/x-ms-regedit"},
    {"windows registry editor", "text/x-ms-regedit"},
    {"-----begin pgp message", "application/pgp-encrypted"},
    {"-----begin pgp signature", "application/pgp-signature"},
    {"-----begin pgp public key", "application/pgp-keys"},
    {"-----begin pgp private key", "application/pgp-keys"},
    {"-----begin pkcs7", "application/pkcs7-mime"},
    {"-----begin ", "application/x-pem-file"},
    {"iso-10303-21;", "model/step"},
    {"id;p", "text/x-sylk"},
    {"web\r\n1", "application/x-ms-webquery"},
    {"web\n1", "application/x-ms-webquery"},
    {"(this file must be converted with binhex", "application/x-binhex40"},
    {"/* xpm */", "image/x-xbitmap"},
    {"#define ", ""},
    {"%!ps", "application/postscript"},
    {"dn: ", "application/x-ldif"},
    {"version: 1\ndn", "application/x-ldif"},
    {"<?php", "text/x-php"},
    {"screen mode id:i:", "application/x-rdp"},
    {"[theme]", "application/x-theme"},
    {"\"filetype\": \"rdp\"", "application/x-rdp"},
};

std::string_view by_beginning(std::string_view s) {
  for (const Beginning& one : kBeginnings)
    if (s.starts_with(one.text)) return one.type;
  if (s.starts_with("[shell]") &&
      (s.find("command=") != std::string_view::npos || s.find("iconfile") != std::string_view::npos))
    return "application/x-scf";
  if (s.starts_with("[") && slice(s, 0, 4096).find("[version]") != std::string_view::npos &&
      s.find("signature") != std::string_view::npos)
    return "application/x-setup-information";
  if (slice(s, 0, 4096).find("\n[internetshortcut]") != std::string_view::npos)
    return "application/internet-shortcut";
  if (s.starts_with("begin ") && s.size() > 10 && s[6] >= '0' && s[6] <= '7' && s[9] == ' ')
    return "application/x-uuencode";
  // DXF: group code 0, then SECTION (or a comment, code 999).
  std::string_view line = skip_blanks(s);
  if ((line.starts_with("0") || line.starts_with("999")) && slice(s, 0, 2048).find("section") < 200) {
    const std::string_view rest = skip_blanks(line.substr(line.starts_with("0") ? 1 : 3));
    if (rest.starts_with("section") || line.starts_with("999")) return "image/vnd.dxf";
  }
  return {};
}

// ---- markup ----
constexpr Beginning kRoots[] = {
    {"<svg", "image/svg+xml"},
    {"<html", "text/html"},
    {"<kml", "application/vnd.google-earth.kml+xml"},
    {"<hta:", "application/hta"},
    {"<job", "application/x-wsf"},
    {"<package", "application/x-wsf"},
    {"<scriptlet", "application/x-wsf"},
    {"<component", "application/x-wsf"},
    {"<jnlp", "application/x-java-jnlp-file"},
    {"<asmv1:assembly", "application/x-ms-application"},
    {"<librarydescription", "application/x-windows-library"},
    {"<searchconnectordescription", "application/x-windows-library"},
    {"<persistedquery", "application/x-windows-library"},
    {"<pcsettings", "application/x-setting-content"},
    {"<mmc_consolefile", "application/x-msc"},
    {"<w:worddocument", "application/vnd.ms-wordml"},
    {"<pkg:package", "application/vnd.ms-wordml"},
    {"<xsl:", "application/xslt+xml"},
    {"<svg:svg", "image/svg+xml"},
};

std::string_view by_root(std::string_view s) {
  if (!s.starts_with('<')) return {};
  if (s.find("<hta:application") != std::string_view::npos) return "application/hta";
  const std::string_view head = slice(s, 0, 1024);
  if (head.find("<?mso-application") != std::string_view::npos)
    return head.find("word.document") != std::string_view::npos ? "application/vnd.ms-wordml"
                                                                : "application/vnd.ms-excelml";
  const bool xml = s.starts_with("<?xml");
  if (head.starts_with("<?job") || head.starts_with("<?component") ||
      slice(s, 0, 4096).find("<?component") < 200)
    return "application/x-wsf";
  const std::string_view root = skip_prolog(s);
  for (const Beginning& one : kRoots) {
    if (!root.starts_with(one.text)) continue;
    const bool script = one.type == "application/x-wsf";
    if (script && s.find("<script") == std::string_view::npos) continue;
    return one.type;
  }
  if (root.starts_with("<office:document")) {
    if (s.find("opendocument.spreadsheet") != std::string_view::npos)
      return "application/vnd.oasis.opendocument.spreadsheet";
    if (s.find("opendocument.presentation") != std::string_view::npos)
      return "application/vnd.oasis.opendocument.presentation";
    if (s.find("opendocument.graphics") != std::string_view::npos)
      return "application/vnd.oasis.opendocument.graphics";
    return "application/vnd.oasis.opendocument.text";
  }
  if (xml)
    return s.find("<html") != std::string_view::npos && s.find("xhtml") != std::string_view::npos
               ? "text/html"
               : "application/xml";
  return {};
}

constexpr std::string_view kHtmlTags[] = {
    "<!doctype html", "<html",  "<head",   "<body",   "<script", "<iframe", "<table", "<div",
    "<meta ",         "<title", "<style",  "<a href", "<form",   "<p>",     "<br",    "<h1",
    "<font",          "<img ",  "<center", "<span",   "<b>",     "<object", "<embed", "<base"};

std::string_view by_html(std::string_view s) {
  const std::string_view first = skip_prolog(s);
  if (s.starts_with("<!doctype html")) return "text/html";
  for (const std::string_view tag : kHtmlTags)
    if (first.starts_with(tag)) return "text/html";
  // Not at the beginning: only what a browser would run or show as a page.
  for (const std::string_view tag : {"<!doctype html", "<html", "<script", "<iframe"})
    if (s.find(tag) != std::string_view::npos) return "text/html";
  return {};
}

// ---- mail ----
bool is_field(std::string_view s) {
  const std::size_t colon = s.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > 60) return false;
  return std::all_of(s.begin(), s.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](char c) { return c > ' ' && c < 0x7f; });
}

std::string_view by_mail(std::string_view s, std::string_view extension) {
  const bool mbox = s.starts_with("from ") && s.find('\n') != std::string_view::npos;
  if (mbox) s = s.substr(s.find('\n') + 1);
  constexpr std::string_view kFields[] = {
      "received:",   "from:",           "to:",           "subject:",     "date:",
      "message-id:", "mime-version:",   "content-type:", "return-path:", "delivered-to:",
      "x-sender:",   "dkim-signature:", "reply-to:"};
  std::size_t known = 0, at = 0;
  for (std::size_t line = 0; line < 200 && at < s.size(); ++line) {
    const std::size_t end = std::min(s.find('\n', at), s.size());
    std::string_view one = s.substr(at, end - at);
    if (one.ends_with('\r')) one.remove_suffix(1);
    at = end + 1;
    if (one.empty()) break;
    if (one[0] == ' ' || one[0] == '\t') {
      if (line == 0) return {};
      continue;
    }
    if (!is_field(one)) return {};
    for (const std::string_view field : kFields) known += one.starts_with(field);
  }
  if (mbox && known >= 1) return "application/mbox";
  const std::size_t enough = extension == "eml" || extension.starts_with("mht") ? 1 : 2;
  return known >= enough ? std::string_view("message/rfc822") : std::string_view();
}

// ---- scripts ----
constexpr std::string_view kPowerShell[] = {"invoke-expression",
                                            "new-object ",
                                            "-encodedcommand",
                                            "get-wmiobject",
                                            "invoke-webrequest",
                                            "downloadstring(",
                                            "start-process",
                                            "set-executionpolicy",
                                            "write-host",
                                            "[system.",
                                            "param(",
                                            "$env:",
                                            "-executionpolicy",
                                            "powershell",
                                            "get-childitem",
                                            "foreach-object",
                                            "$psscriptroot",
                                            "iex "};
constexpr std::string_view kVbScript[] = {"createobject(", "wscript.",     "on error resume next",
                                          "end sub",       "end function", "end if",
                                          "getobject(",    "chr(",         "dim ",
                                          "set ",          "execute(",     "option explicit",
                                          "private sub",   "msgbox"};
constexpr std::string_view kJavaScript[] = {
    "activexobject", "wscript.", "eval(",        "function(", "function ", "var ",
    "document.",     "window.",  "fromcharcode", "unescape(", "=>",        "const ",
    "let ",          "return ",  "new array",    ".charat(",  "require("};
constexpr std::string_view kBatch[] = {"@echo off", "setlocal",   "goto ",   "%~dp0",   "errorlevel",
                                       "if exist",  "start /",    "cmd /c",  "cmd.exe", "\nset ",
                                       "\nrem ",    "copy /",     "del /",   "reg add", "%temp%",
                                       "%appdata%", "timeout /t", "\ncall ", "\npause"};

std::string_view by_shebang(std::string_view s) {
  if (!s.starts_with("#!")) return {};
  const std::string_view line = s.substr(0, std::min(s.find('\n'), s.size()));
  if (line.find("python") != std::string_view::npos) return "text/x-python";
  if (line.find("perl") != std::string_view::npos) return "text/x-perl";
  if (line.find("ruby") != std::string_view::npos) return "text/x-ruby";
  if (line.find("php") != std::string_view::npos) return "text/x-php";
  if (line.find("node") != std::string_view::npos) return "text/javascript";
  if (line.find('/') != std::string_view::npos) return "text/x-shellscript";
  return {};
}

std::string_view by_script(std::string_view s) {
  if (const auto type = by_shebang(s); !type.empty()) return type;
  if (s.starts_with("#@~^")) return "text/vbscript";  // encoded script
  const std::string_view first = skip_blanks(s);
  const std::size_t batch = count_words(s, kBatch);
  if (first.starts_with("@echo ") || first.starts_with("@cls") ||
      (batch >= 3 && (first.starts_with("rem ") || first.starts_with("::") || first.starts_with("@"))) ||
      batch >= 6)
    return "text/x-msdos-batch";
  const std::size_t power = count_words(s, kPowerShell);
  const bool variables = s.find('$') != std::string_view::npos;
  if ((power >= 3 && variables) || (power >= 2 && first.starts_with("powershell")) ||
      (power >= 2 && variables && s.find("-noprofile") != std::string_view::npos))
    return "text/x-powershell";
  const bool host = s.find("wscript.") != std::string_view::npos ||
                    s.find("createobject(") != std::string_view::npos ||
                    s.find("activexobject") != std::string_view::npos;
  const std::size_t basic = count_words(s, kVbScript), java = count_words(s, kJavaScript);
  const bool braces = s.find('{') != std::string_view::npos && s.find(';') != std::string_view::npos;
  if (host && braces && java >= 3) return "text/javascript";
  if ((host && basic >= 3) || basic >= 6) return "text/vbscript";
  const bool begins_so =
      first.starts_with("var ") || first.starts_with("function ") || first.starts_with("(function") ||
      first.starts_with("eval(") || first.starts_with("/*") || first.starts_with("//") ||
      first.starts_with("!function") || first.starts_with("\"use strict\"") ||
      first.starts_with("'use strict'") || first.starts_with("const ") || first.starts_with("import ");
  if (braces && begins_so && java >= 4) return "text/javascript";
  return {};
}

// ---- data ----
bool looks_like_json(std::string_view s) {
  s = skip_blanks(s);
  if (s.empty() || (s[0] != '{' && s[0] != '[')) return false;
  const std::string_view inner = skip_blanks(s.substr(1));
  if (inner.empty()) return false;
  if (s[0] == '{') return inner[0] == '"' || inner[0] == '}';
  return inner[0] == '{' || inner[0] == '"' || inner[0] == '[' || inner[0] == ']' || inner[0] == '-' ||
         (inner[0] >= '0' && inner[0] <= '9');
}

// The octets of a line end and the blank behind it, as calendars and cards fold long lines, even within a
// character (RFC 5545 section 3.1).
std::size_t fold_at(std::string_view s, std::size_t at) {
  const std::size_t line_end = s.substr(at).starts_with("\r\n") ? 2 : s.substr(at).starts_with('\n') ? 1 : 0;
  const std::string_view blank = s.substr(at).substr(line_end, line_end == 0 ? 0 : 1);
  return blank == " " || blank == "\t" ? line_end + 1 : 0;
}

bool valid_utf8(std::string_view s) {
  std::size_t at = 0;
  while (at < s.size()) {
    const U8 c = static_cast<U8>(s[at]);
    const std::size_t more = c < 0x80                ? 0
                             : c >= 0xc2 && c < 0xe0 ? 1
                             : c >= 0xe0 && c < 0xf0 ? 2
                             : c >= 0xf0 && c < 0xf5 ? 3
                                                     : 9;
    if (more == 9) return false;
    ++at;
    for (std::size_t i = 0; i < more; ++i, ++at) {
      at += fold_at(s, at);
      if (at >= s.size()) return true;  // cut by the scan
      if ((static_cast<U8>(s[at]) & 0xc0) != 0x80) return false;
    }
  }
  return true;
}

// Octets from 0x80 in the pairs that Shift_JIS, EUC, Big5 and GBK are made of, or few of them (Western text).
bool plausible_legacy(std::string_view s) {
  std::size_t high = 0, bad = 0;
  for (std::size_t at = 0; at < s.size(); ++at) {
    const U8 c = static_cast<U8>(s[at]);
    if (c < 0x80) continue;
    ++high;
    if (c == 0x80 || c == 0xff) {
      ++bad;
      continue;
    }
    if (at + 1 < s.size() && static_cast<U8>(s[at + 1]) >= 0x40) ++at;
  }
  return high != 0 && bad * 100 <= high;
}

}  // namespace

bool looks_like_text(std::string_view s) {
  if (s.empty()) return false;
  if (const Wide wide = wide_of(s); wide.octets != 1) {
    std::size_t controls = 0, units = 0;
    const std::string_view body = slice(s, wide.mark, limits::kTypeScan);
    for (std::size_t i = 0; i + wide.octets <= body.size(); i += wide.octets, ++units) {
      const std::uint64_t unit = integer_at(body, i, static_cast<unsigned>(wide.octets), wide.big_endian);
      controls += (unit < 0x20 && unit != '\r' && unit != '\n' && unit != '\t') || unit > 0x10ffff;
    }
    return units != 0 && controls * 100 <= units;
  }
  const std::string_view part = s.substr(0, limits::kTypeScan);
  std::size_t controls = 0;
  bool high = false;
  for (const char raw : part) {
    const U8 c = static_cast<U8>(raw);
    if (c == 0) return false;
    high = high || c >= 0x80;
    controls += (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b && c != 0x0e &&
                 c != 0x0f && c != 0x1a && c != 0x0b && c != 0x08) ||
                c == 0x7f;
  }
  if (controls * 200 > part.size()) return false;
  if (!high) return true;
  if (valid_utf8(part)) return true;
  return controls == 0 && plausible_legacy(part);
}

std::string_view textual_type(std::string_view octets, std::string_view extension) {
  if (!looks_like_text(octets)) return {};
  const std::string lower = scanned(octets);
  const std::string_view s = skip_blanks(lower);
  if (const auto type = by_beginning(s); !type.empty()) return type;
  // What bears a page's name is opened as a page, whatever its root.
  const bool page =
      extension.starts_with("htm") || extension.starts_with("xht") || extension.starts_with("shtm");
  if (const auto type = by_root(s); !type.empty())
    return page && (type == "image/svg+xml" || type == "application/xml") ? std::string_view("text/html")
                                                                          : type;
  const auto mail = by_mail(s, extension);
  if (!mail.empty()) return mail;
  const bool json = looks_like_json(s) && !page;
  if (!json)
    if (const auto type = by_html(s); !type.empty()) return type;
  if (const auto type = by_script(s); !type.empty()) return type;
  if (json) {
    if (extension == "jsonl" || extension == "ndjson") return "application/jsonl";
    if (extension != "txt" && extension != "log") return "application/json";
  }
  if (page) return "text/html";
  if (extension == "csv") return "text/csv";
  if (extension == "tsv" || extension == "tab") return "text/tab-separated-values";
  return "text/plain";
}

}  // namespace kiyome::sanitizer::type

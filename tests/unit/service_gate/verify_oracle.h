// A second opinion about mails that the verifier accepted: a plain, tolerant reader that shares nothing with
// it and looks for what must never cross. Slow and simple on purpose. `why_dirty` gives nullptr when nothing
// was found.
#pragma once

#include <utf8proc.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kiyome::verify_oracle {

using View = std::string_view;

inline std::string small(View text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}
inline bool alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Takes what it knows and passes over the rest, as a mail reader does.
inline std::string loose_base64(View text) {
  constexpr View kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t digit = kAlphabet.find(c);
    if (digit == View::npos) continue;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if ((count += 6) >= 8) out += static_cast<char>(bits >> (count -= 8));
  }
  return out;
}
inline std::string loose_quoted(View text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      out += text[i];
    } else if (text.substr(i + 1, 2) == "\r\n") {
      i += 2;
    } else {
      const std::string hex(text.substr(i + 1, 2));
      out += static_cast<char>(std::strtol(hex.c_str(), nullptr, 16));
      i += 2;
    }
  }
  return out;
}

inline bool forbidden(std::int32_t c) {
  constexpr std::int32_t kRanges[][2] = {
      {0, 8},           {10, 31},           {0x7F, 0x9F},       {0xAD, 0xAD},       {0x61C, 0x61C},
      {0x180E, 0x180E}, {0x200B, 0x200B},   {0x200E, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},
      {0x3164, 0x3164}, {0xE000, 0xF8FF},   {0xFDD0, 0xFDEF},   {0xFEFF, 0xFEFF},   {0xFFF9, 0xFFFB},
      {0xFFFE, 0xFFFF}, {0xE0000, 0xE00FF}, {0xE01F0, 0xE0FFF}, {0xF0000, 0x10FFFF}};
  for (const auto& range : kRanges)
    if (c >= range[0] && c <= range[1]) return true;
  return (c & 0xFFFE) == 0xFFFE;
}

inline const char* dirty_characters(View line) {
  bool compatibility = false;
  int marks = 0;
  for (std::size_t at = 0; at < line.size();) {
    utf8proc_int32_t c = 0;
    const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(line.data() + at),
                                       static_cast<utf8proc_ssize_t>(line.size() - at), &c);
    if (size <= 0) return "not UTF-8";
    if (forbidden(c)) return "forbidden character";
    const auto category = utf8proc_category(c);
    const bool mark = category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
                      category == UTF8PROC_CATEGORY_ME;
    if (mark && ++marks > 8) return "too many marks";
    if (!mark && c != 0x200C && c != 0x200D) marks = 0;
    compatibility |= (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
    at += static_cast<std::size_t>(size);
  }
  if (compatibility) return nullptr;
  const std::string copy(line);
  utf8proc_uint8_t* composed = utf8proc_NFC(reinterpret_cast<const utf8proc_uint8_t*>(copy.c_str()));
  const bool same = composed != nullptr && copy == reinterpret_cast<const char*>(composed);
  std::free(composed);
  return same ? nullptr : "not composed";
}

inline const char* dirty_line(View line) {
  if (const char* why = dirty_characters(line)) return why;
  const std::string text = small(line);
  for (std::size_t at = text.find("://"); at != std::string::npos; at = text.find("://", at + 1)) {
    std::size_t begin = at;
    while (begin > 0 && text[begin - 1] >= 'a' && text[begin - 1] <= 'z') --begin;
    const std::string scheme = text.substr(begin, at - begin);
    if (!scheme.empty() && scheme != "http" && scheme != "https") return "scheme";
  }
  for (const char* name : {"file:", "javascript:", "search-ms:", "ms-word:", "data:", "ms-msdt:"}) {
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
      const std::size_t after = at + View(name).size();
      const bool alone = at == 0 || !alnum(text[at - 1]);
      const View rest = View(text).substr(after);
      const bool blank = rest.empty() || rest[0] == ' ' || rest[0] == '\t' || rest.starts_with("\u00a0") ||
                         rest.starts_with("\u3000");
      if (alone && !blank) return "scheme that acts";
    }
  }
  for (std::size_t at = text.find("\\\\"); at != std::string::npos; at = text.find("\\\\", at + 1))
    if (at + 2 < text.size() && alnum(text[at + 2])) return "UNC";
  return nullptr;
}

// Only lines of a body or an attachment can be read so; a header value cannot.
inline const char* dirty_begin(View line) {
  const std::string text = small(line);
  View bare = text;
  while (!bare.empty() && (bare[0] == ' ' || bare[0] == '\t' || bare[0] == '>')) bare.remove_prefix(1);
  for (const char* lead : {"begin 644 ", "begin-base64", "=ybegin", "-----begin "})
    if (bare.starts_with(lead)) return "reads as another encoding";
  return nullptr;
}

inline const char* dirty_text(View text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find("\r\n", at);
    if (end == View::npos) return "no CRLF at the end";
    if (const char* why = dirty_line(text.substr(at, end - at))) return why;
    if (const char* why = dirty_begin(text.substr(at, end - at))) return why;
    at = end + 2;
  }
  return nullptr;
}

inline const char* dirty_words(View header) {
  std::string joined;
  for (std::size_t at = header.find("=?"); at != View::npos; at = header.find("=?", at + 2)) {
    if (!header.substr(at).starts_with("=?UTF-8?B?")) continue;
    const std::size_t end = header.find("?=", at + 10);
    if (end == View::npos) continue;
    joined += loose_base64(header.substr(at + 10, end - at - 10));
    // A word that no other follows ends its phrase.
    std::size_t next = end + 2;
    while (next < header.size() && (header[next] == ' ' || header[next] == '\r' || header[next] == '\n'))
      ++next;
    if (header.substr(next).starts_with("=?")) continue;
    if (const char* why = dirty_line(joined)) return why;
    joined.clear();
  }
  return nullptr;
}

inline const char* dirty_part(View part) {
  const std::size_t blank = part.find("\r\n\r\n");
  if (blank == View::npos) return "part without content";
  const std::string head = small(part.substr(0, blank + 2));
  if (const char* why = dirty_words(part.substr(0, blank))) return why;
  const View content = part.substr(blank + 4);
  // Documents have oracles of their own; here only that each is what its head says.
  constexpr View kBegins[][2] = {{"application/pdf;", "%PDF-1.7\n"},
                                 {"image/png;", "\x89PNG\r\n\x1a\n"},
                                 {"application/zip;", "PK\x03\x04"}};
  for (const auto& [type, begin] : kBegins) {
    if (head.find("content-type: " + std::string(type)) == std::string::npos) continue;
    if (head.find("encoding: base64") == std::string::npos) return "document that is not in base64";
    return View(loose_base64(content)).starts_with(begin) ? nullptr : "document of another kind";
  }
  if (head.find("text/plain") == std::string::npos) return "part that is not text";
  if (head.find("encoding: base64") != std::string::npos) return dirty_text(loose_base64(content));
  if (head.find("encoding: quoted") != std::string::npos) return dirty_text(loose_quoted(content));
  return dirty_text(content);
}

inline const char* dirty_octets(View mail) {
  std::size_t line = 0;
  for (std::size_t i = 0; i < mail.size(); ++i) {
    const char c = mail[i];
    if (c == '\r' && (i + 1 == mail.size() || mail[i + 1] != '\n')) return "bare CR";
    if (c == '\n' && (i == 0 || mail[i - 1] != '\r')) return "bare LF";
    if ((c < 0x20 && c != '\r' && c != '\n' && c != '\t') || c == 0x7F ||
        static_cast<unsigned char>(c) >= 0x80)
      return "octet";
    line = c == '\n' ? 0 : line + 1;
    if (line > 999) return "long line";
  }
  return mail.ends_with("\r\n") ? nullptr : "no CRLF at the end";
}

inline const char* dirty_header(View header, std::string& boundary) {
  std::map<std::string, int> seen;
  constexpr View kNames =
      "|received|x-kiyome-id|from|sender|reply-to|to|cc|subject|date|message-id|in-reply-to|references|auto-"
      "submitted|list-id|"
      "precedence|mime-version|content-type|content-transfer-encoding|";
  for (std::size_t at = 0; at < header.size();) {
    const std::size_t end = header.find("\r\n", at);
    const View line = header.substr(at, end - at);
    if (line[0] != ' ') {
      const std::string name = small(line.substr(0, line.find(':')));
      if (kNames.find("|" + name + "|") == View::npos) return "unknown field";
      if (++seen[name] > 1) return "field twice";
    }
    at = end == View::npos ? header.size() : end + 2;
  }
  for (const char* name :
       {"received", "x-kiyome-id", "from", "date", "message-id", "mime-version", "content-type"})
    if (seen[name] != 1) return "field missing";
  const std::size_t mark = header.find("boundary=\"");
  if (mark != View::npos && header.find("Content-Type: multipart/") != View::npos)
    boundary = header.substr(mark + 10, header.find('"', mark + 10) - mark - 10);
  return nullptr;
}

inline const char* why_dirty(View mail) {
  if (const char* why = dirty_octets(mail)) return why;
  const std::size_t blank = mail.find("\r\n\r\n");
  if (blank == View::npos) return "no content";
  std::string boundary;
  if (const char* why = dirty_header(mail.substr(0, blank), boundary)) return why;
  if (const char* why = dirty_words(mail.substr(0, blank))) return why;
  if (boundary.empty()) return dirty_part(mail);
  const std::string delimiter = "\r\n--" + boundary;
  std::vector<std::size_t> places;
  const View content = mail.substr(blank + 2);
  for (std::size_t at = content.find(delimiter); at != View::npos; at = content.find(delimiter, at + 2))
    places.push_back(at);
  if (places.size() < 2 || places[0] != 0) return "parts";
  for (std::size_t i = 0; i + 1 < places.size(); ++i)
    if (const char* why = dirty_part(
            content.substr(places[i] + delimiter.size(), places[i + 1] - places[i] - delimiter.size())))
      return why;
  return content.substr(places.back() + delimiter.size()) == "--\r\n" ? nullptr : "epilogue";
}

}  // namespace kiyome::verify_oracle

#include "sanitizers/mail/rtf_words.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kiyome::sanitizer::mail {
namespace {

constexpr std::pair<std::string_view, std::uint32_t> kCharacters[] = {
    {"bullet", 0x2022}, {"cell", '\t'},      {"emdash", 0x2014},    {"emspace", 0x2003},
    {"endash", 0x2013}, {"enspace", 0x2002}, {"ldblquote", 0x201c}, {"line", '\n'},
    {"lquote", 0x2018}, {"nestcell", '\t'},  {"nestrow", '\n'},     {"page", '\n'},
    {"par", '\n'},      {"qmspace", 0x2005}, {"rdblquote", 0x201d}, {"row", '\n'},
    {"rquote", 0x2019}, {"sect", '\n'},      {"tab", '\t'}};

constexpr std::string_view kSkipped[] = {"colorschememapping",
                                         "colortbl",
                                         "datafield",
                                         "datastore",
                                         "fchars",
                                         "filetbl",
                                         "footer",
                                         "footerf",
                                         "footerl",
                                         "footerr",
                                         "formfield",
                                         "ftnsep",
                                         "ftnsepc",
                                         "generator",
                                         "header",
                                         "headerf",
                                         "headerl",
                                         "headerr",
                                         "info",
                                         "latentstyles",
                                         "lchars",
                                         "listoverridetable",
                                         "listtable",
                                         "mhtmltag",
                                         "nonesttables",
                                         "nonshppict",
                                         "objdata",
                                         "pgptbl",
                                         "pict",
                                         "private",
                                         "revtbl",
                                         "rsidtbl",
                                         "stylesheet",
                                         "themedata",
                                         "userprops",
                                         "wgrffmtfilter",
                                         "xe",
                                         "xmlnstbl"};

}  // namespace

std::uint32_t rtf_character(std::string_view word) {
  for (const auto& [name, character] : kCharacters)
    if (name == word) return character;
  return 0;
}

std::uint32_t rtf_document_page(std::string_view word, int value) {
  if (word == "ansicpg") return value > 0 && value <= 65001 ? static_cast<std::uint32_t>(value) : 1252;
  if (word == "mac") return 10000;
  if (word == "pc") return 437;
  if (word == "pca") return 850;
  return 0;
}

bool rtf_is_skipped(std::string_view word) {
  return std::find(std::begin(kSkipped), std::end(kSkipped), word) != std::end(kSkipped);
}

void rtf_put_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

}  // namespace kiyome::sanitizer::mail

// Windows code page numbers, as TNEF and RTF name charsets.
#include "sanitizers/mail/containers.h"

namespace kiyome::sanitizer::mail {
namespace {

struct CodePage {
  std::uint32_t number;
  const char* charset;
};

// Those whose charset is not called "cpN" by everybody.
constexpr CodePage kPages[] = {
    {708, "iso-8859-6"},    {936, "gb18030"},       {949, "uhc"},           {950, "big5"},
    {1200, "utf-16le"},     {1201, "utf-16be"},     {1361, "cp1361"},       {10000, "macintosh"},
    {10001, "cp932"},       {20127, "us-ascii"},    {20866, "koi8-r"},      {20932, "euc-jp"},
    {20936, "gb18030"},     {21866, "koi8-u"},      {28591, "iso-8859-1"},  {28592, "iso-8859-2"},
    {28593, "iso-8859-3"},  {28594, "iso-8859-4"},  {28595, "iso-8859-5"},  {28596, "iso-8859-6"},
    {28597, "iso-8859-7"},  {28598, "iso-8859-8"},  {28599, "iso-8859-9"},  {28605, "iso-8859-15"},
    {38598, "iso-8859-8"},  {50220, "iso-2022-jp"}, {50221, "iso-2022-jp"}, {50222, "iso-2022-jp"},
    {50225, "iso-2022-kr"}, {51932, "euc-jp"},      {51936, "gb18030"},     {51949, "euc-kr"},
    {52936, "hz-gb-2312"},  {54936, "gb18030"},     {65000, "utf-7"},       {65001, "utf-8"}};

}  // namespace

std::string code_page_charset(std::uint32_t code_page) {
  if (code_page == 0) return {};
  for (const CodePage& page : kPages)
    if (page.number == code_page) return page.charset;
  if (code_page >= 1250 && code_page <= 1258) return "windows-" + std::to_string(code_page);
  return "cp" + std::to_string(code_page);
}

}  // namespace kiyome::sanitizer::mail

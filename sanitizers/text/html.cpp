// from_html() and html_charset().
#include <algorithm>

#include "sanitizers/text/charset.h"
#include "sanitizers/text/html_entities.h"
#include "sanitizers/text/html_renderer.h"
#include "sanitizers/text/html_tokenizer.h"
#include "sanitizers/text/text.h"

namespace kiyome::sanitizer::text {
namespace {

constexpr std::size_t kCharsetOctets = 4096;

std::string lowered(std::string_view s) {
  std::string out(s);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

// "charset=…" within the content of a meta element, or encoding="…" of an XML declaration.
std::string value_after(std::string_view text, std::string_view key) {
  const std::string low = lowered(text);
  std::size_t at = low.find(key);
  if (at == std::string::npos) return {};
  at += key.size();
  while (at < low.size() && (low[at] == ' ' || low[at] == '=')) ++at;
  const char quote = at < low.size() && (low[at] == '"' || low[at] == '\'') ? low[at++] : '\0';
  std::size_t end = at;
  while (end < low.size() && low[end] != ' ' && low[end] != ';' && low[end] != '>' &&
         (quote != '\0' ? low[end] != quote : low[end] != '"' && low[end] != '\''))
    ++end;
  return low.substr(at, end - at);
}

}  // namespace

Html from_html(std::string_view utf8) { return HtmlRenderer(utf8).run(); }

std::string html_charset(std::string_view octets) {
  if (octets.starts_with("\xef\xbb\xbf")) return "utf-8";
  if (const std::string_view mark = octets.substr(0, 2); mark == "\xfe\xff" || mark == "\xff\xfe")
    return "utf-16";
  const std::string_view head = octets.substr(0, kCharsetOctets);
  const std::size_t declaration = head.find("<?xml");
  if (declaration < 16) {
    const std::string_view xml =
        head.substr(declaration, std::min(head.find("?>", declaration), head.size()) - declaration);
    if (std::string name = value_after(xml, "encoding"); !name.empty()) return core_name(name);
  }
  HtmlTokenizer tokens(head);
  Token one;
  while (tokens.next(one)) {
    if (one.kind != Token::Kind::start || one.tag != Tag::meta) continue;
    std::string name;
    if (one.has(Attribute::charset))
      name = core_name(attribute_text(one.value(Attribute::charset)));
    else if (one.has(Attribute::content))
      name = core_name(value_after(attribute_text(one.value(Attribute::content)), "charset"));
    if (!name.empty()) return name;
  }
  return {};
}

}  // namespace kiyome::sanitizer::text

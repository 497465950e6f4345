// See names.h. Decoding comes before any look at separators: the second octet of 表 or ソ in CP932 is a
// backslash.
#include "sanitizers/archive/names.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "sanitizers/text/charset.h"
#include "sanitizers/text/clean_writer.h"
#include "sanitizers/text/guess.h"
#include "sanitizers/text/japanese.h"
#include "sanitizers/text/text.h"

namespace kiyome::sanitizer::archive {
namespace {

std::string name_of(text::Charset charset) {
  switch (charset.scheme) {
    case text::Scheme::utf8:
      return "utf-8";
    case text::Scheme::cp932:
      return "cp932";
    case text::Scheme::eucjp:
      return "euc-jp";
    case text::Scheme::multi_octet:
      return text::kMultiOctetNames[charset.index];
    default:
      return "cp437";  // what APPNOTE 4.4.4 says names are in
  }
}

// "..", and what Windows takes for it: trailing dots and blanks do not count there.
bool climbs(std::string_view component) {
  return component.size() >= 2 && component.starts_with("..") &&
         component.find_first_not_of(". ") == std::string_view::npos;
}

// The components without empty ones and "."; `unsafe` when one of them is not a plain name.
std::string joined(std::string_view path, bool& unsafe) {
  std::string out;
  std::size_t depth = 0;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view component = path.substr(at, end - at);
    at = end + 1;
    if (component.empty() || component == ".") continue;
    unsafe = unsafe || climbs(component) || ++depth > limits::kArchivePathDepth;
    if (!out.empty()) out += '/';
    out += component;
  }
  return out;
}

// か and the mark of voicing that macOS stores behind it → が: readers of other systems show two characters,
// and find neither. Three octets each; the voiced kana follows the plain one.
std::string voiced(std::string path) {
  constexpr std::string_view kVoiced = "\xe3\x82\x99", kHalfVoiced = "\xe3\x82\x9a";
  constexpr std::size_t kOctets = 3;
  const auto kana = [&](std::size_t at) -> unsigned {  // from U+3000
    const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(path[at + i]); };
    return octet(0) != 0xe3 ? 0 : (octet(1) & 0x3fu) << 6 | (octet(2) & 0x3fu);
  };
  for (std::size_t mark = path.find("\xe3\x82"); mark != path.npos; mark = path.find("\xe3\x82", mark + 1)) {
    const std::string_view what = std::string_view(path).substr(mark, kOctets);
    if (mark < kOctets || (what != kVoiced && what != kHalfVoiced)) continue;
    unsigned plain = kana(mark - kOctets);
    const unsigned row = plain >= 0xa1 ? plain - 0x60 : plain;  // katakana as hiragana
    const bool ha = row >= 0x6f && row <= 0x7b && row % 3 == 0;
    const bool ka = (row >= 0x4b && row <= 0x61 && row % 2 == 1) || row == 0x64 || row == 0x66 || row == 0x68;
    if (what == kVoiced ? row == 0x46 || row == 0x9d || ka || ha : ha)
      plain += row == 0x46 ? 0x4e : what == kVoiced ? 1 : 2;
    else
      continue;
    path[mark - 2] = static_cast<char>(0x80 | plain >> 6);
    path[mark - 1] = static_cast<char>(0x80 | (plain & 0x3f));
    path.erase(mark, kOctets);
    --mark;
  }
  return path;
}

}  // namespace

std::string charset_of_names(const std::vector<std::string_view>& names) {
  std::string all;
  for (const std::string_view name : names) {
    if (text::plain_prefix(name) == name.size()) continue;
    all.append(name) += '\n';
    if (all.size() > limits::kGuessOctets) break;
  }
  if (all.empty() || text::utf8_shape(all).invalid == 0) return "utf-8";
  const text::JapaneseShape shape = text::cp932_shape(all);
  const bool japanese = shape.invalid == 0 && shape.odd == 0 &&
                        (shape.kana + shape.common > shape.rare || shape.half_kana > shape.rare);
  const text::Charset guess = text::guess_charset(all, text::Kind::word).charset;
  if (japanese && guess.scheme != text::Scheme::eucjp) return "cp932";
  return name_of(guess);
}

EntryName read_name(std::string_view stored, std::string_view charset) {
  EntryName out;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  out.unsafe =
      stored.size() >= limits::kArchiveNameOctets || std::any_of(stored.begin(), stored.end(), is_control);
  text::Text decoded = text::decode_word(stored, charset);
  out.findings = std::move(decoded.findings);
  std::string path = voiced(std::move(decoded.utf8));
  std::replace(path.begin(), path.end(), '\\', '/');
  out.unsafe = out.unsafe || path.starts_with('/') || path.find(':') != std::string::npos;
  out.path = joined(path, out.unsafe);
  if (out.path.size() > limits::kCleanName) {
    out.unsafe = true;
    out.path = text::cut_utf8(out.path, limits::kCleanName);
  }
  return out;
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string numbered(std::string_view path, std::size_t number) {
  const std::string mark = " (" + std::to_string(number) + ")";
  const std::string_view base = base_name(path);
  std::size_t dot = base.find_last_of('.');
  if (dot == std::string_view::npos || dot == 0) dot = base.size();
  const std::size_t stem = path.size() - base.size() + dot;
  const std::string_view extension = path.substr(stem);
  const std::size_t spare = mark.size() + extension.size();
  if (spare >= limits::kCleanName)
    return std::string(text::cut_utf8(path, limits::kCleanName - mark.size())) + mark;
  return std::string(text::cut_utf8(path.substr(0, stem), limits::kCleanName - spare))
      .append(mark)
      .append(extension);
}

}  // namespace kiyome::sanitizer::archive

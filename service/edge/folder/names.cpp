#include "service/edge/folder/names.h"

#include <iconv.h>

#include <algorithm>

#include "proto/transfer/drop.h"

namespace kiyome::edge::folder {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

// Of the whole text, or nothing. A descriptor a call: it has state, and such names are few.
std::optional<std::string> converted(std::string_view text, const char* to, const char* from) {
  const iconv_t converter = ::iconv_open(to, from);
  if (converter == reinterpret_cast<iconv_t>(-1)) return std::nullopt;  // NOLINT: iconv's own "failed"
  std::string in(text), out(4 * text.size() + 16, '\0');
  char *read = in.data(), *write = out.data();
  std::size_t left = in.size(), room = out.size();
  const std::size_t changed = ::iconv(converter, &read, &left, &write, &room);
  ::iconv_close(converter);
  if (changed != 0 || left != 0) return std::nullopt;
  out.resize(out.size() - room);
  return out;
}

}  // namespace

bool left_alone(std::string_view name) {
  if (name.starts_with('.') || name.starts_with("~$")) return true;
  const std::string folded = lower(name);
  for (const char* end : {".tmp", ".part", ".crdownload"})
    if (folded.ends_with(end)) return true;
  return folded == "thumbs.db" || folded == "desktop.ini";
}

std::optional<std::string> told_name(std::string_view octets) {
  if (octets.empty()) return std::nullopt;
  if (transfer::is_drop_line(octets)) return std::string(octets);
  // A control character stays one in any encoding.
  if (std::any_of(octets.begin(), octets.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }))
    return std::nullopt;
  std::optional<std::string> out = converted(octets, "UTF-8", "CP932");
  if (!out || !transfer::is_drop_line(*out) || converted(*out, "CP932", "UTF-8") != octets)
    return std::nullopt;
  return out;
}

std::optional<std::string> told_path(std::string_view octets) {
  std::string out;
  for (std::size_t at = 0; at <= octets.size();) {
    const std::size_t end = std::min(octets.find('/', at), octets.size());
    const std::optional<std::string> name = told_name(octets.substr(at, end - at));
    if (!name) return std::nullopt;
    out.append(out.empty() ? "" : "/").append(*name);
    at = end + 1;
  }
  return out;
}

}  // namespace kiyome::edge::folder

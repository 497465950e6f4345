// Pictures within a body: found by Content-ID, marked by name, or left out when they only decorate.
#include <algorithm>
#include <array>

#include "sanitizers/mail/assemble/assembly.h"
#include "sanitizers/mail/octets.h"
#include "sanitizers/type/table.h"

namespace kiyome::sanitizer::mail {

namespace {

constexpr std::size_t kMarkedName = 200;       // octets of a name within a mark
constexpr std::uint32_t kIcon = 40;            // pixels; up to here a picture is an icon
constexpr std::uint32_t kHairline = 3;         // pixels; a line or a counter
constexpr std::uint64_t kLogoOctets = 100000;  // a larger "logo" is a picture
constexpr std::uint64_t kIconOctets = 8192;    // a larger spacer or icon holds more than its few pixels

bool names_decoration(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kWords = {"logo",   "spacer",  "blank.",
                                                             "clear.", "dot.gif", "ロゴ"};
  const std::string low = lowered(text.substr(0, 200));
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return low.find(word) != std::string::npos; });
}

// Pixels only: an SVG is a document that may run.
bool is_picture(std::string_view media_type) {
  return media_type.compare(0, 6, "image/") == 0 && media_type != "image/svg+xml";
}

// Whether its name and its declared type, where it has them, are those of some picture: a PNG called .gif is
// what senders send, a GIF called .doc is not.
bool is_called_picture(const Node& node) {
  if (node.names_differ) return false;
  if (!node.declared_type.empty() && !type::is_no_claim(node.declared_type) &&
      node.declared_type.compare(0, 6, "image/") != 0)
    return false;
  const std::string extension = type::extension_of(node.name);
  const auto types = type::all_types();
  return extension.empty() || std::any_of(types.begin(), types.end(), [&](const type::TypeInfo& info) {
           return is_picture(info.type) && type::has_extension(info, extension);
         });
}

std::string_view without_brackets(std::string_view id) {
  id = trimmed(id);
  if (!id.empty() && id.front() == '<') id.remove_prefix(1);
  if (!id.empty() && id.back() == '>') id.remove_suffix(1);
  return trimmed(id);
}

}  // namespace

void Assembly::index_content_ids() {
  for (std::int32_t i = 0; i < tree_.size(); ++i) {
    Node& node = tree_.at(i);
    if (node.container || node.alone) continue;
    if (const Field* field = node.fields.find("content-id")) {
      node.content_id = without_brackets(field->value.substr(0, 998));
      if (!node.content_id.empty()) content_.try_emplace(node.content_id, i);
    }
    if (const Field* field = node.fields.find("content-location")) {
      node.location = without_brackets(field->value.substr(0, 998));
      if (!node.location.empty()) content_.try_emplace(node.location, i);
    }
  }
}

std::int32_t Assembly::find_content(std::string_view cid) const {
  cid = without_brackets(cid);
  auto found = content_.find(cid);
  if (found == content_.end() && cid.find('%') != std::string_view::npos) {
    std::string plain;
    for (std::size_t i = 0; i < cid.size(); ++i) {
      const bool code =
          cid[i] == '%' && i + 2 < cid.size() && hex_value(cid[i + 1]) >= 0 && hex_value(cid[i + 2]) >= 0;
      plain += code ? static_cast<char>(hex_value(cid[i + 1]) << 4 | hex_value(cid[i + 2])) : cid[i];
      if (code) i += 2;
    }
    found = content_.find(plain);
  }
  return found == content_.end() ? kNone : found->second;
}

// What decorates is not listed, so it must be a picture in every respect: by content, by name, and small
// enough to be nothing else besides.
bool Assembly::is_decoration(std::int32_t index, std::string_view alt, bool spacer) const {
  const Node& node = tree_.at(index);
  if (!is_picture(node.detected_type) || !is_called_picture(node) || node.has(clean::Finding::kExecutable) ||
      node.size > kLogoOctets)
    return false;
  if (names_decoration(node.name) || names_decoration(alt)) return true;
  if (node.size > kIconOctets) return false;
  if (spacer) return true;
  const auto found = image_sizes_.find(index);
  const ImageSize size = found == image_sizes_.end() ? ImageSize{} : found->second;
  if (size.width == 0 || size.height == 0) return false;
  return std::min(size.width, size.height) <= kHairline || std::max(size.width, size.height) <= kIcon;
}

std::string Assembly::image_mark(std::int32_t index, std::string_view alt) const {
  std::string name(index == kNone ? trimmed(alt) : std::string_view(tree_.at(index).name));
  if (name.empty()) name = trimmed(alt);
  std::replace(name.begin(), name.end(), '\n', ' ');
  cut_utf8(name, kMarkedName);
  return name.empty() ? "［画像］" : "［画像: " + name + "］";
}

}  // namespace kiyome::sanitizer::mail

// Section 4.3 of the clean output grammar: names of output files, which a person will save on a Windows
// desktop.
#include <algorithm>
#include <array>

#include "service/gate/verify_characters.h"
#include "service/gate/verify_values.h"

namespace kiyome::gate {
namespace {

using View = std::string_view;

constexpr std::size_t kNameOctets = 200;

// Path and drive separators, wildcards, streams and redirections, and what becomes one in a narrow code page.
bool is_forbidden_in_name(std::uint32_t c) {
  constexpr View kAscii = "\"*/:<>?\\|";
  constexpr std::array<std::uint32_t, 10> kWide = {0xFE68, 0xFF02, 0xFF0A, 0xFF0F, 0xFF1A,
                                                   0xFF1C, 0xFF1E, 0xFF1F, 0xFF3C, 0xFF5C};
  if (c < 0x80) return kAscii.find(static_cast<char>(c)) != View::npos;
  return c == 0xA5 || c == 0xFFE5 || std::find(kWide.begin(), kWide.end(), c) != kWide.end();
}

bool begins_with_any(View name, std::initializer_list<View> choices) {
  return std::any_of(choices.begin(), choices.end(), [&](View choice) { return name.starts_with(choice); });
}
bool ends_with_any(View name, std::initializer_list<View> choices) {
  return std::any_of(choices.begin(), choices.end(), [&](View choice) { return name.ends_with(choice); });
}

// The device names that Windows answers to in any folder, with any extension.
bool is_device(View stem) {
  while (ends_with_any(stem, {" ", "\u00a0", "\u3000"}))
    stem.remove_suffix(stem.ends_with(' ') ? 1 : stem.ends_with("\u00a0") ? 2 : 3);
  std::string upper(stem.substr(0, 16));
  if (stem.size() > upper.size()) return false;
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  for (const View device : {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"})
    if (upper == device) return true;
  if (!upper.starts_with("COM") && !upper.starts_with("LPT")) return false;
  const View port = View(upper).substr(3);
  return port == "¹" || port == "²" || port == "³" || (port.size() == 1 && port[0] >= '0' && port[0] <= '9');
}

}  // namespace

Checked check_file_name(View name, View extension) {
  bool wide_backslash = false;
  if (Checked bad = check_characters(name, Tab::refused, wide_backslash)) return bad;
  if (name.size() > kNameOctets) return fault(kNameOctets, "file name longer than 200 octets");
  if (!name.ends_with(extension) || name.size() == extension.size())
    return fault(0, "file name without its extension");
  for (std::size_t at = 0; at < name.size();) {
    const CodePoint c = code_point_at(name, at);
    if (c.size == 0 || is_forbidden_in_name(c.value))
      return fault(at, "character that no file name may bear");
    at += c.size;
  }
  if (begins_with_any(name, {" ", "\u3000", "\u00a0", ".", "-", "~"}))
    return fault(0, "file name with such a begin");
  const View stem = name.substr(0, name.size() - extension.size());
  if (ends_with_any(stem, {".", " ", "\u00a0", "\u3000"}))
    return fault(stem.size(), "dot or space before the extension");
  if (is_device(name.substr(0, name.find('.')))) return fault(0, "file name of a device");
  return std::nullopt;
}

}  // namespace kiyome::gate

#include "service/gate/folder/names.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/digest.h"
#include "service/base/hex.h"
#include "service/gate/drop_rows.h"
#include "service/gate/verify_characters.h"
#include "service/gate/verify_values.h"

namespace kiyome::gate {
namespace {

constexpr std::string_view kEnd = ".json";
constexpr std::size_t kNamed = 12;  // digits of a digest that stand for a name that cannot be had

bool fits(std::string_view name) { return !check_file_name(std::string(name).append(kEnd), kEnd); }

// As it is where the grammar allows it; else with "_" for what it does not allow; else a name by its digest.
std::string safe_name(std::string_view text) {
  if (fits(text)) return std::string(text);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    const std::string_view octets = text.substr(at, std::max<std::size_t>(c.size, 1));
    out += c.size != 0 && fits("a" + std::string(octets) + "a") ? std::string(octets) : "_";
    at += octets.size();
  }
  if (fits(out)) return out;
  if (fits("_" + out)) return "_" + out;  // a begin that no name may have
  if (fits(out + "_")) return out + "_";
  if (fits("_" + out + "_")) return "_" + out + "_";
  return "file-" + hex(sha256(text)).substr(0, kNamed);
}

}  // namespace

std::vector<std::string> safe_parts(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash != 0) out.push_back(safe_name(path.substr(0, slash)));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  if (out.empty()) out.push_back(safe_name({}));
  if (out.size() > limits::kFolderDepth)
    out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(limits::kFolderDepth));
  return out;
}

std::string variant(const std::string& name, unsigned number) {
  if (number <= 1) return name;
  const std::size_t dot = name.rfind('.');
  const std::size_t end = dot == std::string::npos || dot == 0 ? name.size() : dot;
  return name.substr(0, end) + " (" + std::to_string(number) + ")" + name.substr(end);
}

}  // namespace kiyome::gate

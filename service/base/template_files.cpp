#include "service/base/template_files.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "proto/base/limits.h"
#include "service/base/errors.h"

namespace kiyome {
namespace {

constexpr std::size_t kFiles = 100;  // a folder with more is not one of ours

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string out(limits::kTemplateBytes + 1, '\0');
  file.read(out.data(), static_cast<std::streamsize>(out.size()));
  if (!file.is_open() || file.bad()) throw ConfigError(path.string() + ": cannot be read");
  out.resize(static_cast<std::size_t>(file.gcount()));
  if (out.size() > limits::kTemplateBytes)
    throw ConfigError(path.string() + ": is larger than " + std::to_string(limits::kTemplateBytes) +
                      " octets");
  return out;
}

}  // namespace

TemplateTexts read_template_files(const std::string& folder) {
  TemplateTexts out;
  std::error_code trouble;
  std::filesystem::directory_iterator files(folder, trouble);
  if (trouble) throw ConfigError("templates.folder: " + folder + ": " + trouble.message());
  for (; files != std::filesystem::directory_iterator(); files.increment(trouble)) {
    const std::filesystem::path& path = files->path();
    if (path.extension() != ".txt") continue;
    if (out.size() == kFiles) throw ConfigError("templates.folder: " + folder + ": holds too many files");
    out.emplace_back(path.stem().string(), text_of(path));
    if (trouble) throw ConfigError("templates.folder: " + folder + ": " + trouble.message());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string pack_templates(const TemplateTexts& texts) {
  std::string out;
  for (const auto& [name, text] : texts)
    out.append(name).append("\n").append(std::to_string(text.size())).append("\n").append(text);
  return out;
}

TemplateTexts unpack_templates(std::string_view packed) {
  TemplateTexts out;
  while (!packed.empty()) {
    const std::size_t name_end = packed.find('\n');
    if (name_end == std::string_view::npos) return {};
    const std::size_t size_end = packed.find('\n', name_end + 1);
    if (size_end == std::string_view::npos) return {};
    std::size_t size = 0;
    const char* const end = packed.data() + size_end;
    if (std::from_chars(packed.data() + name_end + 1, end, size).ptr != end) return {};
    const std::string_view rest = packed.substr(size_end + 1);
    if (size > rest.size()) return {};
    out.emplace_back(packed.substr(0, name_end), rest.substr(0, size));
    packed = rest.substr(size);
  }
  return out;
}

}  // namespace kiyome

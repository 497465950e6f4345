#include "service/document/zip_of_entries.h"

#include <algorithm>
#include <map>

#include "proto/base/limits.h"
#include "service/compose/document/zip_writer.h"
#include "service/compose/utf8.h"

namespace kiyome::document {
namespace {

using clean::Finding;

// Names that are tried for one file: others may bear such numbers themselves. Without one it goes by itself.
constexpr unsigned kTries = 16;

// "folder/name.pdf" → "folder/name (2).pdf", as long as a name may be.
std::string numbered(const std::string& path, std::string_view extension, std::size_t number) {
  const std::size_t begin = path.rfind('/') + 1;  // 0 without a folder
  const std::string end = " (" + std::to_string(number) + ")." + std::string(extension);
  const std::string_view stem =
      std::string_view(path).substr(begin, path.size() - begin - extension.size() - 1);
  const std::string_view room = compose::cut_at_character(stem, limits::kCleanFileName - end.size());
  return path.substr(0, begin).append(compose::without_name_end(room)).append(end);
}

class Gathering {
 public:
  Gathering(compose::ZipWriter& zip, bool break_links, std::vector<Finding>& findings)
      : zip_(zip), break_links_(break_links), findings_(findings) {}

  // Depth is bounded by documents.depth_max.
  void gather(std::vector<Entry>& entries, const std::string& folder) {
    for (Entry& entry : entries) {
      std::vector<compose::CleanFile> left;
      for (compose::CleanFile& file : entry.made.files)
        if (!add(folder, file)) left.push_back(std::move(file));
      entry.made.files = std::move(left);
      if (!entry.made.entries.empty()) gather(entry.made.entries, folder + entry.part.name + "/");
    }
  }
  bool any() const { return any_; }

 private:
  bool add(const std::string& folder, const compose::CleanFile& file) {
    const std::string_view extension = compose::extension_of_type(file.type);
    const std::string path = clean_path(folder + file.name, extension);
    if (static_cast<std::size_t>(std::count(path.begin(), path.end(), '/')) > limits::kCleanZipDepth)
      return false;
    const bool text = file.type == "text/plain";
    const std::string octets =
        text ? compose::clean_text_file(file.octets, break_links_, findings_) : std::string();
    std::size_t& number = numbers_[path];  // so that a thousand files of one name cost no more than others
    for (unsigned tries = 0; tries < kTries; ++tries) {
      ++number;
      if (!zip_.add(number == 1 ? path : numbered(path, extension, number), text ? octets : file.octets))
        continue;
      any_ = true;
      return true;
    }
    return false;
  }

  std::string clean_path(std::string_view path, std::string_view extension) {
    std::string out;
    for (;;) {
      const std::size_t slash = path.find('/');
      if (slash == std::string_view::npos) break;
      const std::string_view component = path.substr(0, slash);
      // A folder is named like a file without its extension.
      if (!component.empty()) {
        std::string folder = compose::clean_file_name(component, "d", findings_);
        folder.resize(folder.size() - 2);
        // A class for an extension, and Windows shows no folder but that class's object.
        for (std::size_t dot = folder.find(".{"); dot != std::string::npos; dot = folder.find(".{"))
          folder[dot] = '_';
        out.append(folder).append("/");
      }
      path.remove_prefix(slash + 1);
    }
    return out + compose::clean_file_name(path, extension, findings_);
  }

  compose::ZipWriter& zip_;
  const bool break_links_;
  std::vector<Finding>& findings_;
  std::map<std::string, std::size_t> numbers_;  // the last one of each path
  bool any_ = false;
};

}  // namespace

std::optional<compose::CleanFile> zip_of(std::vector<Entry>& entries, const ZipForm& form,
                                         std::vector<Finding>& findings) {
  compose::StringSink sink;
  compose::ZipWriter zip(sink);
  Gathering gathering(zip, form.break_links, findings);
  gathering.gather(entries, "");
  if (!gathering.any()) return std::nullopt;
  zip.finish();
  return compose::CleanFile{form.name, "application/zip", sink.take(), 0};
}

}  // namespace kiyome::document

#include "service/document/zip_of_entries.h"

#include "proto/base/limits.h"
#include "service/compose/document/zip_writer.h"

namespace kiyome::document {
namespace {

using clean::Finding;

class Gathering {
 public:
  Gathering(compose::ZipWriter& zip, std::vector<Finding>& findings) : zip_(zip), findings_(findings) {}

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
    const std::string path = folder + file.name;
    const std::string_view extension = compose::extension_of_type(file.type);
    const bool text = file.type == "text/plain";
    const std::string octets = text ? compose::clean_text_file(file.octets, false, findings_) : std::string();
    for (std::size_t number = 1; number <= limits::kMailParts; ++number) {
      if (!zip_.add(clean_path(path, extension, number), text ? octets : file.octets)) continue;
      any_ = true;
      return true;
    }
    return false;
  }

  std::string clean_path(std::string_view path, std::string_view extension, std::size_t number) {
    std::string out;
    for (;;) {
      const std::size_t slash = path.find('/');
      if (slash == std::string_view::npos) break;
      const std::string_view component = path.substr(0, slash);
      // A folder is named like a file without its extension.
      if (!component.empty()) {
        std::string folder = compose::clean_file_name(component, "d", findings_);
        out.append(folder, 0, folder.size() - 2).append("/");
      }
      path.remove_prefix(slash + 1);
    }
    std::string file = compose::clean_file_name(path, extension, findings_);
    if (number > 1) file.insert(file.size() - extension.size() - 1, " (" + std::to_string(number) + ")");
    return out + file;
  }

  compose::ZipWriter& zip_;
  std::vector<Finding>& findings_;
  bool any_ = false;
};

}  // namespace

std::optional<compose::CleanFile> zip_of(std::vector<Entry>& entries, const std::string& name,
                                         std::vector<Finding>& findings) {
  compose::StringSink sink;
  compose::ZipWriter zip(sink);
  Gathering gathering(zip, findings);
  gathering.gather(entries, "");
  if (!gathering.any()) return std::nullopt;
  zip.finish();
  return compose::CleanFile{name, "application/zip", sink.take(), 0};
}

}  // namespace kiyome::document

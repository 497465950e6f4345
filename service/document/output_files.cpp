#include "service/document/output_files.h"

#include <map>
#include <set>

#include "service/compose/characters.h"
#include "service/compose/utf8.h"

namespace kiyome::document {
namespace {

class Outputs {
 public:
  Outputs(const OutputNaming& naming, bool break_links, std::vector<clean::Finding>& reasons)
      : naming_(naming), break_links_(break_links), reasons_(reasons) {}

  void put(const std::string& stem, compose::CleanFile& file) {
    const std::string extension = "." + std::string(compose::extension_of_type(file.type));
    std::string name = naming_.join(stem, extension);
    unsigned& number = numbers_.try_emplace(key(name), 1).first->second;  // the last one of this name
    while (!taken_.insert(key(name)).second)
      name = naming_.join(stem, " (" + std::to_string(++number) + ")" + extension);
    std::string octets = file.type == "text/plain"
                             ? compose::clean_text_file(file.octets, break_links_, ignored_)
                             : std::move(file.octets);
    files_.push_back({std::move(name), file.type, std::move(octets), file.pages});
  }

  // Depth is bounded by documents.depth_max.
  void put_entries(std::vector<Entry>& entries) {
    for (Entry& entry : entries) {
      for (const clean::Finding finding : entry.made.reasons) compose::add_finding(reasons_, finding);
      for (compose::CleanFile& file : entry.made.files) {
        std::string inner = compose::clean_file_name(file.name, "d", ignored_);
        put(naming_.entries + inner.substr(0, inner.size() - 2), file);
      }
      put_entries(entry.made.entries);
    }
  }

  std::vector<OutputFile> take() { return std::move(files_); }

 private:
  std::string key(const std::string& name) const { return naming_.any_case ? name : compose::lower(name); }

  const OutputNaming& naming_;
  const bool break_links_;
  std::vector<clean::Finding>& reasons_;
  std::vector<clean::Finding> ignored_;  // of names and characters, too small to be told
  std::vector<OutputFile> files_;
  std::set<std::string> taken_;
  std::map<std::string, unsigned> numbers_;
};

}  // namespace

std::vector<OutputFile> output_files(Made& made, const OutputNaming& naming, bool break_links,
                                     std::vector<clean::Finding>& reasons) {
  Outputs outputs(naming, break_links, reasons);
  for (compose::CleanFile& file : made.files)  // a page's picture: "-1" behind the name
    outputs.put(made.files.size() == 1 ? naming.name : naming.name + file.name.substr(naming.given.size()),
                file);
  outputs.put_entries(made.entries);
  return outputs.take();
}

}  // namespace kiyome::document

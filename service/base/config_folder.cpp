#include "service/base/config_folder.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace kiyome::config_reading {
namespace {

constexpr double kLongestSettling = 3600;

std::string folder_trouble(std::string_view text) {
  if (!text.starts_with('/')) return "must be an absolute path, beginning with /";
  if (std::string why = values::path_trouble(text); !why.empty()) return why;
  return std::filesystem::path(text).lexically_normal() == "/" ? "must be a folder of its own, not /"
                                                               : std::string();
}

std::string recipient_trouble(std::string_view text) {
  if (text.size() > limits::kAccountText) return "is longer than 254 octets";
  return values::address_trouble(text);
}

std::string label_trouble(std::string_view text) {
  return text.size() > limits::kDropImportance ? "is longer than 40 octets" : values::line_trouble(text);
}

void read_place(Section& section, std::string_view key, std::string& into) {
  section.optional_text(key, into, folder_trouble);
  if (into.empty()) return;
  into = std::filesystem::path(into).lexically_normal().string();
  if (into.ends_with('/')) into.pop_back();
}

void read_recipients(Section& section, std::string_view place, std::vector<std::string>& into) {
  section.texts("recipients", into, recipient_trouble);
  for (std::string& address : into)
    for (char& c : address)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  std::sort(into.begin(), into.end());
  into.erase(std::unique(into.begin(), into.end()), into.end());
  const toml::node* folder = section.find(place);
  if (folder != nullptr && folder->value<std::string_view>() != std::string_view() && into.empty())
    section.wrong(*folder, place, "needs recipients: mail addresses to which its files go");
  if (into.size() > limits::kDropRecipients)
    section.wrong(*section.find("recipients"), "recipients", "names more than 50");
}

// `inner` is `outer` or stands in it.
bool stands_in(const std::string& inner, const std::string& outer) {
  return inner == outer || inner.starts_with(outer + "/");
}

}  // namespace

void read_folder(Section section, FolderConfig& into) {
  read_place(section, "watch", into.watch);
  read_recipients(section, "watch", into.recipients);
  section.optional_text("sender", into.sender, recipient_trouble);
  section.optional_text("sender_name", into.sender_name, values::line_trouble);
  section.optional_text("importance", into.importance, label_trouble);
  section.real("settle_seconds", into.settle_seconds, kLongestSettling);
  section.whole("file_bytes_max", into.file_bytes_max, 1, limits::kDropFileBytes);
  section.real("history_days", into.history_days, kLongestDays);
  if (!into.watch.empty() && into.sender.empty())
    section.wrong(*section.find("watch"), "watch", "needs sender: a mail address, as whom its files come");
  section.done();
}

void read_output_folder(Section section, OutputFolderConfig& into) {
  read_place(section, "output", into.output);
  read_recipients(section, "output", into.recipients);
  section.done();
}

void check_folders(Mistakes& mistakes, const Config& config) {
  const std::string &watch = config.folder.watch, &output = config.output_folder.output;
  if (!watch.empty() && !output.empty() && (stands_in(watch, output) || stands_in(output, watch)))
    mistakes.add(0, "edge.folder.watch", "must not be, contain or stand in gate.folder.output");
  const std::pair<const char*, const std::string*> places[] = {{"edge.folder.watch", &watch},
                                                               {"gate.folder.output", &output}};
  for (const auto& [key, place] : places)
    if (!place->empty() && (stands_in(*place, config.data_dir) || stands_in(config.data_dir, *place)))
      mistakes.add(0, key, "must not be, contain or stand in data_dir");
}

}  // namespace kiyome::config_reading

std::vector<std::string> kiyome::absent_folders(const Config& config) {
  std::vector<std::string> out;
  const std::pair<const char*, const std::string*> places[] = {
      {"edge.folder.watch", &config.folder.watch}, {"gate.folder.output", &config.output_folder.output}};
  for (const auto& [key, place] : places) {
    struct stat status {};
    if (place->empty()) continue;
    if (::lstat(place->c_str(), &status) != 0)
      out.push_back(std::string(key) + ": " + *place + ": " + std::strerror(errno));
    else if (!S_ISDIR(status.st_mode))
      out.push_back(std::string(key) + ": " + *place + ": not a folder (a symbolic link is none)");
  }
  return out;
}

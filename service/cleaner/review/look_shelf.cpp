#include "service/cleaner/review/look_shelf.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "proto/base/limits.h"
#include "service/base/descriptor.h"
#include "service/base/errors.h"
#include "service/base/sockets.h"
#include "service/cleaner/decide/standing.h"

namespace kiyome::cleaner {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAnswer = "look.json";

std::string picture_name(const std::string& place, std::size_t page) {
  std::string out = place;
  std::replace(out.begin(), out.end(), '/', '-');
  return out + "." + std::to_string(page) + ".png";
}

std::optional<std::string> whole(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return std::nullopt;
  std::string out = read_whole(file.get());
  if (out.empty()) return std::nullopt;  // a power cut came between its name and its octets
  return out;
}

std::uint64_t octets_in(const fs::path& folder) {
  std::uint64_t out = 0;
  std::error_code ignored;
  for (const fs::directory_entry& each : fs::directory_iterator(folder, ignored))
    out += each.is_regular_file(ignored) ? each.file_size(ignored) : 0;
  return out;
}

}  // namespace

LookShelf::LookShelf(std::string folder, std::uint64_t octets_max)
    : folder_(std::move(folder)), octets_max_(octets_max) {
  std::error_code trouble;
  fs::create_directory(folder_, trouble);
  if (!fs::is_directory(folder_, trouble)) throw TemporaryFailure("cannot create " + folder_);
  fs::permissions(folder_, fs::perms::owner_all, trouble);
  std::vector<std::pair<fs::file_time_type, ItemId>> found;
  std::vector<fs::path> unknown;
  for (const fs::directory_entry& each : fs::directory_iterator(folder_)) {
    const Result<ItemId> id = ItemId::parse(each.path().filename().string());
    if (id)
      found.emplace_back(each.last_write_time(trouble), *id);
    else
      unknown.push_back(each.path());
  }
  for (const fs::path& each : unknown) fs::remove_all(each, trouble);
  std::sort(found.begin(), found.end());
  for (const auto& [when, id] : found) keep(id, octets_in(path_of(id)));
}

void LookShelf::forget(Kept& kept, const ItemId& id) {
  const auto found = kept.of.find(id);
  if (found == kept.of.end()) return;
  kept.octets -= found->second.second;
  kept.by_age.erase(found->second.first);
  kept.of.erase(found);
}

// Counts it as the newest, and lets the oldest go.
void LookShelf::keep(const ItemId& id, std::uint64_t octets) {
  const std::vector<ItemId> gone = kept_.with([&](Kept& kept) {
    forget(kept, id);
    kept.by_age.emplace(kept.next, id);
    kept.of.emplace(id, std::make_pair(kept.next++, octets));
    kept.octets += octets;
    std::vector<ItemId> out;
    while (kept.octets > octets_max_ && kept.of.size() > 1) {
      out.push_back(kept.by_age.begin()->second);
      forget(kept, out.back());
    }
    return out;
  });
  std::error_code ignored;
  for (const ItemId& each : gone) fs::remove_all(path_of(each), ignored);
}

std::optional<std::string> LookShelf::json(const ItemId& id) const {
  return whole(path_of(id) + "/" + kAnswer);
}

std::optional<std::string> LookShelf::picture(const ItemId& id, const std::string& place,
                                              std::size_t page) const {
  if (!is_place(place)) return std::nullopt;
  return whole(path_of(id) + "/" + picture_name(place, page));
}

void LookShelf::remove(const ItemId& id) {
  kept_.with([&](Kept& kept) { forget(kept, id); });
  std::error_code ignored;
  fs::remove_all(path_of(id), ignored);
}

std::vector<ItemId> LookShelf::all() {
  return kept_.with([](Kept& kept) {
    std::vector<ItemId> out;
    for (const auto& [id, where] : kept.of) out.push_back(id);
    return out;
  });
}

LookShelf::Draft::Draft(LookShelf& shelf, const ItemId& id)
    : shelf_(&shelf), id_(id), path_(shelf.folder_ + "/." + id.text()) {
  std::error_code trouble;
  fs::remove_all(path_, trouble);
  if (!fs::create_directory(path_, trouble)) throw TemporaryFailure("cannot create " + path_);
}

LookShelf::Draft::Draft(Draft&& other) noexcept
    : shelf_(other.shelf_), id_(other.id_), path_(std::move(other.path_)), octets_(other.octets_) {
  other.path_.clear();
}

LookShelf::Draft::~Draft() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

void LookShelf::Draft::write(const std::string& name, std::string_view octets) {
  const std::string path = path_ + "/" + name;
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file || !write_all(file.get(), octets, Steady::now())) throw_errno("write " + path);
  octets_ += octets.size();
}

void LookShelf::Draft::picture(const std::string& place, std::size_t page, std::string_view png) {
  write(picture_name(place, page), png);
}

void LookShelf::Draft::finish(std::string_view json) {
  write(kAnswer, json);
  shelf_->remove(id_);
  const std::string place = shelf_->path_of(id_);
  if (::rename(path_.c_str(), place.c_str()) != 0) throw_errno("rename " + path_);
  path_.clear();
  shelf_->keep(id_, octets_);
}

}  // namespace kiyome::cleaner

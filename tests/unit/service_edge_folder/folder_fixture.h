// A watched folder with a real log of originals and a clock that tests move. Restarting it keeps all folders,
// as a new life of the edge would find them.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/edge/folder/hot_folder.h"
#include "service/edge/folder/journal.h"
#include "service/edge/folder/place.h"
#include "service/edge/folder/walk.h"
#include "tests/unit/service_store/original_fixture.h"

namespace folder_test {

using namespace kiyome;
using namespace std::chrono_literals;
using store::test::Folder;

class Edge {
 public:
  Edge() {
    std::filesystem::create_directory(originals());
    std::filesystem::create_directory(watch());
    config.watch = watch();
    config.recipients = {"share@city.example.jp", "tanaka@city.example.jp"};
    config.sender = "share@outside.example.jp";
    config.sender_name = "共有フォルダー";
    config.importance = "通常";
    start();
  }
  ~Edge() { stop(); }

  void start() {
    std::vector<ItemId> announced;
    log = std::make_unique<store::OriginalLog>(originals(), store::test::key_pair().public_key,
                                               [&](const transfer::Announce& item) {
                                                 announced.push_back(item.id);
                                                 told.push_back(item);
                                               });
    Descriptor parent(::open(folder.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    hot = std::make_unique<edge::HotFolder>(
        folder.path() + "/journal", std::move(parent), config,
        edge::FolderSurroundings{.originals = *log,
                                 .announce =
                                     [this](const transfer::Announce& item) {
                                       if (on_announce) on_announce();
                                       told.push_back(item);
                                     },
                                 .ask = [this](const ItemId& id) { asked.push_back(id); },
                                 .has_room = [this](std::uint64_t more) { return more <= room; },
                                 .write_failed = [] {},
                                 .now = [this] { return Steady::now() + ahead; },
                                 .wall_ms = unix_ms_now},
        announced);
  }
  void stop() {
    hot.reset();
    log.reset();
  }
  void restart() {
    stop();
    start();
  }
  // Two looks, and between them the time that a file has to stand still.
  void settle() {
    hot->turn();
    ahead += 3s;
    hot->turn();
  }

  void put(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(watch() + "/" + name).parent_path());
    std::ofstream(watch() + "/" + name, std::ios::binary) << content;
  }
  bool stands(const std::string& name) const {
    struct stat status {};
    return ::lstat((watch() + "/" + name).c_str(), &status) == 0;
  }
  // Everything under the folder, hidden files too.
  std::size_t left() const {
    std::size_t out = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(watch()))
      out += entry.is_directory() ? 0 : 1;
    return out;
  }
  store::Original original(const transfer::Announce& where) const {
    store::OriginalReader reader(originals(), store::test::key_pair());
    auto found = reader.read(where);
    REQUIRE(found);
    return std::move(*found);
  }
  static std::string content_of(const store::Original& original) {
    std::string out(original.size, '\0');
    REQUIRE(::pread(original.content.get(), out.data(), out.size(), 0) == static_cast<ssize_t>(out.size()));
    return out;
  }
  // Name → content of everything that was told to the cleaner; each item once.
  std::multimap<std::string, std::string> sent() const {
    std::multimap<std::string, std::string> out;
    std::map<ItemId, transfer::Announce> items;
    for (const transfer::Announce& item : told) items.emplace(item.id, item);
    for (const auto& [id, item] : items) {
      const store::Original one = original(item);
      out.emplace(one.envelope.drop->file_name, content_of(one));
    }
    return out;
  }
  std::vector<std::string> listed() const {
    std::vector<std::string> out;
    hot->list([&](std::string_view line) {
      out.emplace_back(line);
      return true;
    });
    return out;
  }
  bool lists(const std::string& piece) const {
    for (const std::string& line : listed())
      if (line.find(piece) != std::string::npos) return true;
    return false;
  }
  std::string watch() const { return folder.path() + "/in"; }
  std::string originals() const { return folder.path() + "/originals"; }

  Folder folder;
  FolderConfig config;
  std::uint64_t room = std::uint64_t{1} << 40;
  Steady::duration ahead{};
  std::function<void()> on_announce;
  std::vector<transfer::Announce> told;
  std::vector<ItemId> asked;
  std::unique_ptr<store::OriginalLog> log;
  std::unique_ptr<edge::HotFolder> hot;
};

}  // namespace folder_test

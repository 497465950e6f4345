// A folder of originals that goes away with the test, and short words for writing, reading and restarting.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <vector>

#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/store/original_log.h"

namespace kiyome::store::test {

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kiyome-originals-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

  std::vector<std::filesystem::path> segments() const {
    std::vector<std::filesystem::path> out;
    for (const auto& entry : std::filesystem::directory_iterator(path_))
      if (entry.path().extension() == ".seg") out.push_back(entry.path());
    std::sort(out.begin(), out.end());
    return out;
  }

 private:
  std::string path_;
};

inline CleanerKeyPair key_pair() {
  static const CleanerKeyPair pair = [] {
    const Folder folder;
    return load_or_make_cleaner_key(folder.path());
  }();
  return pair;
}

inline Envelope envelope(const ItemId& id) {
  Envelope out;
  out.id = id;
  out.received_ms = 1800000000123;
  out.client_address = "192.0.2.1";
  out.client_helo = "mail.example.jp";
  out.protocol = "ESMTPS";
  out.sender = "yamada@example.jp";
  out.ret = 2;
  out.envid = "QQ314";
  out.smtputf8 = true;
  out.recipients = {{0, "a@example.jp", transfer::kNotifyNever, ""},
                    {5, "b@example.jp", 0, "rfc822;b@example.jp"}};
  return out;
}

// `size` octets that differ from item to item and are no run of one octet.
inline std::string octets(std::size_t size, unsigned seed = 1) {
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>((seed = seed * 1664525u + 1013904223u) >> 24);
  return out;
}

inline Result<transfer::Announce> put(OriginalLog& log, const ItemId& id, std::string_view content,
                                      std::size_t step = 5000) {
  auto writer = log.begin(id);
  for (std::size_t at = 0; at < content.size(); at += step) writer->append(content.substr(at, step));
  std::promise<Result<transfer::Announce>> told;
  log.commit(std::move(writer), envelope(id),
             [&](Result<transfer::Announce> result) { told.set_value(std::move(result)); });
  return told.get_future().get();
}

// What a start of the log announces.
inline std::vector<transfer::Announce> restart(const Folder& folder) {
  std::vector<transfer::Announce> out;
  const OriginalLog log(folder.path(), key_pair().public_key,
                        [&](const transfer::Announce& each) { out.push_back(each); });
  return out;
}

inline std::string text_of(const Original& original) {
  std::string out(original.size, '\0');
  REQUIRE(::pread(original.content.get(), out.data(), out.size(), 0) == static_cast<ssize_t>(out.size()));
  return out;
}

inline void unexpected(const transfer::Announce&) { FAIL("nothing should be pending"); }

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void write_file(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

}  // namespace kiyome::store::test

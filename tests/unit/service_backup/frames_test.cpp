#include "service/backup/frames.h"

#include <doctest/doctest.h>

#include "proto/base/limits.h"

using namespace kiyome;
using namespace kiyome::backup;

namespace {

std::string whole(const std::string& path = "a/b", std::size_t octets = 10) {
  std::string out;
  FrameWriter writer([&](std::string_view piece) { out += piece; });
  writer.about("{}");
  writer.part("edge");
  writer.folder(0700, "a");
  writer.file(0600, path);
  writer.data(std::string(octets, 'x'));
  writer.file_end();
  writer.part_end();
  writer.end(1);
  return out;
}

struct Heard {
  std::string paths;
  std::size_t octets = 0;
  bool fine = true, ended = false;
};
Heard read(std::string_view octets, std::size_t step) {
  Heard out;
  FrameReader reader;
  for (std::size_t at = 0; at < octets.size() && out.fine; at += step)
    out.fine = reader
                   .take(octets.substr(at, step),
                         [&](const Frame& frame) {
                           if (frame.type == FrameType::file) out.paths.append(frame.text).append("|");
                           if (frame.type == FrameType::data) out.octets += frame.text.size();
                         })
                   .has_value();
  out.ended = reader.ended();
  return out;
}

}  // namespace

TEST_CASE("backup frames: come back as they were, however the octets are cut") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, limits::kBackupBlock - 1,
                                 limits::kBackupBlock, limits::kBackupBlock + 1}) {
    const std::string octets = whole("a/b", size);
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, octets.size()}) {
      if (step == 1 && size > 100) continue;
      const Heard heard = read(octets, step);
      CHECK(heard.fine);
      CHECK(heard.ended);
      CHECK(heard.paths == "a/b|");
      CHECK(heard.octets == size);
    }
  }
}

TEST_CASE("backup frames: no path leads out of its part") {
  for (const char* const path : {"a", "a/b", ".hidden", "a..b/c", "元/b", "a/b/c/d/e/f/g/h"})
    CHECK(is_sound_path(path));
  for (const char* const path :
       {"", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/../b", "a/./b", "a/b/c/d/e/f/g/h/i"})
    CHECK_FALSE(is_sound_path(path));
  CHECK_FALSE(is_sound_path(std::string_view("a\0b", 3)));
  CHECK(is_sound_path(std::string(limits::kBackupPath, 'a')));
  CHECK_FALSE(is_sound_path(std::string(limits::kBackupPath + 1, 'a')));
  CHECK_FALSE(read(whole("../b"), 1000).fine);
  CHECK(read(whole("b"), 1000).fine);
}

TEST_CASE("backup frames: what ends early, counts wrongly or goes on behind its end is refused") {
  const std::string octets = whole();
  for (std::size_t size = 0; size < octets.size(); ++size)
    CHECK_FALSE(read(octets.substr(0, size), 1000).ended);
  CHECK_FALSE(read(octets + "x", 1000).fine);
  CHECK_FALSE(read(octets + octets, 1000).fine);
  const auto written = [](const std::function<void(FrameWriter&)>& use) {
    std::string out;
    FrameWriter writer([&](std::string_view piece) { out += piece; });
    use(writer);
    return read(out, 1000);
  };
  CHECK_FALSE(written([](FrameWriter& w) { w.part("edge"); }).fine);
  CHECK_FALSE(written([](FrameWriter& w) { w.about("{}"), w.file(0600, "a"); }).fine);
  CHECK_FALSE(written([](FrameWriter& w) { w.about("{}"), w.part("edge"), w.data("x"); }).fine);
  CHECK_FALSE(written([](FrameWriter& w) { w.about("{}"), w.end(1); }).fine);
  CHECK_FALSE(written([](FrameWriter& w) { w.about("{}"), w.part("a/b"); }).fine);
  CHECK(written([](FrameWriter& w) { w.about("{}"), w.end(0); }).ended);
}

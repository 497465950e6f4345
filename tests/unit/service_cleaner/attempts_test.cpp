#include "service/cleaner/attempts.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>

using namespace kiyome;
using cleaner::Attempts;

namespace {
struct Folder {
  std::filesystem::path path;
  Folder() {
    char name[] = "/tmp/kiyome-attempts-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file() const { return path / "attempts"; }
};
ItemId item(std::uint8_t n) { return ItemId::make(n, {n}); }
}  // namespace

TEST_CASE("attempts: work that ended leaves nothing behind") {
  const Folder folder;
  {
    Attempts attempts(folder.file());
    CHECK(attempts.begin(item(1)) == 0);
    attempts.end(item(1));
  }
  CHECK(Attempts(folder.file()).begin(item(1)) == 0);
}

TEST_CASE("attempts: each death of the process during work counts") {
  const Folder folder;
  for (unsigned death = 0; death < 4; ++death) {
    Attempts life(folder.file());  // destroyed in the middle of the work, like a process that was killed
    CHECK(life.begin(item(1)) == death);
  }
  CHECK(Attempts(folder.file()).begin(item(2)) == 0);
}

TEST_CASE("attempts: an end in a later life clears the earlier deaths") {
  const Folder folder;
  { CHECK(Attempts(folder.file()).begin(item(1)) == 0); }
  {
    Attempts life(folder.file());
    CHECK(life.begin(item(1)) == 1);
    life.end(item(1));
  }
  CHECK(Attempts(folder.file()).begin(item(1)) == 0);
}

TEST_CASE("attempts: a torn last record is no reason not to start") {
  const Folder folder;
  {
    Attempts life(folder.file());
    life.begin(item(1));
    life.begin(item(2));
  }
  std::filesystem::resize_file(folder.file(), std::filesystem::file_size(folder.file()) - 3);
  Attempts next(folder.file());
  CHECK(next.begin(item(1)) == 1);
  CHECK(next.begin(item(2)) == 0);
}

TEST_CASE("attempts: the file stays small under a long life") {
  const Folder folder;
  Attempts life(folder.file());
  for (int i = 0; i < 30000; ++i) {
    life.begin(item(static_cast<std::uint8_t>(i)));
    life.end(item(static_cast<std::uint8_t>(i)));
  }
  CHECK(std::filesystem::file_size(folder.file()) < 20002 * 2 * 17);
}

TEST_CASE("attempts: work that is laid aside keeps the earlier deaths, and is none itself") {
  const Folder folder;
  { CHECK(Attempts(folder.file()).begin(item(1)) == 0); }
  {
    Attempts life(folder.file());
    CHECK(life.begin(item(1)) == 1);
    life.lay_aside(item(1));  // put off, or from a mail worker to a document worker
    CHECK(life.begin(item(1)) == 1);
  }
  {
    Attempts life(folder.file());
    CHECK(life.begin(item(1)) == 2);
    life.lay_aside(item(1));
  }
  Attempts last(folder.file());
  CHECK(last.begin(item(1)) == 2);
  last.end(item(1));
  CHECK(last.begin(item(1)) == 0);
  last.lay_aside(item(1));
  last.lay_aside(item(2));
  CHECK(Attempts(folder.file()).begin(item(1)) == 0);
}

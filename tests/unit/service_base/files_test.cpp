#include "service/base/files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <thread>

#include "service/base/errors.h"

using namespace kiyome;
namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/kiyome-files-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  std::string at(const char* name) const { return path + "/" + name; }
  std::size_t count() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }
  std::string path;
};

mode_t rights(const std::string& path) {
  struct stat file {};
  REQUIRE(::stat(path.c_str(), &file) == 0);
  return file.st_mode & 07777;
}

}  // namespace

TEST_CASE(
    "file: what is written is read again, with its rights whatever the umask, and nothing lies beside it") {
  const Folder folder;
  const std::string octets = std::string(200'000, 'x') + '\0' + "end";
  const mode_t before = ::umask(0077);
  write_file(folder.at("a"), octets, 0644);
  ::umask(before);
  CHECK(read_file(folder.at("a")) == octets);
  CHECK(rights(folder.at("a")) == 0644);
  write_file(folder.at("a"), "");
  CHECK(read_file(folder.at("a")) == "");
  CHECK(rights(folder.at("a")) == 0600);
  CHECK(folder.count() == 1);
}

TEST_CASE("file: nothing is read where there is nothing to read, and errno says why") {
  const Folder folder;
  CHECK(!read_file(folder.at("none")));
  CHECK(errno == ENOENT);
  CHECK(!read_file(folder.path));
  CHECK(errno == EISDIR);
}

TEST_CASE("file: what tells no size is read, too") {
  CHECK(read_file("/proc/self/comm").value_or("").ends_with("\n"));
  const Folder folder;
  REQUIRE(::mkfifo(folder.at("pipe").c_str(), 0600) == 0);
  std::thread other([&] {
    const Descriptor pipe(::open(folder.at("pipe").c_str(), O_WRONLY | O_CLOEXEC));
    for (const char* piece : {"one ", "two"})
      CHECK(::write(pipe.get(), piece, std::string(piece).size()) > 0);
  });
  CHECK(read_file(folder.at("pipe")) == "one two");
  other.join();
}

TEST_CASE("new file: until it has its place, who looks finds the old one; never placed, it is gone") {
  const Folder folder;
  write_file(folder.at("a"), "old");
  {
    NewFile file(folder.at("a"));
    file.write("half");
    CHECK(read_file(folder.at("a")) == "old");
    CHECK(folder.count() == 2);
  }
  CHECK(read_file(folder.at("a")) == "old");
  CHECK(folder.count() == 1);
  NewFile file(folder.at("a"), 0640);
  file.write("ne");
  file.write("w");
  file.replace();
  CHECK(read_file(folder.at("a")) == "new");
  CHECK(folder.count() == 1);
}

TEST_CASE("new file: place() takes an empty place, and leaves a taken one to who has it") {
  const Folder folder;
  {
    NewFile file(folder.at("a"));
    file.write("first");
    CHECK(file.place());
    file.make_durable();
  }
  {
    NewFile file(folder.at("a"));
    file.write("second");
    CHECK(!file.place());
  }
  CHECK(read_file(folder.at("a")) == "first");
  CHECK(folder.count() == 1);
}

TEST_CASE(
    "new file: half of one that a death left does not stand in the way, nor does a link lead elsewhere") {
  const Folder folder;
  write_file(folder.at("a.new"), "half of the old one that was long");
  write_file(folder.at("a"), "whole");
  CHECK(read_file(folder.at("a")) == "whole");
  write_file(folder.at("other"), "not ours");
  fs::create_symlink(folder.at("other"), folder.at("a.new"));
  write_file(folder.at("a"), "again");
  CHECK(read_file(folder.at("a")) == "again");
  CHECK(read_file(folder.at("other")) == "not ours");
}

TEST_CASE("new file: no folder, no room: a temporary failure, and nothing lies there") {
  const Folder folder;
  CHECK_THROWS_AS(write_file(folder.at("none/a"), "x"), TemporaryFailure);
  fs::create_directory(folder.at("a"));
  CHECK_THROWS_AS(write_file(folder.at("a"), "x"), TemporaryFailure);
  CHECK(folder.count() == 1);
}

// What others do to a watched folder while we look, and what a death in between leaves.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <atomic>
#include <thread>

#include "service/base/digest.h"
#include "service/base/errors.h"
#include "tests/unit/service_edge_folder/folder_fixture.h"

namespace {

using namespace folder_test;
using namespace edge::folder;

struct Seen {
  Descriptor root;
  Identity identity;
};
Seen see(const Edge& edge, const std::string& name) {
  struct stat status {};
  REQUIRE(::lstat((edge.watch() + "/" + name).c_str(), &status) == 0);
  return {Descriptor(::open(edge.watch().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), identity_of(status)};
}
const std::atomic<bool> kGoOn{false};

TEST_CASE("watched folder: a file swapped for a link between the look and the opening is not followed") {
  Edge edge;
  std::ofstream(edge.folder.path() + "/secret") << "secret!";
  edge.put("a.txt", "content");
  edge.put("d/a.txt", "content");
  const Seen seen = see(edge, "a.txt"), deep = see(edge, "d/a.txt");
  CHECK(copy_whole(seen.root.get(), "a.txt", seen.identity, kGoOn).outcome == Copy::Outcome::whole);
  std::filesystem::remove(edge.watch() + "/a.txt");
  std::filesystem::create_symlink("../secret", edge.watch() + "/a.txt");
  CHECK(copy_whole(seen.root.get(), "a.txt", seen.identity, kGoOn).outcome == Copy::Outcome::refused);
  std::filesystem::rename(edge.watch() + "/d", edge.folder.path() + "/moved");
  std::filesystem::create_symlink("../moved", edge.watch() + "/d");
  CHECK(copy_whole(deep.root.get(), "d/a.txt", deep.identity, kGoOn).outcome == Copy::Outcome::refused);
  CHECK(copy_whole(seen.root.get(), "../secret", seen.identity, kGoOn).outcome == Copy::Outcome::refused);
  std::filesystem::remove(edge.watch() + "/a.txt");
  REQUIRE(::mkfifo((edge.watch() + "/a.txt").c_str(), 0666) == 0);
  CHECK(copy_whole(seen.root.get(), "a.txt", seen.identity, kGoOn).outcome == Copy::Outcome::refused);
}

TEST_CASE("watched folder: a copy is sealed, and one of a file that changes meanwhile is none") {
  Edge edge;
  std::string content(8u << 20, 'a');
  edge.put("a.bin", content);
  const Seen seen = see(edge, "a.bin");
  const Copy copy = copy_whole(seen.root.get(), "a.bin", seen.identity, kGoOn);
  REQUIRE(copy.outcome == Copy::Outcome::whole);
  CHECK(copy.digest == sha256(content));
  CHECK(::pwrite(copy.memory.get(), "b", 1, 0) < 0);
  CHECK(::ftruncate(copy.memory.get(), 1) < 0);
  // Somebody appends all the time: whatever is read, it is never half of something.
  std::atomic<bool> end{false};
  std::thread writer([&] {
    std::ofstream file(edge.watch() + "/a.bin", std::ios::binary | std::ios::app);
    while (!end) file << "more" << std::flush;
  });
  for (int i = 0; i < 50; ++i) {
    const Seen now = see(edge, "a.bin");
    const Copy each = copy_whole(now.root.get(), "a.bin", now.identity, kGoOn);
    CHECK(each.outcome != Copy::Outcome::refused);
    struct stat status {};
    if (each.outcome == Copy::Outcome::whole) {
      REQUIRE(::fstat(each.memory.get(), &status) == 0);
      CHECK(static_cast<std::uint64_t>(status.st_size) == now.identity.bytes);
    }
  }
  end = true;
  writer.join();
  std::atomic<bool> stop{true};
  const Seen last = see(edge, "a.bin");
  CHECK(copy_whole(last.root.get(), "a.bin", last.identity, stop).outcome == Copy::Outcome::stopped);
}

TEST_CASE("watched folder: content that came after the commit is an item of its own, nothing of it is lost") {
  Edge edge;
  edge.put("a.txt", "first");
  edge.on_announce = [&] { edge.put("a.txt", "second, longer"); };  // committed, not removed yet
  edge.settle();
  edge.on_announce = nullptr;
  CHECK(edge.stands("a.txt"));
  edge.settle();
  CHECK(edge.sent() ==
        std::multimap<std::string, std::string>{{"a.txt", "first"}, {"a.txt", "second, longer"}});
  CHECK(edge.left() == 0);
}

TEST_CASE("watched folder: another file under the name of a taken one is put back") {
  Edge edge;
  edge.put("a.txt", "first");
  const Seen seen = see(edge, "a.txt");
  const ItemId item = new_item_id();
  const auto hidden = edge.watch() + "/.kiyome-" + item.text();
  const auto remove = [&] {
    return remove_copied(seen.root.get(), "a.txt", seen.identity, sha256("first"), item);
  };
  // A death behind the first rename, and meanwhile somebody saved anew.
  std::filesystem::rename(edge.watch() + "/a.txt", hidden);
  edge.put("a.txt", "second");
  CHECK(remove() == Removal::gone);
  CHECK(!std::filesystem::exists(hidden));
  CHECK(edge.stands("a.txt"));
  CHECK(remove() == Removal::changed);
  CHECK(edge.stands("a.txt"));
  // What was taken away is not what was copied.
  std::filesystem::rename(edge.watch() + "/a.txt", hidden);
  CHECK(remove() == Removal::changed);
  CHECK(edge.stands("a.txt"));
  std::filesystem::copy_file(edge.watch() + "/a.txt", hidden);
  CHECK(remove() == Removal::changed);
  CHECK(edge.left() == 2);  // beside what stands there
  CHECK(edge.stands(item.text() + "-a.txt"));
  std::filesystem::remove(edge.watch() + "/a.txt");
  CHECK(remove() == Removal::gone);
}

TEST_CASE("watched folder: a share that numbers its files anew is looked into") {
  Edge edge;
  edge.put("a.txt", "content");
  Seen seen = see(edge, "a.txt");
  seen.identity.inode += 1;
  const auto remove = [&](const char* content) {
    return remove_copied(seen.root.get(), "a.txt", seen.identity, sha256(content), new_item_id());
  };
  CHECK(remove("CONTENT") == Removal::changed);
  CHECK(remove("content") == Removal::gone);
}

TEST_CASE("watched folder: a source that cannot be removed is not sent twice, and goes later") {
  if (::geteuid() == 0) return;  // rights do not bind root; the case below stands for it there
  Edge edge;
  edge.put("d/a.txt", "text");
  std::filesystem::permissions(edge.watch() + "/d", std::filesystem::perms(0555));
  edge.settle();
  edge.settle();
  edge.restart();
  edge.settle();
  CHECK(edge.sent().size() == 1);
  std::filesystem::permissions(edge.watch() + "/d", std::filesystem::perms(0755));
  edge.ahead += 31s;
  edge.settle();
  CHECK(edge.left() == 0);
  CHECK(edge.sent().size() == 1);
}

TEST_CASE("watched folder: a death between the commit and the removal sends nothing twice") {
  Edge edge;
  edge.put("a.txt", "text");
  const Seen seen = see(edge, "a.txt");
  edge.settle();
  REQUIRE(edge.told.size() == 1);
  TakenFile file;
  {
    Journal journal(edge.folder.path() + "/journal");
    file = journal.page({}, 1).at(0);
    // The disk as it was before the removal was written down, and before the removal.
    journal.set_stage({file.item}, Stage::committed);
  }
  edge.stop();
  edge.put("a.txt", "text");
  REQUIRE(::utimensat(AT_FDCWD, (edge.watch() + "/a.txt").c_str(),
                      std::array<timespec, 2>{timespec{0, UTIME_OMIT},
                                              timespec{seen.identity.changed_ns / 1'000'000'000,
                                                       seen.identity.changed_ns % 1'000'000'000}}
                          .data(),
                      0) == 0);
  edge.start();
  edge.settle();
  CHECK(edge.left() == 0);
  CHECK(edge.sent().size() == 1);
}

TEST_CASE("watched folder: what an earlier life only intended is taken anew, unless the log has it") {
  for (const bool in_the_log : {false, true}) {
    Edge edge;
    edge.put("a.txt", "text");
    const Seen seen = see(edge, "a.txt");
    TakenFile file;
    file.item = new_item_id();
    file.path = file.name = "a.txt";
    file.identity = seen.identity;
    file.sha256 = sha256("text");
    struct stat status {};
    REQUIRE(::fstat(seen.root.get(), &status) == 0);
    file.root = status.st_ino;
    Journal(edge.folder.path() + "/journal").intend({file});
    if (in_the_log) {
      auto writer = edge.log->begin(file.item);
      writer->append("text");
      store::Envelope envelope = store::test::envelope(file.item);
      envelope.protocol = "FOLDER";
      envelope.drop.emplace();
      envelope.drop->file_name = "a.txt";
      envelope.drop->submission = new_item_id();
      std::promise<bool> done;
      edge.log->commit(std::move(writer), envelope,
                       [&](const Result<transfer::Announce>& said) { done.set_value(bool(said)); });
      REQUIRE(done.get_future().get());
    }
    edge.restart();
    edge.settle();
    CHECK(edge.left() == 0);
    REQUIRE(edge.sent().size() == 1);
    CHECK((edge.told[0].id == file.item) == in_the_log);
  }
}

TEST_CASE("watched folder: an empty mount point does not make a taken file forgotten") {
  Edge edge;
  edge.put("a.txt", "text");
  // Taken; then the share is unmounted before the file could be removed.
  const std::string share = edge.folder.path() + "/share";
  edge.settle();
  REQUIRE(edge.sent().size() == 1);
  {
    Journal journal(edge.folder.path() + "/journal");
    journal.set_stage({journal.page({}, 1).at(0).item}, Stage::committed);
  }
  edge.stop();
  std::filesystem::rename(edge.watch(), share);
  std::filesystem::create_directory(edge.watch());
  edge.start();
  edge.settle();
  CHECK(edge.lists("\"source\":\"there\""));
  std::filesystem::remove(edge.watch());
  std::filesystem::rename(share, edge.watch());
  edge.ahead += 31s;
  edge.settle();
  CHECK(edge.lists("\"source\":\"removed\""));
}

TEST_CASE("watched folder: without room nothing is taken and nothing removed; with room it goes on") {
  Edge edge;
  edge.room = 3;
  edge.put("a.txt", "text");
  edge.settle();
  CHECK(edge.told.empty());
  CHECK(edge.stands("a.txt"));
  edge.room = 4;
  edge.settle();
  CHECK(edge.sent().size() == 1);
  CHECK(edge.left() == 0);
}

TEST_CASE("watched folder: a log that cannot be written keeps every file where it is") {
  Edge edge;
  const std::string content(1u << 20, 'a');
  for (int i = 0; i < 8; ++i) edge.put(std::to_string(i), content);
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit small = before;
  small.rlim_cur = 300u << 10;
  edge.hot->turn();
  edge.ahead += 3s;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  try {
    edge.hot->turn();
  } catch (const TemporaryFailure&) {  // a journal that cannot be written says so
  }
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  CHECK(edge.told.empty());
  CHECK(edge.left() == 8);
  edge.settle();
  CHECK(edge.sent().size() == 8);
  CHECK(edge.left() == 0);
}

// Started again and again and killed at any moment: each file once.
TEST_CASE("watched folder: kill -9 at any moment") {
  Edge edge;
  edge.config.settle_seconds = 0.001;
  edge.stop();
  constexpr int kFiles = 60;
  for (int i = 0; i < kFiles; ++i) edge.put("f" + std::to_string(i), "content " + std::to_string(i));
  int rounds = 0;
  while (edge.left() != 0 && ++rounds < 200) {
    const pid_t child = ::fork();
    if (child == 0) {
      edge.told.clear();
      edge.start();
      for (;;) try {
          edge.hot->turn();
          edge.ahead += 1s;
        } catch (...) {
        }
    }
    ::usleep(static_cast<useconds_t>(3000 + rounds * 700));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  edge.start();  // the log tells of everything, for nobody has taken it
  edge.settle();
  const auto sent = edge.sent();
  CHECK(sent.size() == kFiles);
  for (int i = 0; i < kFiles; ++i) CHECK(sent.count("f" + std::to_string(i)) == 1);
  CHECK(edge.left() == 0);
  MESSAGE("lives: " << rounds);
  CHECK(rounds > 2);
}

}  // namespace

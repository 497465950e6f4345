// What is taken from a watched folder, when, and what is left where it is.
#include <sys/socket.h>
#include <sys/un.h>

#include "proto/base/limits.h"
#include "service/edge/folder/names.h"
#include "tests/unit/service_edge_folder/folder_fixture.h"

namespace {

using namespace folder_test;
using edge::folder::told_name;
using edge::folder::told_path;

TEST_CASE("watched folder: a file that stands still is committed as an item, and then it is gone") {
  Edge edge;
  edge.put("2026/見積書.docx", "content");
  edge.hot->turn();
  CHECK(edge.told.empty());  // seen, not settled
  edge.ahead += 1s;
  edge.hot->turn();
  CHECK(edge.told.empty());
  edge.ahead += 1s;
  edge.hot->turn();
  REQUIRE(edge.told.size() == 1);
  const store::Original one = edge.original(edge.told[0]);
  CHECK(Edge::content_of(one) == "content");
  CHECK(one.envelope.protocol == "FOLDER");
  CHECK(one.envelope.sender == "share@outside.example.jp");
  REQUIRE(one.envelope.recipients.size() == 2);
  CHECK(one.envelope.recipients[1].address == "tanaka@city.example.jp");
  REQUIRE(one.envelope.drop);
  CHECK(one.envelope.drop->file_name == "2026/見積書.docx");
  CHECK(one.envelope.drop->number == 1);
  CHECK(one.envelope.drop->count == 1);
  CHECK(one.envelope.drop->sender_name == "共有フォルダー");
  CHECK(one.envelope.drop->importance == "通常");
  CHECK(one.envelope.drop->submission != one.envelope.id);
  CHECK(edge.left() == 0);
  CHECK(std::filesystem::exists(edge.watch() + "/2026"));  // folders are people's
  edge.settle();
  CHECK(edge.told.size() == 1);
}

TEST_CASE("watched folder: a file that grows is not taken before it stands still") {
  Edge edge;
  std::string content;
  for (int i = 0; i < 5; ++i) {
    edge.put("a.bin", content += "more");
    edge.hot->turn();
    edge.ahead += 1900ms;
  }
  CHECK(edge.told.empty());
  edge.settle();
  CHECK(edge.sent() == std::multimap<std::string, std::string>{{"a.bin", content}});
}

TEST_CASE("watched folder: an empty file waits for its content") {
  Edge edge;
  edge.put("a.txt", "");
  edge.settle();
  CHECK(edge.told.empty());
  CHECK(edge.stands("a.txt"));
  CHECK(edge.lists("empty"));
  edge.put("a.txt", "text");
  edge.settle();
  CHECK(edge.sent() == std::multimap<std::string, std::string>{{"a.txt", "text"}});
}

TEST_CASE("watched folder: links, devices and what is too large are left alone, and told once in the list") {
  Edge edge;
  edge.config.file_bytes_max = 10;
  edge.hot->reload(edge.config);
  const std::string in = edge.watch();
  std::ofstream(edge.folder.path() + "/secret") << "secret";
  std::filesystem::create_directory(edge.folder.path() + "/outside");
  std::ofstream(edge.folder.path() + "/outside/secret") << "secret";
  std::filesystem::create_symlink("../secret", in + "/link");
  std::filesystem::create_symlink("../outside", in + "/folder-link");
  std::filesystem::create_hard_link(edge.folder.path() + "/secret", in + "/hard");
  REQUIRE(::mkfifo((in + "/fifo").c_str(), 0666) == 0);
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = in + "/socket";
  REQUIRE(path.size() < sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  edge.put("large.bin", "12345678901");
  edge.put("fits.bin", "1234567890");
  edge.settle();
  edge.settle();
  CHECK(edge.sent() == std::multimap<std::string, std::string>{{"fits.bin", "1234567890"}});
  for (const char* name : {"link", "folder-link", "hard", "fifo", "socket", "large.bin"})
    CHECK(edge.stands(name));
  CHECK(edge.lists("a symbolic link"));
  CHECK(edge.lists("hard links"));
  CHECK(edge.lists("no regular file"));
  CHECK(edge.lists("larger than file_bytes_max"));
  std::filesystem::remove(edge.folder.path() + "/secret");  // one name again
  edge.settle();
  CHECK(edge.told.size() == 2);
  CHECK(!edge.stands("hard"));
}

TEST_CASE("watched folder: hidden and half-made files are left alone without a word") {
  Edge edge;
  for (const char* name : {".hidden", "~$book.xlsx", "a.tmp", "B.TMP", "c.part", "d.crdownload", "Thumbs.db",
                           "desktop.ini", "Desktop.ini", ".folder/a.txt"})
    edge.put(name, "content");
  edge.put("taken.tmp.txt", "content");
  edge.settle();
  CHECK(edge.told.size() == 1);
  CHECK(edge.left() == 10);
  CHECK(edge.listed().size() == 1);  // of the one that was taken
}

TEST_CASE("watched folder: names of CP932 are told in UTF-8 when that is exact, others are left") {
  CHECK(told_name("見積.txt") == "見積.txt");
  CHECK(told_name("\x8c\xa9\x90\xcf.txt") == "見積.txt");
  CHECK(told_name("\x95\x5c.txt") == "表.txt");  // its second octet is a backslash
  CHECK(told_path("\x95\x5c/見積.txt") == "表/見積.txt");
  for (const char* bad : {"\xff\xfe.txt", "a\x01.txt", "a\n.txt", "\x8c", "a\x7f", "", "\x8c\xa9/\x01"})
    CHECK(!told_path(bad));
  Edge edge;
  edge.put("\x8c\xa9\x90\xcf.txt", "content");
  edge.put("bad\xff.txt", "content");
  edge.put("line\nbreak.txt", "content");
  edge.settle();
  CHECK(edge.sent() == std::multimap<std::string, std::string>{{"見積.txt", "content"}});
  CHECK(edge.left() == 2);
  CHECK(edge.lists("cannot be read"));
}

TEST_CASE("watched folder: what stands too deep is left, one level higher it is taken") {
  Edge edge;
  std::string path;
  for (std::size_t i = 1; i < limits::kFolderDepth; ++i) path += "d/";
  edge.put(path + "taken.txt", "content");
  edge.put(path + "deep/left.txt", "content");
  edge.settle();
  CHECK(edge.sent() == std::multimap<std::string, std::string>{{path + "taken.txt", "content"}});
  CHECK(edge.stands(path + "deep/left.txt"));
  CHECK(edge.lists("too many folders"));
}

TEST_CASE("watched folder: a path as long as may be is taken, a longer one is left") {
  Edge edge;
  const std::string folder(200, 'd');
  std::string path;
  while (path.size() + folder.size() + 1 < limits::kFolderName) path += folder + "/";
  const std::string fits = path + std::string(limits::kFolderName - path.size(), 'a');
  edge.put(fits, "content");
  edge.put(fits + "b", "content");
  edge.settle();
  CHECK(edge.sent() == std::multimap<std::string, std::string>{{fits, "content"}});
  CHECK(edge.stands(fits + "b"));
}

TEST_CASE("watched folder: ten thousand files arrive, each once") {
  Edge edge;
  for (int i = 0; i < 10'000; ++i)
    edge.put("d" + std::to_string(i % 100) + "/" + std::to_string(i), "content " + std::to_string(i));
  edge.settle();
  CHECK(edge.left() == 0);
  const auto sent = edge.sent();
  CHECK(sent.size() == 10'000);
  CHECK(sent.count("d42/42") == 1);
  CHECK(sent.find("d42/42")->second == "content 42");
}

TEST_CASE("watched folder: one that is away is waited for, also when it is another one then") {
  Edge edge;
  std::filesystem::remove(edge.watch());
  edge.settle();
  std::filesystem::create_directory(edge.watch());
  edge.put("a.txt", "text");
  edge.settle();
  CHECK(edge.told.size() == 1);
  std::filesystem::rename(edge.watch(), edge.watch() + "-old");
  std::filesystem::create_symlink(edge.watch() + "-old", edge.watch());
  edge.put("b.txt", "text");
  edge.settle();
  CHECK(edge.told.size() == 1);  // a link is no folder
  CHECK(edge.stands("b.txt"));
}

TEST_CASE("watched folder: how a file fares is asked for, heard and listed") {
  Edge edge;
  edge.put("a.txt", "text");
  edge.settle();
  REQUIRE(edge.told.size() == 1);
  edge.hot->connected();
  edge.hot->turn();
  CHECK(edge.asked == std::vector<ItemId>{edge.told[0].id});
  edge.hot->heard({edge.told[0].id, transfer::DropProgress::held, 0, {}});
  edge.hot->heard({new_item_id(), transfer::DropProgress::held, 0, {}});  // another's
  edge.hot->turn();
  CHECK(edge.lists("\"state\":\"held\",\"source\":\"removed\""));
  edge.restart();
  CHECK(edge.lists("\"state\":\"held\""));
}

TEST_CASE("watched folder: what is old is forgotten, but not what still has to be removed") {
  Edge edge;
  edge::folder::Journal journal(edge.folder.path());
  edge::folder::TakenFile one, two;
  one.item = new_item_id();
  two.item = new_item_id();
  one.path = two.path = one.name = two.name = "a.txt";
  one.taken_ms = two.taken_ms = 1000;
  journal.intend({one, two});
  journal.set_stage({one.item}, edge::folder::Stage::removed);
  journal.set_stage({two.item}, edge::folder::Stage::committed);
  journal.prune(1000);
  CHECK(journal.page({}, 10).size() == 2);
  journal.prune(1001);
  REQUIRE(journal.page({}, 10).size() == 1);
  CHECK(journal.page({}, 10)[0].item == two.item);
}

}  // namespace

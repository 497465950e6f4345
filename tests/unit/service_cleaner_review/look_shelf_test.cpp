#include "service/cleaner/review/look_shelf.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "service/base/clock.h"
#include "service/cleaner/decide/standing.h"

using namespace kiyome;
using cleaner::is_place;
using cleaner::LookShelf;

namespace {

struct Folder {
  std::string path = std::filesystem::temp_directory_path() / ("kiyome-looks-" + std::to_string(::getpid()));
  Folder() { std::filesystem::remove_all(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

void put(LookShelf& shelf, const ItemId& id, std::size_t octets) {
  LookShelf::Draft draft = shelf.begin(id);
  draft.picture("3/0", 1, std::string(octets, 'p'));
  draft.finish("{}");
}

}  // namespace

TEST_CASE("looks: a place is numbers parted by slashes, and nothing that leads out of a folder") {
  for (const char* right : {"0", "3", "12/0", "3/0/11"}) CHECK(is_place(right));
  for (const char* wrong : {"", "/", "3/", "/3", "3//0", "..", "3/..", "a", "3-0", "3 ", "3/0.png", "３"}) {
    CAPTURE(wrong);
    CHECK_FALSE(is_place(wrong));
  }
}

TEST_CASE("looks: what was finished is there, also after a restart; what was not is gone") {
  const Folder folder;
  const ItemId done = new_item_id(), cut = new_item_id();
  {
    LookShelf shelf(folder.path, 1000);
    LookShelf::Draft draft = shelf.begin(done);
    draft.picture("3/0", 2, "picture");
    CHECK_FALSE(shelf.json(done).has_value());
    CHECK_FALSE(shelf.picture(done, "3/0", 2).has_value());
    draft.finish("{\"state\":\"ready\"}");
    CHECK(shelf.json(done) == "{\"state\":\"ready\"}");
    { LookShelf::Draft dropped = shelf.begin(cut); }
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
    std::filesystem::create_directory(folder.path + "/." + cut.text());  // as a death leaves it
    std::ofstream(folder.path + "/." + cut.text() + "/3.1.png") << "half";
  }
  LookShelf again(folder.path, 1000);
  CHECK(again.picture(done, "3/0", 2) == "picture");
  CHECK_FALSE(again.picture(done, "3/0", 1).has_value());
  CHECK_FALSE(again.picture(done, "3", 2).has_value());
  CHECK_FALSE(again.picture(done, "../" + done.text() + "/3", 2).has_value());
  CHECK(again.all() == std::vector<ItemId>{done});
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
  again.remove(done);
  CHECK_FALSE(again.json(done).has_value());
  CHECK(again.all().empty());
}

TEST_CASE("looks: the oldest go when there are too many octets, the newest always stays") {
  const Folder folder;
  const ItemId a = new_item_id(), b = new_item_id(), c = new_item_id();
  LookShelf shelf(folder.path, 1000);
  put(shelf, a, 400);
  put(shelf, b, 400);
  CHECK(shelf.json(a).has_value());
  put(shelf, c, 400);
  CHECK_FALSE(shelf.json(a).has_value());
  CHECK(shelf.json(b).has_value());
  CHECK(shelf.json(c).has_value());
  put(shelf, b, 300);  // made anew: the newest now, and counted once
  put(shelf, a, 400);
  CHECK_FALSE(shelf.json(c).has_value());
  CHECK(shelf.json(b).has_value());
  put(shelf, c, 5000);
  CHECK(shelf.all() == std::vector<ItemId>{c});
  CHECK(shelf.picture(c, "3/0", 1)->size() == 5000);
}

TEST_CASE("looks: a picture that a power cut left empty is not there") {
  const Folder folder;
  const ItemId id = new_item_id();
  LookShelf shelf(folder.path, 1000);
  put(shelf, id, 10);
  std::ofstream(folder.path + "/" + id.text() + "/3-0.1.png", std::ios::trunc).flush();
  CHECK_FALSE(shelf.picture(id, "3/0", 1).has_value());
}

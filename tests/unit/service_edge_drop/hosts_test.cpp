// Two edges on one database: both see everything, each sends what it has.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>

#include "service/base/clock.h"
#include "service/edge/drop/drop_store.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using namespace kiyome::edge::drop;

namespace {

constexpr std::int64_t kNow = 1'800'000'000'000, kDay = 86'400'000;

struct Host {
  explicit Host(const std::string& database) {
    char name[] = "/tmp/kiyome-host.XXXXXX";
    path = ::mkdtemp(name);
    store = std::make_unique<DropStore>(path, store::test_place(database));
  }
  ~Host() {
    store.reset();
    std::filesystem::remove_all(path);
  }
  ItemId upload() {
    Upload out;
    out.id = new_item_id();
    out.account = 5;
    out.name = "図面.pdf";
    out.size = out.offset = 10;
    out.created_ms = out.touched_ms = kNow;
    CHECK(store->add_upload(out, 1000, 0) == DropStore::Added::added);
    return out.id;
  }
  DropStore::Begun begin(const ItemId& upload, const std::string& key) {
    Submission out;
    out.id = new_item_id();
    out.account = 5;
    out.created_ms = kNow;
    out.key = key;
    out.recipients = {"taro@city.example.jp"};
    out.files.resize(1);
    out.files[0].item = new_item_id();
    out.files[0].upload = upload;
    return store->begin_submission(out);
  }
  std::string path;
  std::unique_ptr<DropStore> store;
};

}  // namespace

TEST_CASE("hosts: an upload is sent by the host that has its octets, and seen by all") {
  if (!store::tests_on_postgres()) return;
  Host one("/hosts/drop.sqlite"), two("/hosts/drop.sqlite");
  REQUIRE(one.store->host() != two.store->host());
  const ItemId upload = one.upload();
  CHECK(two.store->find_upload(5, upload)->host == one.store->host());
  CHECK(two.begin(upload, "a").what == DropStore::Begun::What::upload_elsewhere);
  const auto begun = one.begin(upload, "a");
  REQUIRE(begun.what == DropStore::Begun::What::begun);
  // The same request at the other host is known there, and left to the first.
  CHECK(two.begin(upload, "a").what == DropStore::Begun::What::known);
  CHECK(two.store->find_submission(begun.submission)->host == one.store->host());
  CHECK(one.store->unsent() == std::vector<ItemId>{begun.submission});
  CHECK(two.store->unsent().empty());
  one.store->set_sent(begun.submission);
  CHECK(two.store->list(5, std::nullopt, 10).front().sent);
  // A life that comes again is the same host.
  CHECK(DropStore(one.path, store::test_place("/hosts/drop.sqlite")).host() == one.store->host());
}

TEST_CASE("hosts: an idle upload of a host that does not come back ends a day later") {
  if (!store::tests_on_postgres()) return;
  Host one("/idle/drop.sqlite"), two("/idle/drop.sqlite");
  one.upload();
  const auto idle = [&](Host& host, std::int64_t before_ms) {
    return host.store->idle_uploads(before_ms).size();
  };
  CHECK(idle(one, kNow) == 0);
  CHECK(idle(one, kNow + 1) == 1);
  CHECK(idle(two, kNow + kDay) == 0);
  CHECK(idle(two, kNow + kDay + 1) == 1);
  std::size_t ours = 0;
  two.store->open_uploads([&](const Upload&) { ++ours; });
  CHECK(ours == 0);
}

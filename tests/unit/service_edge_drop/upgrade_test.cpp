// The drop box of every earlier version, with what stood in it, under the present program.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>

#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/edge/drop/drop_schema.h"
#include "service/edge/drop/drop_store.h"
#include "service/store/row_values.h"

using namespace kiyome;
using namespace kiyome::edge::drop;
using kiyome::store::blob;
using kiyome::store::Blob;
using kiyome::store::Database;
using kiyome::store::Statement;

namespace {

constexpr std::int64_t kThen = 1700000000000;

struct Folder {
  Folder() {
    char name[] = "/tmp/kiyome-drop.XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file() const { return path + "/drop.sqlite"; }
  std::string path;
};

}  // namespace

TEST_CASE("upgrade: uploads and submissions of every earlier version are there, and go on") {
  for (std::size_t version = 1; version <= std::size(kDropSchema); ++version) {
    CAPTURE(version);
    const Folder folder;
    const ItemId open = new_item_id(), used = new_item_id(), submission = new_item_id(), item = new_item_id();
    {
      Database db(folder.file());
      db.migrate(std::span<const char* const>(kDropSchema).first(version));
      const auto upload = [&](const ItemId& id, int offset, UploadState state) {
        Statement(db,
                  "INSERT INTO uploads (id, account, name, metadata, size, offset, created_ms, touched_ms, "
                  "state) VALUES (?,5,'図面.pdf','filename eA==',100,?,?,?,?)")
            .run(blob(id), offset, kThen, kThen, state);
      };
      upload(open, 40, UploadState::open);
      upload(used, 100, UploadState::submitted);
      Statement(db,
                "INSERT INTO submissions (id, account, key, digest, created_ms, client, sender, sender_name, "
                "recipients, "
                "title, message, importance, sent) VALUES "
                "(?,5,'key-1',zeroblob(32),?,'192.0.2.9','s@outside.example','佐藤',"
                "'taro@city.example.jp','題名','本文','',0)")
          .run(blob(submission), kThen);
      Statement(
          db,
          "INSERT INTO files (submission, number, item, upload, name, bytes, password, committed, state, "
          "pages, findings, changed_ms) VALUES (?,1,?,?,'図面.pdf',100,'合言葉',0,1,0,'',?)")
          .run(blob(submission), blob(item), blob(used), kThen);
    }
    DropStore store(folder.path);
    const auto going = store.find_upload(5, open);
    REQUIRE(going);
    CHECK(going->offset == 40);
    CHECK(going->name == "図面.pdf");
    const auto found = store.find_submission(submission);
    REQUIRE(found);
    CHECK(found->title == "題名");
    CHECK(found->recipients == std::vector<std::string>{"taro@city.example.jp"});
    REQUIRE(found->files.size() == 1);
    CHECK(found->files[0].password == "合言葉");
    CHECK(found->files[0].previews == 0);
    CHECK(store.unsent() == std::vector<ItemId>{submission});
    // It is sent, and how it fares is heard.
    store.set_committed({item});
    store.set_sent(submission);
    CHECK(store.unsent().empty());
    transfer::DropState told;
    told.id = item;
    told.state = transfer::DropProgress::delivered;
    told.pages = 3;
    told.pictures = 2;
    store.hear({told}, kThen + 1);
    const auto after = store.find_submission(submission);
    CHECK(after->sent);
    CHECK(after->files[0].password.empty());
    CHECK(after->files[0].state == transfer::DropProgress::delivered);
    CHECK(after->files[0].previews == 2);
  }
}

TEST_CASE("upgrade: a drop box of a newer version is refused") {
  const Folder folder;
  { const DropStore store(folder.path); }
  Database(folder.file())
      .execute(("PRAGMA user_version=" + std::to_string(std::size(kDropSchema) + 1)).c_str());
  CHECK_THROWS_AS(DropStore(folder.path), TemporaryFailure);
}

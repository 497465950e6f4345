#include "service/audit/examination.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>

using namespace kiyome;
using namespace kiyome::audit;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/kiyome-key.XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

struct Book {
  Folder folder;
  Signer signer{folder.path};
  std::vector<Linked> entries;
  std::vector<Checkpoint> own, elsewhere;
  Base base;
  std::uint64_t counted = 0;

  explicit Book(std::uint64_t length, std::uint64_t every = 5) {
    Hash head{};
    for (std::uint64_t i = 1; i <= length; ++i) {
      Linked one;
      one.entry = {i, static_cast<std::int64_t>(1000 * i), "verdict", std::nullopt, "cleaner", "{}"};
      if (i % 3 == 0) one.entry.item = ItemId::make(1000, {});
      one.hash = head = link(head, one.entry);
      entries.push_back(one);
      if (i % every == 0) sign(i);
    }
    counted = length;
  }
  void sign(std::uint64_t at) {
    own.push_back(signer.sign(Trail::cleaner, CheckpointKind::head, at, entries[at - 1].hash, 5000));
    elsewhere.push_back(own.back());
  }
  // As root would: all hashes anew from there on.
  void rewrite_from(std::uint64_t at) {
    Hash head = at == 1 ? Hash{} : entries[at - 2].hash;
    for (std::size_t i = at - 1; i < entries.size(); ++i) {
      entries[i].entry.sequence = i + 1;
      entries[i].hash = head = link(head, entries[i].entry);
    }
  }
  void sign_own_anew() {
    for (Checkpoint& each : own)
      each = signer.sign(each.trail, each.kind, each.sequence, entries[each.sequence - 1].hash, 5000);
  }
  Finding examined(bool with_elsewhere = true) const {
    Frame frame{Trail::cleaner, base, counted, signer.key(), false};
    Examination examination(
        frame, own, with_elsewhere ? std::span<const Checkpoint>(elsewhere) : std::span<const Checkpoint>());
    for (const Linked& each : entries)
      if (!examination.take(each)) break;
    return examination.finish();
  }
  std::uint64_t first_bad(bool with_elsewhere = true) const {
    const Finding finding = examined(with_elsewhere);
    return finding.fault ? finding.fault->sequence : 0;
  }
};

}  // namespace

TEST_CASE("examination: an untouched trail is intact, and its checkpoints agree") {
  const Book book(23);
  const Finding finding = book.examined();
  CHECK_FALSE(finding.fault);
  CHECK(finding.entries == 23);
  CHECK(finding.checkpoints == 8);
  CHECK(finding.witnessed == 4);
  CHECK(Book(0).first_bad() == 0);
}

TEST_CASE("examination: one bit of any column names its entry") {
  const auto changed = [](auto&& change) {
    Book book(23);
    change(book.entries[11]);
    return book.first_bad();
  };
  CHECK(changed([](Linked& e) { e.entry.unix_ms ^= 1; }) == 12);
  CHECK(changed([](Linked& e) { e.entry.event[0] ^= 1; }) == 12);
  CHECK(changed([](Linked& e) { e.entry.item->bytes[15] ^= 1; }) == 12);
  CHECK(changed([](Linked& e) { e.entry.item.reset(); }) == 12);
  CHECK(changed([](Linked& e) { e.entry.actor[0] ^= 1; }) == 12);
  CHECK(changed([](Linked& e) { e.entry.detail[0] ^= 1; }) == 12);
  CHECK(changed([](Linked& e) { e.hash[0] ^= 1; }) == 12);
  CHECK(changed([](Linked& e) { e.entry.sequence ^= 64; }) == 12);
  CHECK(changed([](Linked& e) { e.sound = false; }) == 12);
}

TEST_CASE("examination: an entry removed, two swapped, one put in") {
  Book removed(23);
  removed.entries.erase(removed.entries.begin() + 6);
  CHECK(removed.first_bad() == 7);
  Book swapped(23);
  std::swap(swapped.entries[8].entry.detail, swapped.entries[9].entry.detail);
  swapped.entries[8].entry.actor = "a";
  CHECK(swapped.first_bad() == 9);
  Book inserted(23);
  inserted.entries.insert(inserted.entries.begin() + 3, inserted.entries[2]);
  for (std::size_t i = 3; i < inserted.entries.size(); ++i) inserted.entries[i].entry.sequence = i + 1;
  CHECK(inserted.first_bad() == 4);
}

TEST_CASE(
    "examination: a cut tail is found by the count, by a checkpoint, and by the one in the other zone") {
  Book cut(23);
  cut.entries.resize(21);
  CHECK(cut.first_bad() == 22);  // the trail's own count
  cut.counted = 21;
  CHECK(cut.first_bad() == 0);  // nothing was signed since
  cut.entries.resize(18);
  cut.counted = 18;
  CHECK(cut.first_bad(false) == 19);  // the checkpoint at 20
  cut.own.resize(3);
  CHECK(cut.first_bad(false) == 0);
  CHECK(cut.first_bad() == 19);  // the other zone has it
}

TEST_CASE("examination: a forged checkpoint is found, whoever signed it") {
  Book head(23);
  head.own[2].head[4] ^= 1;
  CHECK(head.first_bad() == 15);
  const Folder folder;
  const Signer other(folder.path);
  Book key(23);
  key.own[2] = other.sign(Trail::cleaner, CheckpointKind::head, 15, key.entries[14].hash, 1);
  CHECK(key.first_bad() == 15);
  CHECK(key.examined().fault->what.find("another key") != std::string::npos);
}

TEST_CASE("examination: a chain written anew with its own key is found by what the other zone keeps") {
  Book book(23);
  book.entries[11].entry.actor = "nobody";
  book.rewrite_from(12);
  CHECK(book.first_bad(false) == 11);  // its own checkpoint at 10 still agrees, the one at 15 does not
  book.sign_own_anew();
  CHECK(book.first_bad(false) == 0);  // on this host all is in order now
  const Finding finding = book.examined();
  REQUIRE(finding.fault);
  CHECK(finding.fault->sequence == 11);
  CHECK(finding.fault->what.find("up to 15") != std::string::npos);
}

TEST_CASE("examination: a trail begins where a signed cut says, and nowhere else") {
  Book book(23);
  book.base = {10, book.entries[9].hash};
  book.entries.erase(book.entries.begin(), book.entries.begin() + 10);
  CHECK(book.first_bad() == 1);
  book.own.push_back(book.signer.sign(Trail::cleaner, CheckpointKind::cut, 10, book.base.head, 1));
  CHECK(book.first_bad() == 0);
  book.base.head[0] ^= 1;
  CHECK(book.first_bad() != 0);
}

TEST_CASE("signer: the key stays, and a file that is none is not replaced") {
  const Folder folder;
  const PublicKey key = Signer(folder.path).key();
  CHECK(Signer(folder.path).key() == key);
  const auto mode = std::filesystem::status(folder.path + "/audit.key").permissions();
  CHECK(mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  std::filesystem::resize_file(folder.path + "/audit.key", 10);
  CHECK_THROWS(Signer(folder.path));
}

TEST_CASE("checkpoint text: comes back as it was, and nothing else is one") {
  const Folder folder;
  const Checkpoint one = Signer(folder.path).sign(Trail::console, CheckpointKind::cut, 9, Hash{}, 123);
  const std::string text = checkpoint_json(one, 5);
  REQUIRE(checkpoint_of_json(text));
  CHECK(*checkpoint_of_json(text) == one);
  CHECK(holds(*checkpoint_of_json(text)));
  for (const char* other : {"", "[]", "{}", "{\"trail\":\"cleaner\"}", "nonsense"})
    CHECK_FALSE(checkpoint_of_json(other));
  std::string cut = text;
  cut.replace(cut.find("\"head\":\""), 9, "\"head\":\"Z");
  CHECK_FALSE(checkpoint_of_json(cut));
}

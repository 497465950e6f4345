#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "proto/base/bytes.h"
#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/store/original_format.h"
#include "tests/unit/service_store/original_fixture.h"

using namespace kiyome;
using namespace kiyome::store;
using namespace kiyome::store::test;

namespace {

bool same(const Envelope& a, const Envelope& b) {
  return a.id == b.id && a.received_ms == b.received_ms && a.client_address == b.client_address &&
         a.client_helo == b.client_helo && a.protocol == b.protocol && a.sender == b.sender &&
         a.ret == b.ret && a.envid == b.envid && a.smtputf8 == b.smtputf8 && a.recipients == b.recipients;
}

}  // namespace

TEST_CASE("originals: what was written is read, at every size around the buffer's edge") {
  const Folder folder;
  OriginalLog log(folder.path(), key_pair().public_key, unexpected);
  OriginalReader reader(folder.path(), key_pair());
  constexpr std::size_t kBuffer = limits::kOriginalBuffer;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{5000}, kBuffer - 1, kBuffer, kBuffer + 1, 2 * kBuffer - 1,
        2 * kBuffer, 2 * kBuffer + 1, 3 * kBuffer + 77}) {
    const ItemId id = new_item_id();
    const std::string content = octets(size);
    const auto where = put(log, id, content, 70000);
    REQUIRE(where);
    const auto original = reader.read(*where);
    REQUIRE(original);
    CHECK(original->size == size);
    CHECK(text_of(*original) == content);
    CHECK(original->sha256 == sha256(content));
    CHECK(same(original->envelope, envelope(id)));
    CHECK(original->segments == std::vector{where->segment});
  }
}

TEST_CASE("originals: the memory file is sealed, segments are 0640, no plaintext is on disk") {
  const Folder folder;
  const ItemId id = new_item_id();
  const std::string content = "a word that must not be seen on disk";
  {
    OriginalLog log(folder.path(), key_pair().public_key, unexpected);
    const auto where = put(log, id, content);
    REQUIRE(where);
    const auto original = OriginalReader(folder.path(), key_pair()).read(*where);
    REQUIRE(original);
    CHECK(::fcntl(original->content.get(), F_GET_SEALS) ==
          (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE));
    CHECK(::lseek(original->content.get(), 0, SEEK_CUR) == 0);
  }
  const auto segments = folder.segments();
  REQUIRE(segments.size() == 1);
  struct stat about {};
  REQUIRE(::stat(segments[0].c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0640);
  const std::string file = read_file(segments[0]);
  CHECK(file.size() < 4096);  // what was preallocated is given back
  for (const char* hidden : {"a word that", "yamada", "mail.example.jp"})
    CHECK(file.find(hidden) == std::string::npos);
}

TEST_CASE("originals: a large item spans segments and comes back whole") {
  const Folder folder;
  OriginalLog log(folder.path(), key_pair().public_key, unexpected);
  OriginalReader reader(folder.path(), key_pair());
  const ItemId id = new_item_id();
  const std::string content = octets(130u << 20);
  const auto where = put(log, id, content, 1u << 20);
  REQUIRE(where);
  const auto original = reader.read(*where);
  REQUIRE(original);
  CHECK(original->segments == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(text_of(*original) == content);
}

TEST_CASE("originals: a restart announces exactly what was not taken, in order") {
  const Folder folder;
  std::vector<ItemId> ids;
  {
    OriginalLog log(folder.path(), key_pair().public_key, unexpected);
    for (int i = 0; i < 20; ++i) {
      ids.push_back(new_item_id());
      REQUIRE(put(log, ids.back(), octets(100)));
    }
    for (const int i : {0, 1, 2, 5, 7, 19}) log.taken(ids[static_cast<std::size_t>(i)]);
    log.taken(new_item_id());  // one that nobody knows
    log.taken(ids[5]);         // a repeat
  }
  for (int life = 0; life < 3; ++life) {
    const std::vector<transfer::Announce> pending = restart(folder);
    REQUIRE(pending.size() == 14);
    for (std::size_t i = 0; i < pending.size(); ++i) {
      CHECK(pending[i].id ==
            ids[std::vector<std::size_t>{3, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}[i]]);
      CHECK(OriginalReader(folder.path(), key_pair()).read(pending[i]));
    }
  }
  {
    OriginalLog log(folder.path(), key_pair().public_key, [](const transfer::Announce&) {});
    for (const ItemId& id : ids) log.taken(id);
  }
  CHECK(restart(folder).empty());
}

TEST_CASE("originals: without the checkpoint, or with a damaged one, everything is announced again") {
  const Folder folder;
  const ItemId first = new_item_id(), second = new_item_id();
  {
    OriginalLog log(folder.path(), key_pair().public_key, unexpected);
    REQUIRE(put(log, first, "1"));
    REQUIRE(put(log, second, "2"));
    log.taken(first);
  }
  CHECK(restart(folder).size() == 1);
  std::string taken = read_file(folder.path() + "/taken");
  for (std::size_t i = 0; i < taken.size(); ++i) {
    std::string altered = taken;
    altered[i] ^= 1;
    write_file(folder.path() + "/taken", altered);
    CHECK(restart(folder).size() == 2);
  }
  std::filesystem::remove(folder.path() + "/taken");
  CHECK(restart(folder).size() == 2);
}

TEST_CASE("originals: a segment's number is never used twice") {
  const Folder folder;
  std::uint64_t last = 0;
  for (int life = 0; life < 4; ++life) {
    OriginalLog log(folder.path(), key_pair().public_key, unexpected);
    const ItemId id = new_item_id();
    const auto where = put(log, id, "x");
    REQUIRE(where);
    CHECK(where->segment > last);
    last = where->segment;
    log.taken(id);
    for (std::uint64_t segment = 0; segment <= last + 1; ++segment) log.free_segment(segment);
  }
  CHECK(folder.segments().size() == 1);  // the last, which keeps the number
}

TEST_CASE("originals: a segment goes when it is free, but never while an item waits in it") {
  const Folder folder;
  const ItemId a = new_item_id(), b = new_item_id();
  {
    OriginalLog log(folder.path(), key_pair().public_key, unexpected);
    REQUIRE(put(log, a, "a"));
    REQUIRE(put(log, b, "b"));
  }
  OriginalLog log(folder.path(), key_pair().public_key, [](const transfer::Announce&) {});
  CHECK(folder.segments().size() == 2);
  log.taken(a);
  log.free_segment(1);  // the announcement of b is still on its way
  CHECK(folder.segments().size() == 2);
  log.taken(b);
  CHECK(folder.segments().size() == 2);
  log.free_segment(1);
  CHECK(folder.segments().size() == 1);
  log.free_segment(1);
  log.free_segment(2);  // the one being written
  log.free_segment(77);
  CHECK(folder.segments().size() == 1);
  const ItemId c = new_item_id();
  const auto where = put(log, c, "c");
  REQUIRE(where);
  CHECK(OriginalReader(folder.path(), key_pair()).read(*where));
}

TEST_CASE("originals: chunks of an abandoned item keep no segment") {
  const Folder folder;
  {
    OriginalLog log(folder.path(), key_pair().public_key, unexpected);
    for (int i = 0; i < 3; ++i) {
      auto writer = log.begin(new_item_id());
      const std::string piece = octets(1u << 20);
      for (int k = 0; k < 70; ++k) writer->append(piece);
    }
    const ItemId id = new_item_id();
    REQUIRE(put(log, id, octets(1u << 20)));
    // Segments 1 to 3 held nothing but abandoned chunks.
    CHECK(folder.segments().size() == 1);
  }
  CHECK(restart(folder).size() == 1);
}

TEST_CASE("originals: items of several lives, spread over segments, all come back") {
  const Folder folder;
  std::vector<std::pair<ItemId, std::string>> items;
  for (unsigned life = 0; life < 3; ++life) {
    OriginalLog log(folder.path(), key_pair().public_key, [](const transfer::Announce&) {});
    for (unsigned i = 0; i < 5; ++i) {
      items.emplace_back(new_item_id(), octets(i * 300000, life * 100 + i));
      REQUIRE(put(log, items.back().first, items.back().second));
    }
  }
  const std::vector<transfer::Announce> pending = restart(folder);
  REQUIRE(pending.size() == items.size());
  OriginalReader reader(folder.path(), key_pair());
  for (std::size_t i = 0; i < items.size(); ++i) {
    CHECK(pending[i].id == items[i].first);
    const auto original = reader.read(pending[i]);
    REQUIRE(original);
    CHECK(text_of(*original) == items[i].second);
  }
}

TEST_CASE("originals: only one process writes a folder") {
  const Folder folder;
  const OriginalLog log(folder.path(), key_pair().public_key, unexpected);
  CHECK_THROWS_AS(OriginalLog(folder.path(), key_pair().public_key, unexpected), TemporaryFailure);
  CHECK_THROWS_AS(OriginalLog(folder.path() + "/none", key_pair().public_key, unexpected), TemporaryFailure);
}

TEST_CASE("originals: an envelope that no reader would take is refused, the next item is not") {
  const Folder folder;
  OriginalLog log(folder.path(), key_pair().public_key, unexpected);
  Envelope large = envelope(new_item_id());
  large.sender.assign(limits::kSmtpPath + 1, 'a');
  bool refused = false;
  log.commit(log.begin(large.id), large,
             [&](const Result<transfer::Announce>& result) { refused = !result; });
  CHECK(refused);
  Envelope most = envelope(new_item_id());
  most.sender.assign(limits::kSmtpPath, 'a');
  most.recipients.clear();
  for (std::uint32_t i = 0; i < limits::kSmtpRecipients; ++i)
    most.recipients.push_back(
        {i, std::string(limits::kSmtpPath, 'b'), 0, "rfc822;" + std::string(limits::kDsnOrcpt - 7, 'c')});
  std::promise<Result<transfer::Announce>> told;
  log.commit(log.begin(most.id), most,
             [&](Result<transfer::Announce> result) { told.set_value(std::move(result)); });
  const auto where = told.get_future().get();
  REQUIRE(where);
  const auto original = OriginalReader(folder.path(), key_pair()).read(*where);
  REQUIRE(original);
  CHECK(same(original->envelope, most));
}

TEST_CASE("originals: writers may outlive the log") {
  const Folder folder;
  std::unique_ptr<OriginalWriter> small, large, unused;
  {
    OriginalLog log(folder.path(), key_pair().public_key, unexpected);
    small = log.begin(new_item_id());
    large = log.begin(new_item_id());
    unused = log.begin(new_item_id());
    large->append(octets(1u << 20));
  }
  small->append("x");
  CHECK_THROWS_AS(large->append(octets(1u << 20)), TemporaryFailure);
}

TEST_CASE("originals: many threads share the writer, every item comes back, and syncs are shared") {
  const Folder folder;
  OriginalReader reader(folder.path(), key_pair());
  OriginalLog log(folder.path(), key_pair().public_key, unexpected);
  constexpr int kThreads = 10, kEach = 100;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  const auto start = std::chrono::steady_clock::now();
  for (unsigned t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < kEach; ++i) {
        const ItemId id = new_item_id();
        const std::string content = octets(i % 50 == 7 ? 400000 : 5000, t * 1000 + i);
        const auto where = put(log, id, content);
        const auto original = where ? reader.read(*where) : Result<Original>(failure("not written"));
        if (!original || text_of(*original) != content) ++wrong;
        log.taken(id);
      }
    });
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  CHECK(wrong == 0);
  const double rate = kThreads * kEach / seconds;
  MESSAGE(rate << " items/s written and read back");
}

TEST_CASE("cleaner key: made once, 0600, read again; the public half is 0644") {
  const Folder folder;
  const CleanerKeyPair made = load_or_make_cleaner_key(folder.path());
  const CleanerKeyPair again = load_or_make_cleaner_key(folder.path());
  CHECK(made.secret_key == again.secret_key);
  CHECK(made.public_key.bytes == again.public_key.bytes);
  CHECK(load_cleaner_public_key(folder.path() + "/cleaner.pub").bytes == made.public_key.bytes);
  struct stat about {};
  REQUIRE(::stat((folder.path() + "/cleaner.key").c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0600);
  REQUIRE(::stat((folder.path() + "/cleaner.pub").c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0644);
  std::filesystem::remove(folder.path() + "/cleaner.pub");
  load_or_make_cleaner_key(folder.path());
  CHECK(std::filesystem::exists(folder.path() + "/cleaner.pub"));
}

TEST_CASE("cleaner key: a cut or foreign key file is never replaced") {
  const Folder folder;
  load_or_make_cleaner_key(folder.path());
  const std::string path = folder.path() + "/cleaner.key";
  const std::string good = read_file(path);
  for (const std::string& bad :
       {good.substr(0, 20), std::string(), good + "x", std::string(65, 'g'), std::string(64, 'a') + " "}) {
    write_file(path, bad);
    CHECK_THROWS_AS(load_or_make_cleaner_key(folder.path()), TemporaryFailure);
    CHECK(read_file(path) == bad);
  }
  CHECK_THROWS_AS(load_cleaner_public_key(folder.path() + "/none.pub"), TemporaryFailure);
}

namespace {

Drop drop() {
  Drop out;
  out.submission = new_item_id();
  out.number = 2;
  out.count = 3;
  out.sender_name = "佐藤 花子";
  out.file_name = "資料/見積.xlsx";
  out.title = "見積";
  out.message = "一行目\n二行目";
  out.importance = "至急";
  out.password = "p w";
  return out;
}

Result<Original> read_back(const Drop& what) {
  const Folder folder;
  OriginalLog log(folder.path(), key_pair().public_key, unexpected);
  const ItemId id = new_item_id();
  auto writer = log.begin(id);
  writer->append("octets");
  Envelope with = envelope(id);
  with.drop = what;
  std::promise<Result<transfer::Announce>> done;
  log.commit(std::move(writer), with, [&](Result<transfer::Announce> where) { done.set_value(where); });
  const auto where = done.get_future().get();
  REQUIRE(where);
  return OriginalReader(folder.path(), key_pair()).read(*where);
}

}  // namespace

TEST_CASE("originals: what was said with a file of the drop box comes back with it") {
  const Drop what = drop();
  const auto original = read_back(what);
  REQUIRE(original);
  REQUIRE(original->envelope.drop);
  CHECK(*original->envelope.drop == what);
  CHECK(same(original->envelope, envelope(original->envelope.id)));
  CHECK(text_of(*original) == "octets");
  CHECK(read_back(Drop{}).has_value());
}

TEST_CASE("originals: a drop that is not sound is known before it is written, and is not read") {
  CHECK(is_sound(drop()));
  const auto unsound = [](auto&& set) {
    Drop what = drop();
    set(what);
    CHECK_FALSE(is_sound(what));
    CHECK_FALSE(read_back(what));
  };
  unsound([](Drop& d) { d.number = 0; });
  unsound([](Drop& d) { d.number = 4; });
  unsound([](Drop& d) { d.count = limits::kCrossingFiles + 1; });
  unsound([](Drop& d) { d.file_name = "a\nb"; });
  unsound([](Drop& d) { d.title = "\xff"; });
  unsound([](Drop& d) { d.message = "a\r\nb"; });
  unsound([](Drop& d) { d.importance = "\x7f"; });
  unsound([](Drop& d) { d.password = std::string(limits::kJobPassword + 1, 'x'); });
  unsound([](Drop& d) { d.sender_name = std::string(limits::kCrossingPerson + 1, 'x'); });
  Drop large = drop();
  large.message = std::string(limits::kCrossingMessage, 'x');
  large.title = std::string(limits::kCrossingTitle, 'x');
  large.file_name = std::string(limits::kCrossingFileName, 'x');
  CHECK(is_sound(large));
  CHECK(read_back(large).has_value());
}

TEST_CASE("originals: records of the time before the drop box are what mails still are") {
  // The octets that a mail's envelope had, written by hand: SMTPUTF8 is 1, and nothing follows the
  // recipients.
  const Envelope mail = envelope(new_item_id());
  ByteWriter w;
  w.i64(mail.received_ms);
  for (const std::string* text : {&mail.client_address, &mail.client_helo, &mail.protocol, &mail.sender})
    w.counted(*text);
  w.u8(mail.ret);
  w.counted(mail.envid);
  w.u8(1);
  w.u32(2);
  for (const transfer::Recipient& each : mail.recipients) {
    w.u32(each.index);
    w.counted(each.address);
    w.u8(each.notify);
    w.counted(each.orcpt);
  }
  CHECK(original::encode_envelope(mail) == w.bytes());
  const std::string record = w.take() + original::encode_content(1, {}, {}, 1) + "x";
  const auto commit = original::decode_commit(record, mail.id);
  REQUIRE(commit);
  CHECK_FALSE(commit->envelope.drop);
  CHECK(same(commit->envelope, mail));
}

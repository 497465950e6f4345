#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/store/original_format.h"
#include "service/store/original_index.h"
#include "tests/unit/service_store/original_fixture.h"

using namespace kiyome;
using namespace kiyome::store;
using namespace kiyome::store::test;

namespace {

// A folder with three items in one segment, as a process that was killed leaves it.
struct Three {
  Folder folder;
  std::vector<transfer::Announce> at;
  std::filesystem::path segment;
  std::string octets_of_segment;

  Three() {
    {
      OriginalLog log(folder.path(), key_pair().public_key, unexpected);
      for (unsigned i = 0; i < 3; ++i) at.push_back(put(log, new_item_id(), octets(60, i)).value());
    }
    segment = folder.segments()[0];
    octets_of_segment = read_file(segment);
  }

  // The start with this content of the segment, and without anything that a later start made.
  std::vector<transfer::Announce> restart_with(const std::string& content) const {
    for (const auto& each : folder.segments()) std::filesystem::remove(each);
    std::filesystem::remove(folder.path() + "/taken");
    write_file(segment, content);
    return restart(folder);
  }
};

}  // namespace

TEST_CASE("originals: a tail torn at any octet costs nothing but the record that was never acknowledged") {
  const Three three;
  const std::string& whole = three.octets_of_segment;
  const std::size_t last = three.at[2].offset;
  REQUIRE(last + three.at[2].length == whole.size());
  for (std::size_t size = last; size <= whole.size(); ++size) {
    const std::size_t expected = size == whole.size() ? 3u : 2u;
    CHECK(three.restart_with(whole.substr(0, size)) ==
          std::vector(three.at.begin(), three.at.begin() + static_cast<long>(expected)));
    // As preallocation leaves it: zeros behind.
    CHECK(three.restart_with(whole.substr(0, size) + std::string(5000, '\0')).size() >= 2);
  }
}

TEST_CASE("originals: an octet altered anywhere in a record makes reading it an error, and no other record") {
  const Three three;
  OriginalReader untouched(three.folder.path(), key_pair());
  for (std::size_t i = 0; i < three.octets_of_segment.size(); ++i) {
    std::string altered = three.octets_of_segment;
    altered[i] = static_cast<char>(altered[i] ^ 0x10);
    write_file(three.segment, altered);
    OriginalReader reader(three.folder.path(), key_pair());
    for (const transfer::Announce& each : three.at) {
      const bool hit = i < original::kSegmentHeader || (i >= each.offset && i < each.offset + each.length);
      CHECK(reader.read(each).has_value() != hit);
    }
  }
}

TEST_CASE("originals: a record that rotted is passed over, those behind it are announced") {
  const Three three;
  for (std::size_t i = three.at[1].offset; i < three.at[1].offset + three.at[1].length; ++i) {
    std::string altered = three.octets_of_segment;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    CHECK(three.restart_with(altered) == std::vector{three.at[0], three.at[2]});
  }
}

TEST_CASE(
    "originals: a record that became zeros is passed over too, and a checkpoint beyond the file does no "
    "harm") {
  const Three three;
  std::string altered = three.octets_of_segment;
  altered.replace(three.at[1].offset, three.at[1].length, std::string(three.at[1].length, '\0'));
  CHECK(three.restart_with(altered + std::string(3000000, '\0')) == std::vector{three.at[0], three.at[2]});
  CHECK(std::filesystem::file_size(three.segment) == altered.size());

  for (const auto& each : three.folder.segments()) std::filesystem::remove(each);
  write_file(three.segment, three.octets_of_segment.substr(0, three.at[1].offset));
  const std::uint64_t beyond = three.octets_of_segment.size();
  write_file(three.folder.path() + "/taken",
             original::encode_taken({{three.at[0].segment, beyond, true, {}}}));
  CHECK(restart(three.folder).empty());
  CHECK(std::filesystem::file_size(three.segment) == three.at[1].offset);
}

TEST_CASE("originals: an announcement that does not fit the file is an error") {
  const Three three;
  OriginalReader reader(three.folder.path(), key_pair());
  const transfer::Announce good = three.at[1];
  REQUIRE(reader.read(good));
  const auto refused = [&](auto&& set) {
    transfer::Announce bad = good;
    set(bad);
    return !reader.read(bad).has_value();
  };
  CHECK(refused([](auto& a) { a.id = new_item_id(); }));
  CHECK(refused([&](auto& a) { a.id = three.at[0].id; }));
  CHECK(refused([](auto& a) { a.segment = 7; }));
  CHECK(refused([](auto& a) { a.segment = 0; }));
  CHECK(refused([&](auto& a) { a.offset = three.at[0].offset; }));
  for (const std::uint64_t offset :
       {std::uint64_t{0}, good.offset - 1, good.offset + 1, ~std::uint64_t{0}, std::uint64_t{1} << 63})
    CHECK(refused([&](auto& a) { a.offset = offset; }));
  for (const std::uint32_t length : {0u, 1u, good.length - 1, good.length + 1, 0x7fffffffu, 0xffffffffu})
    CHECK(refused([&](auto& a) { a.length = length; }));
}

TEST_CASE("originals: a record copied to another place, or a segment under another name, does not open") {
  const Three three;
  const transfer::Announce first = three.at[0], second = three.at[1];
  REQUIRE(first.length == second.length);
  std::string moved = three.octets_of_segment;
  moved.replace(second.offset, second.length, moved.substr(first.offset, first.length));
  write_file(three.segment, moved);
  transfer::Announce copy = second;
  copy.id = first.id;
  OriginalReader reader(three.folder.path(), key_pair());
  CHECK(reader.read(first));
  CHECK_FALSE(reader.read(copy));
  std::filesystem::rename(three.segment, three.folder.path() + "/" + original::segment_name(9));
  transfer::Announce renamed = first;
  renamed.segment = 9;
  CHECK_FALSE(OriginalReader(three.folder.path(), key_pair()).read(renamed));
}

TEST_CASE("originals: another key opens nothing") {
  const Three three;
  const Folder elsewhere;
  const CleanerKeyPair other = load_or_make_cleaner_key(elsewhere.path());
  for (const transfer::Announce& each : three.at)
    CHECK_FALSE(OriginalReader(three.folder.path(), other).read(each));
}

TEST_CASE("originals: damage in any chunk of a large item is an error") {
  const Folder folder;
  transfer::Announce where;
  const std::string content = octets(600000);
  {
    OriginalLog log(folder.path(), key_pair().public_key, unexpected);
    where = put(log, new_item_id(), content).value();
  }
  const std::filesystem::path segment = folder.segments()[0];
  const std::string whole = read_file(segment);
  REQUIRE(OriginalReader(folder.path(), key_pair()).read(where));
  for (std::size_t i = original::kSegmentHeader; i < whole.size(); i += 9973) {
    std::string altered = whole;
    altered[i] = static_cast<char>(altered[i] ^ 0x80);
    write_file(segment, altered);
    CHECK_FALSE(OriginalReader(folder.path(), key_pair()).read(where));
  }
  write_file(segment, whole.substr(0, where.offset - 1) + whole.substr(where.offset));
  CHECK_FALSE(OriginalReader(folder.path(), key_pair()).read(where));
}

TEST_CASE("originals: killed at random moments, nothing acknowledged is lost") {
  const Folder folder;
  const CleanerKeyPair key = key_pair();  // made before the children, which all use it
  std::vector<ItemId> acknowledged;
  for (int life = 0; life < 12; ++life) {
    int told[2];
    REQUIRE(::pipe(told) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(told[0]);
      OriginalLog log(folder.path(), key.public_key, [](const transfer::Announce&) {});
      for (unsigned i = 0;; ++i) {
        const ItemId id = new_item_id();
        if (!put(log, id, octets(i % 5 == 4 ? 300000 : 3000, i))) ::_exit(1);
        if (::write(told[1], id.bytes.data(), 16) != 16) ::_exit(1);
      }
    }
    ::close(told[1]);
    const int until = 1 + 17 * life % 40;
    ItemId id;
    for (int seen = 0; ::read(told[0], id.bytes.data(), 16) == 16; ++seen) {
      acknowledged.push_back(id);
      if (seen != until) continue;
      ::usleep(static_cast<useconds_t>(373 * life % 2000));  // anywhere within the next item
      ::kill(child, SIGKILL);
    }
    ::close(told[0]);
    ::waitpid(child, nullptr, 0);
  }
  std::vector<ItemId> found;
  OriginalReader reader(folder.path(), key_pair());
  for (const transfer::Announce& each : restart(folder)) {
    CHECK(reader.read(each));
    found.push_back(each.id);
  }
  MESSAGE(acknowledged.size() << " acknowledged, " << found.size() << " found");
  for (const ItemId& id : acknowledged) CHECK(std::find(found.begin(), found.end(), id) != found.end());
}

TEST_CASE("originals: a full disk fails the items it cannot hold, and the log goes on when there is room") {
  const Folder folder;
  struct rlimit before {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto signal_before = ::signal(SIGXFSZ, SIG_IGN);
  std::vector<ItemId> good;
  {
    OriginalLog log(folder.path(), key_pair().public_key, unexpected);
    good.push_back(new_item_id());
    REQUIRE(put(log, good.back(), octets(5000)));
    struct rlimit small = before;
    small.rlim_cur = 20000;  // of each file: as if the disk were full in the middle of a record
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    int written = 0, refused = 0;
    for (unsigned i = 0; i < 20; ++i) {
      const ItemId id = new_item_id();
      const bool accepted = put(log, id, octets(i % 4 == 3 ? 30000 : 5000, i)).has_value();
      if (accepted) good.push_back(id);
      ++(accepted ? written : refused);
    }
    CHECK(written >= 10);
    CHECK(refused >= 5);
    auto writer = log.begin(new_item_id());  // in chunks: the failure is told at the latest by the commit
    try {
      for (int i = 0; i < 20; ++i) writer->append(octets(100000));
    } catch (const TemporaryFailure&) {
    }
    std::promise<Result<transfer::Announce>> told;
    log.commit(std::move(writer), envelope(new_item_id()),
               [&](Result<transfer::Announce> result) { told.set_value(std::move(result)); });
    CHECK_FALSE(told.get_future().get());
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    good.push_back(new_item_id());
    CHECK(put(log, good.back(), octets(500000)));
  }
  ::signal(SIGXFSZ, signal_before);
  const std::vector<transfer::Announce> pending = restart(folder);
  REQUIRE(pending.size() == good.size());
  OriginalReader reader(folder.path(), key_pair());
  for (std::size_t i = 0; i < good.size(); ++i) {
    CHECK(pending[i].id == good[i]);
    CHECK(reader.read(pending[i]));
  }
}

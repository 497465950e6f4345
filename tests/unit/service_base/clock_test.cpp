#include <doctest/doctest.h>
#include <cerrno>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "service/base/clock.h"
#include "service/base/errors.h"

using namespace kiyome;

TEST_CASE("clock: ids ascend, bear the time, and are UUIDv7") {
  ItemId last{};
  for (int i = 0; i < 20000; ++i) {  // more than one millisecond can count
    const ItemId id = new_item_id();
    CHECK(last < id);
    last = id;
  }
  CHECK(last.text()[14] == '7');
  CHECK(std::string("89ab").find(last.text()[19]) != std::string::npos);
  CHECK(std::abs(last.unix_ms() - unix_ms_now()) < 60000);
}

TEST_CASE("clock: ids of several threads are different") {
  std::set<ItemId> all;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      std::vector<ItemId> mine;
      for (int i = 0; i < 5000; ++i) mine.push_back(new_item_id());
      const std::lock_guard lock(mutex);
      all.insert(mine.begin(), mine.end());
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(all.size() == 20000);
}

TEST_CASE("clock: a time is written with milliseconds and the machine's zone") {
  const std::string zone_before = std::getenv("TZ") ? std::getenv("TZ") : "";
  setenv("TZ", "JST-9", 1);
  tzset();
  CHECK(iso_time(1795232096789) == "2026-11-21T12:34:56.789+09:00");
  CHECK(iso_time(-1) == "1970-01-01T08:59:59.999+09:00");
  setenv("TZ", "XXX+3:30", 1);
  tzset();
  CHECK(iso_time(0) == "1969-12-31T20:30:00.000-03:30");
  zone_before.empty() ? unsetenv("TZ") : setenv("TZ", zone_before.c_str(), 1);
  tzset();
}

TEST_CASE("errors: what the kernel said becomes a temporary failure") {
  errno = ENOSPC;
  CHECK_THROWS_WITH_AS(throw_errno("write"), "write: No space left on device", TemporaryFailure);
}

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

TEST_CASE("clock: a time that a person or a program gives") {
  ::setenv("TZ", "Asia/Tokyo", 1);
  ::tzset();
  CHECK(unix_ms_of("2026-11-21") == 1795186800000);
  CHECK(unix_ms_of("2026-11-21T12:34:56.789+09:00") == 1795232096789);
  CHECK(unix_ms_of("2026-11-21T03:34:56.789Z") == 1795232096789);
  CHECK(unix_ms_of("2026-11-21T03:34:56Z") == 1795232096000);
  CHECK(unix_ms_of("2026-11-20T22:04:56.789012-05:30") == 1795232096789);
  for (const std::int64_t each : {std::int64_t{0}, std::int64_t{1795232096789}})
    CHECK(unix_ms_of(iso_time(each)) == each);
  for (const char* wrong : {"",
                            "2026",
                            "2026-11",
                            "2026-11-31",
                            "2026-02-29",
                            "1969-12-31",
                            "2026-13-01",
                            "2026-00-01",
                            "２０２６-11-21",
                            "2026-11-21 ",
                            "2026-11-21T",
                            "2026-11-21T03:34Z",
                            "2026-11-21T03:34:56",
                            "2026-11-21T24:00:00Z",
                            "2026-11-21T03:60:00Z",
                            "2026-11-21T03:34:61Z",
                            "2026-11-21T03:34:56.Z",
                            "2026-11-21T03:34:56.1234567890Z",
                            "2026-11-21T03:34:56+0900",
                            "2026-11-21T03:34:56+24:00",
                            "2026-11-21T03:34:56Zx",
                            "-026-11-21"}) {
    CAPTURE(wrong);
    CHECK_FALSE(unix_ms_of(wrong));
  }
}

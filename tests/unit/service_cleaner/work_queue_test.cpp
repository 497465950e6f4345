#include "service/cleaner/work_queue.h"

#include <doctest/doctest.h>

#include <thread>

using namespace kiyome;
using cleaner::Work;
using cleaner::WorkQueue;

namespace {
Work work(std::uint8_t n) {
  Work out;
  out.where.id = ItemId::make(n, {n});
  return out;
}
}  // namespace

TEST_CASE("work queue: first come, first served, each item once however often it is announced") {
  WorkQueue queue;
  CHECK(queue.put(work(1)));
  CHECK(queue.put(work(2)));
  CHECK_FALSE(queue.put(work(1)));
  CHECK(queue.take()->where.id == work(1).where.id);
  CHECK_FALSE(queue.put(work(1)));  // in a worker's hands
  CHECK(queue.in_hand().size() == 1);
  queue.finished(work(1).where.id);
  CHECK(queue.put(work(1)));
  CHECK(queue.take()->where.id == work(2).where.id);
}

TEST_CASE("work queue: what was put off comes back after its pause, and others go first") {
  WorkQueue queue;
  queue.put(work(1));
  Work first = *queue.take();
  const auto before = Steady::now();
  queue.put_off(std::move(first));
  queue.put(work(2));
  CHECK(queue.take()->where.id == work(2).where.id);
  const auto again = queue.take();
  CHECK(again->where.id == work(1).where.id);
  CHECK(again->delays == 1);
  CHECK(Steady::now() - before >= std::chrono::milliseconds(200));
}

// A worker that slept until a distant wake did not hear of it: after a full disk, items waited a minute.
TEST_CASE("work queue: what somebody else put off comes in its time to a worker that waits already") {
  WorkQueue queue;
  queue.put(work(1));
  Work first = *queue.take();
  std::optional<Work> taken;
  std::thread worker([&] { taken = queue.take(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const auto before = Steady::now();
  queue.put_off(std::move(first));
  worker.join();
  CHECK(taken->where.id == work(1).where.id);
  CHECK(Steady::now() - before < std::chrono::seconds(10));
}

TEST_CASE("work queue: an operator's hold finds only items that wait") {
  WorkQueue queue;
  queue.put(work(1));
  queue.put(work(2));
  CHECK(queue.take()->hold == false);
  CHECK_FALSE(queue.hold(work(1).where.id));
  CHECK(queue.hold(work(2).where.id));
  CHECK(queue.take()->hold);
}

TEST_CASE("work queue: stop wakes every worker that waits") {
  WorkQueue queue;
  std::thread waiting([&] { CHECK_FALSE(queue.take()); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  queue.stop();
  waiting.join();
}

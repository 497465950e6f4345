// The pool against sanitizers that misbehave: every job gets its verdict in time, and the next job is served.
#include "service/workers/pool.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "proto/clean/exit_codes.h"
#include "service/base/meters.h"
#include "tests/confine/programs.h"

using namespace kiyome;
using clean::Finding;
using confine_test::children_of;
using workers::JobResult;

namespace {

constexpr workers::Bounds kBounds{.wall_ms = 10000, .cpu_seconds = 5, .memory_bytes = 256u << 20};

double now_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

JobResult run(workers::Pool& pool, const std::string& input, const workers::Bounds& bounds = kBounds,
              bool part_texts = false) {
  const Descriptor file = workers::sealed_input(input);
  clean::JobOptions options;
  options.part_texts = part_texts;
  return pool.run(file.get(), input.size(), options, bounds);
}

// The one pool most tests use; that it survives them all is part of the test.
workers::Pool& hostile() {
  static workers::Pool pool("hostile", confine_test::program("hostile"));
  REQUIRE(pool.wait_ready(10000));
  return pool;
}

void check_failure(const JobResult& result, Finding expected) {
  CHECK_FALSE(result.answer);
  CHECK_FALSE(result.unavailable);
  REQUIRE(result.failure);
  CHECK(clean::slug(*result.failure) == clean::slug(expected));
}

bool serves(workers::Pool& pool) { return run(pool, "good again").answer.has_value(); }

// The launcher that came with `make`.
template <class Make>
pid_t new_child(Make make) {
  const auto before = children_of(getpid());
  make();
  for (const pid_t pid : children_of(getpid()))
    if (std::find(before.begin(), before.end(), pid) == before.end()) return pid;
  return -1;
}

}  // namespace

TEST_CASE("pool: a whole answer arrives as it was said") {
  const JobResult result = run(hostile(), "good morning");
  REQUIRE(result.answer);
  CHECK(result.answer->body.text == "good morning");
  CHECK_FALSE(result.failure);
  CHECK_FALSE(result.unavailable);
  CHECK(result.milliseconds > 0);
}

TEST_CASE("pool: options reach the sanitizer") {
  CHECK(run(hostile(), "texts rows", kBounds, true).answer->body.text == "with texts");
  CHECK_FALSE(
      run(hostile(), "texts rows", kBounds, false).answer);  // "without" has another size than the input
}

TEST_CASE("pool: an empty and a large input are jobs like others") {
  check_failure(run(hostile(), ""), Finding::kSanitizerAnswer);
  const std::string large = "good " + std::string(7u << 20, 'x');
  const JobResult result = run(hostile(), large);
  REQUIRE(result.answer);
  CHECK(result.answer->body.text == large);
}

TEST_CASE("pool: a long answer does not block") {
  const JobResult result = run(hostile(), "long");
  REQUIRE(result.answer);
  CHECK(result.answer->body.text.size() == 4u << 20);
}

TEST_CASE("pool: garbage, halves, silence and disorder are refused as answers") {
  for (const char* word : {"garbage", "half", "silent", "no-end", "wrong-size", "more-after-end"}) {
    INFO(word);
    check_failure(run(hostile(), word), Finding::kSanitizerAnswer);
  }
  CHECK(serves(hostile()));
}

TEST_CASE("pool: a crash is a crash, and an exception is one, too") {
  const JobResult crashed = run(hostile(), "crash");
  check_failure(crashed, Finding::kSanitizerCrashed);
  CHECK(crashed.signal == SIGSEGV);
  const JobResult thrown = run(hostile(), "exception");
  check_failure(thrown, Finding::kSanitizerCrashed);
  CHECK(thrown.exit_code == clean::kExitException);
  CHECK(serves(hostile()));
}

TEST_CASE("pool: an answer counts though the process dies afterwards") {
  for (const char* word : {"crash-after-end", "half-afterword"}) {
    INFO(word);
    const JobResult result = run(hostile(), word);
    REQUIRE(result.answer);
    CHECK(result.answer->body.text == word);
    CHECK(result.answer->afterwords.empty());
  }
}

TEST_CASE("pool: an answer counts though the process never ends, and does not wait long for it") {
  const double start = now_ms();
  const JobResult result = run(hostile(), "hang-after-end");
  REQUIRE(result.answer);
  CHECK(now_ms() - start < 3000);
}

TEST_CASE("pool: an afterword is taken along") {
  const JobResult result = run(hostile(), "afterword");
  REQUIRE(result.answer);
  CHECK(result.answer->afterwords.size() == 1);
}

TEST_CASE("pool: the sanitizer's own refusal is told as it is") {
  check_failure(run(hostile(), "refusal"), Finding::kLimitDepth);
}

TEST_CASE("pool: a job that hangs is killed at its deadline") {
  const double start = now_ms();
  const JobResult result =
      run(hostile(), "hang", {.wall_ms = 300, .cpu_seconds = 20, .memory_bytes = 256u << 20});
  check_failure(result, Finding::kSanitizerTimeout);
  CHECK(now_ms() - start >= 300);
  CHECK(now_ms() - start < 3000);
  CHECK(serves(hostile()));
}

TEST_CASE("pool: a job that computes for ever is stopped by its processor time") {
  const JobResult result =
      run(hostile(), "hang", {.wall_ms = 30000, .cpu_seconds = 1, .memory_bytes = 256u << 20});
  check_failure(result, Finding::kSanitizerTimeout);
  CHECK(result.signal == SIGXCPU);
}

TEST_CASE("pool: no exit code of a job makes its item wait; what it claims chooses the finding at most") {
  for (int code = 0; code < 256; code += code < 80 ? 1 : 35) {
    INFO(code);
    check_failure(run(hostile(), "exit " + std::to_string(code)), code == 0 ? Finding::kSanitizerAnswer
                                                                  : code == clean::kExitMemory
                                                                      ? Finding::kSanitizerMemory
                                                                      : Finding::kSanitizerCrashed);
  }
}

#ifndef KIYOME_ASAN
TEST_CASE("pool: a job finds nothing of what another one was told: its name, its type, its passwords") {
  clean::JobOptions told;
  told.type = "application/x-told-to-one-job-only";
  told.name = "a name that is told to one job only.zip";
  told.passwords = {"short-mark", "a password that is told to one job only", "third-mark"};
  const Descriptor own = workers::sealed_input("find-own");
  const JobResult twin = hostile().run(own.get(), 8, told, kBounds);  // it would be found if it were there
  REQUIRE(twin.answer);
  CHECK(twin.answer->body.text == "found");
  std::vector<std::string> marks = told.passwords;
  marks.push_back(told.name);
  marks.push_back(told.type);
  for (const std::string& mark : marks) {
    INFO(mark);
    const JobResult result = run(hostile(), "find " + mark);
    REQUIRE(result.answer);
    CHECK(result.answer->body.text == "none");
  }
}

TEST_CASE("pool: every job is counted by how it ended") {
  const meters::Sandbox& counted = meters::sandbox("hostile");
  const auto failed = [&](meters::JobFailure how) {
    return counted.failed[static_cast<std::size_t>(how)].value();
  };
  using meters::JobFailure;
  const auto all = [&] {
    return std::vector<std::uint64_t>{counted.good.value(),        failed(JobFailure::crashed),
                                      failed(JobFailure::timeout), failed(JobFailure::answer),
                                      failed(JobFailure::refused), failed(JobFailure::forbidden)};
  };
  const auto before = all();
  run(hostile(), "good");
  run(hostile(), "crash");
  run(hostile(), "hang", {.wall_ms = 300, .cpu_seconds = 20, .memory_bytes = 256u << 20});
  run(hostile(), "garbage");
  run(hostile(), "refusal");
  const auto after = all();
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(after[i] - before[i] == (i < 5 ? 1 : 0));
}

TEST_CASE("pool: a job that takes too much memory says so") {
  check_failure(run(hostile(), "memory"), Finding::kSanitizerMemory);
  CHECK(serves(hostile()));
}
#endif

TEST_CASE("pool: an input that could still change is not read") {
  const Descriptor file(memfd_create("open", MFD_CLOEXEC));
  REQUIRE(write(file.get(), "good", 4) == 4);
  const JobResult result = hostile().run(file.get(), 4, {}, kBounds);
  check_failure(result, Finding::kSanitizerCrashed);
  CHECK(result.exit_code == clean::kExitInput);
}

TEST_CASE("pool: many threads with good and bad jobs each get their own answer") {
  constexpr int kThreads = 8;
  constexpr int kEach = 25;
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t, &right] {
      const char* const bad[] = {"crash", "garbage", "silent", "exception"};
      for (int i = 0; i < kEach; ++i) {
        const std::string good = "good " + std::to_string(t) + "/" + std::to_string(i);
        if (i % 5 == 4) {
          right += run(hostile(), bad[i / 5 % 4]).failure.has_value();
        } else {
          const JobResult result = run(hostile(), good);
          right += result.answer && result.answer->body.text == good;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == kThreads * kEach);
}

TEST_CASE("pool: more jobs at once than a zygote may have wait for their turn") {
  std::atomic<int> late = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 300; ++t) {
    threads.emplace_back([&late] {
      const JobResult result =
          run(hostile(), "hang", {.wall_ms = 1500, .cpu_seconds = 5, .memory_bytes = 256u << 20});
      late += result.failure == Finding::kSanitizerTimeout || result.unavailable;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(late == 300);
  CHECK(serves(hostile()));
}

TEST_CASE("pool: killing the zygote in the middle of jobs ends each of them, and the pool recovers") {
  for (const bool inner : {false, true}) {
    std::unique_ptr<workers::Pool> pool;
    const pid_t launcher = new_child([&] {
      pool = std::make_unique<workers::Pool>("hostile", confine_test::program("hostile"));
      REQUIRE(pool->wait_ready(10000));
    });
    REQUIRE(launcher > 0);
    const pid_t zygote = confine_test::child_of(launcher);
    std::atomic<int> crashed = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 16; ++t)
      threads.emplace_back([&] { crashed += run(*pool, "hang").failure == Finding::kSanitizerCrashed; });
    std::vector<pid_t> jobs;
    while (jobs.size() < 16) jobs = children_of(zygote);
    const double start = now_ms();
    CHECK(kill(inner ? zygote : launcher, SIGKILL) == 0);
    for (std::thread& thread : threads) thread.join();
    CHECK(now_ms() - start < 3000);
    CHECK(crashed == 16);
    CHECK(serves(*pool));
    CHECK(confine_test::dies(zygote));
    for (const pid_t job : jobs) CHECK(confine_test::dies(job));
  }
}

TEST_CASE("pool: its end is the end of all its processes") {
  std::unique_ptr<workers::Pool> pool;
  const pid_t launcher = new_child([&] {
    pool = std::make_unique<workers::Pool>("hostile", confine_test::program("hostile"));
    REQUIRE(pool->wait_ready(10000));
  });
  const pid_t zygote = confine_test::child_of(launcher);
  CHECK(kill(launcher, 0) == 0);
  pool.reset();
  CHECK(kill(launcher, 0) != 0);  // waited for
  CHECK(confine_test::dies(zygote));
}

TEST_CASE("pool: when the role dies, its sanitizers die with it") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const Descriptor program = confine_test::program("hostile");
  const pid_t role = fork();
  if (role == 0) {  // a role is executed, never forked: see role_that_dies()
    fcntl(program.get(), F_SETFD, 0);
    const std::string file = std::to_string(program.get());
    const std::string report = std::to_string(ends[1]);
    execl("/proc/self/exe", "confine_test", "--role", file.c_str(), report.c_str(), nullptr);
    _exit(1);
  }
  pid_t zygote = -1;
  REQUIRE(read(ends[0], &zygote, sizeof zygote) == sizeof zygote);
  close(ends[0]);
  close(ends[1]);
  waitpid(role, nullptr, 0);
  CHECK(confine_test::dies(zygote));
}

TEST_CASE("pool: a sanitizer that dies at start makes items wait, not be held") {
  workers::Pool pool("stillborn", confine_test::program("stillborn"));
  CHECK_FALSE(pool.wait_ready(300));
  const double start = now_ms();
  const JobResult result = run(pool, "good");
  CHECK(result.unavailable);
  CHECK_FALSE(result.failure);
  CHECK_FALSE(result.answer);
  CHECK(now_ms() - start < 5000);
}

TEST_CASE("pool: a program that is none makes items wait") {
  workers::Pool pool("none", Descriptor(memfd_create("not a program", MFD_CLOEXEC)));
  CHECK(run(pool, "good").unavailable);
}

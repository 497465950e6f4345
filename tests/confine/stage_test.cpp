// Profile office: a stage with files, and nothing to be done on it but to read them and to write in /tmp.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>

#include "proto/base/limits.h"
#include "sanitizers/selftest/acts.h"
#include "service/workers/pool.h"
#include "service/workers/selftest.h"
#include "tests/confine/programs.h"

using namespace kiyome;
namespace acts = sanitizer::selftest;

namespace {

constexpr workers::Bounds kBounds{.wall_ms = 10000, .cpu_seconds = 2, .memory_bytes = 512u << 20};

workers::Pool& staged() {
  static workers::Pool pool("staged", confine_test::program("staged"));
  REQUIRE(pool.wait_ready(20000));
  return pool;
}

workers::JobResult run(const std::string& word) {
  const Descriptor file = workers::sealed_input(word);
  workers::JobResult result = staged().run(file.get(), word.size(), {}, kBounds);
  for (int again = 0; again < 100 && result.unavailable; ++again)  // a zygote has grown old
    result = staged().run(file.get(), word.size(), {}, kBounds);
  return result;
}

std::string said(const std::string& word) {
  const workers::JobResult result = run(word);
  return result.answer ? result.answer->body.text : "died";
}

}  // namespace

TEST_CASE("stage: an engine can read what is shown, write in /tmp, and run threads") {
  CHECK(said("read the stage") == "yes");
  CHECK(said("write scratch") == "yes");
  CHECK(said("engine's folder") == "yes");
  CHECK(said("thread") == "yes");
}

TEST_CASE("stage: nothing else is there, and nothing of it can be written") {
  for (const char* word : {"write the stage", "read own files", "list the root", "/etc/passwd",
                           "/proc/self/maps", "/dev/null", "/home", "/root", "/var/lib", "/usr/bin"}) {
    INFO(word);
    CHECK(said(word) == "no");
  }
}

TEST_CASE("stage: a job finds nothing of the job before it") {
  CHECK(said("write scratch") == "yes");
  CHECK(said("find scratch") == "no");
}

TEST_CASE("stage: a job cannot fill the machine's memory by files") { CHECK(said("fill scratch") != "yes"); }

TEST_CASE("stage: every act that is forbidden there is stopped") {
  const auto acts = acts::acts_on_stage();
  const auto results = workers::run_selftest("selftest-office", confine_test::program("selftest-office"));
  CHECK(results.size() == acts.size());
  CHECK(results.size() >= 100);
  for (const auto& result : results) {
    INFO(result.name, ": ", result.detail);
    CHECK(result.stopped);
  }
}

TEST_CASE("stage: what the acts look for would be found outside") {
  const auto acts = acts::acts_on_stage();
  const auto outcome = [&](const std::string& name) {
    return std::find_if(acts.begin(), acts.end(), [&](const acts::Act& act) { return act.name == name; })
        ->attempt({"input", 1});
  };
  CHECK(outcome("look out of the stage").achieved);
  CHECK(access(acts::kShown, R_OK) == 0);
  const char* const left = "/tmp/selftest-left";
  unlink(left);
  CHECK_FALSE(outcome("leave a file for another job").achieved);
  CHECK(outcome("find another job's file").achieved);
  unlink(left);
}

TEST_CASE("stage: an old zygote is followed by a new one, and no job is lost") {
  for (int n = 0; n < 90; ++n) {
    const workers::JobResult result = run("thread");
    REQUIRE(result.answer);
    CHECK(result.answer->body.text == "yes");
  }
}

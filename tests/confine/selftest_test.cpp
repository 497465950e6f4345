// Every forbidden act is stopped inside the sandbox, and the harmless ones would work outside.
#include "service/workers/selftest.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "sanitizers/selftest/acts.h"
#include "service/base/meters.h"
#include "tests/confine/programs.h"

using namespace kiyome;
namespace acts = sanitizer::selftest;

namespace {

constexpr int kAchieved = 42;  // the acts that execute something exit with it, too
constexpr int kNoSuchCall = 43;

// Root of the machine, not of a container that only calls it so.
bool is_root() {
  return geteuid() == 0 && confine_test::slurp("/proc/self/uid_map").find("4294967295") != std::string::npos;
}

// Tries an act in a process of its own, unconfined. Inside `folder`, so that what it leaves is found again.
int try_unconfined(const acts::Act& act, const std::string& folder) {
  const pid_t other = fork();
  if (other == 0) {
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);  // some machines let only parents look
    pause();
    _exit(0);
  }
  const pid_t pid = fork();
  if (pid == 0) {
    if (chdir(folder.c_str()) != 0) _exit(1);
    const acts::Outcome outcome = act.attempt({"input", other});
    _exit(outcome.achieved ? kAchieved : outcome.detail == "ENOSYS" ? kNoSuchCall : 0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  kill(other, SIGKILL);
  waitpid(other, nullptr, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

const acts::Act& named(const std::vector<acts::Act>& all, const std::string& name) {
  return *std::find_if(all.begin(), all.end(), [&](const acts::Act& act) { return act.name == name; });
}

}  // namespace

TEST_CASE("selftest: every forbidden act is stopped inside the sandbox") {
  const auto results = workers::run_selftest("selftest", confine_test::program("selftest"));
  CHECK(results.size() == acts::all_acts().size());
  CHECK(results.size() >= 100);
  for (const auto& result : results) {
    INFO(result.name, ": ", result.detail);
    CHECK(result.stopped);
  }
}

TEST_CASE("selftest: what is foretold to be killed is killed by the filter, the stack by its guard") {
  const auto forbidden = [] {
    return meters::sandbox("selftest")
        .failed[static_cast<std::size_t>(meters::JobFailure::forbidden)]
        .value();
  };
  const auto counted = forbidden();
  const auto results = workers::run_selftest("selftest", confine_test::program("selftest"));
  const auto all = acts::all_acts();
  CHECK(forbidden() - counted ==  // each of them, and nothing else, rings the alarm
        static_cast<std::uint64_t>(std::count_if(results.begin(), results.end(), [](const auto& result) {
          return result.detail == "killed by SIGSYS";
        })));
  for (std::size_t i = 0; i < std::min(results.size(), all.size()); ++i) {
    if (all[i].stop != acts::Stop::killed) continue;
    INFO(results[i].name);
    const std::string expected =
        results[i].name == "overflow the stack" ? "killed by SIGSEGV" : "killed by SIGSYS";
    CHECK(results[i].detail == expected);
  }
}

TEST_CASE("selftest: the same acts work outside the sandbox") {
  char folder[] = "/tmp/kiyome-confine-XXXXXX";
  REQUIRE(mkdtemp(folder) != nullptr);
  setenv("SELFTEST", "a variable to be found", 1);
  for (const acts::Act& act : acts::all_acts()) {
    if (act.twin == acts::Twin::harmful) continue;
    if (act.twin == acts::Twin::works_as_root && !is_root()) continue;
#ifdef __SANITIZE_THREAD__  // which lets no thread start after a fork
    if (std::string(act.name) == "start a thread") continue;
#endif
    INFO(std::string(act.name));
    const int end = try_unconfined(act, folder);
    CHECK((end == kAchieved || end == kNoSuchCall));
  }
  std::filesystem::remove_all(folder);
}

#ifndef KIYOME_ASAN  // which never gives freed memory out at once
TEST_CASE("selftest: a mark left in memory would be found by the same process") {
  const auto all = acts::all_acts();
  const pid_t pid = fork();
  if (pid == 0) {
    named(all, "leave a mark in memory").attempt({"input", 1});
    _exit(named(all, "find another job's mark").attempt({"input", 1}).achieved ? kAchieved : 0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == kAchieved);
}
#endif

TEST_CASE("selftest: altering an input that is not private would be seen") {
  const auto all = acts::all_acts();
  char* const page = static_cast<char*>(mmap(nullptr, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  named(all, "alter the original").attempt({{page, 4096}, 1});
  CHECK(page[0] == '!');
  munmap(page, 4096);
}

TEST_CASE("selftest: names are not repeated") {
  std::set<std::string> names;
  for (const acts::Act& act : acts::all_acts()) CHECK(names.insert(act.name).second);
}

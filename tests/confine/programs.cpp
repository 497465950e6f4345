#define DOCTEST_CONFIG_IMPLEMENT
#include "tests/confine/programs.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string_view>
#include <thread>

#include "service/base/log.h"
#include "service/workers/pool.h"

namespace kiyome::confine_test {
namespace {

std::map<std::string, Descriptor>& opened() {
  static std::map<std::string, Descriptor> programs;
  return programs;
}

bool become_nobody() {
  return setgroups(0, nullptr) == 0 && setresgid(65534, 65534, 65534) == 0 &&
         setresuid(65534, 65534, 65534) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0;
}

// Another main(): has a pool with a job in hand, writes the number of its zygote to `report`, and dies.
int role_that_dies(int file, int report) {
  log::start("test", "error");
  workers::Pool pool("hostile", Descriptor(file));
  if (!pool.wait_ready(20000)) return 1;
  const pid_t zygote = child_of(child_of(getpid()));
  std::thread([&pool] {
    const Descriptor input = workers::sealed_input("hang");
    pool.run(input.get(), 4, {}, {.wall_ms = 20000, .cpu_seconds = 20, .memory_bytes = 256u << 20});
  }).detach();
  child_of(zygote);
  if (write(report, &zygote, sizeof zygote) != sizeof zygote) return 1;
  kill(getpid(), SIGKILL);
  return 1;
}

}  // namespace

pid_t child_of(pid_t parent) {
  for (int i = 0; i < 1000; ++i) {
    const auto children = children_of(parent);
    if (!children.empty()) return children[0];
    usleep(10000);
  }
  return -1;
}

Descriptor program(const std::string& name) {
  return Descriptor(fcntl(opened().at(name).get(), F_DUPFD_CLOEXEC, 0));
}

std::string slurp(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

bool dies(pid_t pid) {
  for (int i = 0; i < 100; ++i) {
    const std::string stat = slurp("/proc/" + std::to_string(pid) + "/stat");
    const std::size_t after_name = stat.rfind(')');
    if (after_name == std::string::npos || stat.substr(after_name).starts_with(") Z")) return true;
    usleep(10000);
  }
  return false;
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> out;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string stat = slurp(entry.path() / "stat");
    const std::size_t after_name = stat.rfind(')');
    if (after_name == std::string::npos || after_name + 4 > stat.size()) continue;
    if (std::stoi(stat.substr(after_name + 4)) == parent) out.push_back(std::stoi(name));  // ") S PPID"
  }
  return out;
}

}  // namespace kiyome::confine_test

int main(int argc, char** argv) {
  using namespace kiyome;
  if (argc == 4 && std::string_view(argv[1]) == "--role")
    return confine_test::role_that_dies(std::stoi(argv[2]), std::stoi(argv[3]));
  for (const char* name :
       {"hostile", "stillborn", "staged", "mail", "office", "selftest", "selftest-office"}) {
    Descriptor file(open((std::string(KIYOME_SANITIZERS "/") + name).c_str(), O_PATH | O_CLOEXEC));
    if (!file) return 2;
    confine_test::opened().emplace(name, std::move(file));
  }
  if (argc > 1 && std::string_view(argv[1]) == "--as-nobody") {
    if (geteuid() != 0) return 77;
    if (!confine_test::become_nobody()) return 2;
  }
  log::start("test", "error");
  return doctest::Context(argc, argv).run();
}

// The sandbox as the kernel tells it from outside: what each rank of a sanitizer's processes has left. The
// filter hides the walls behind it from the acts of the self test; here they are seen. Needs root, who alone
// may look.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <sstream>
#include <thread>

#include "service/workers/pool.h"
#include "tests/confine/programs.h"

using namespace kiyome;
using confine_test::children_of;
using confine_test::slurp;

namespace {

std::string folder(pid_t pid) { return "/proc/" + std::to_string(pid); }

// "CapEff:\t0000" of /proc/PID/status.
std::string status(pid_t pid, const std::string& key) {
  std::istringstream lines(slurp(folder(pid) + "/status"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(key + ":\t")) return line.substr(key.size() + 2);
  }
  return "?";
}

std::set<std::string> descriptors(pid_t pid) {
  std::set<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder(pid) + "/fd"))
    out.insert(entry.path().filename());
  return out;
}

std::string limit(pid_t pid, const std::string& name) {
  std::istringstream lines(slurp(folder(pid) + "/limits"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name)) return line.substr(26, line.find(' ', 26) - 26);
  }
  return "?";
}

void check_walls(pid_t pid) {
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
    CHECK(status(pid, set) == "0000000000000000");
  CHECK(status(pid, "NoNewPrivs") == "1");
  CHECK(status(pid, "Seccomp") == "2");
  CHECK(status(pid, "Threads") == "1");
  CHECK(status(pid, "Uid") == "65534\t65534\t65534\t65534");
  CHECK(status(pid, "Gid") == "65534\t65534\t65534\t65534");
  CHECK(status(pid, "Groups").find_first_not_of(' ') == std::string::npos);
  for (const char* kind : {"user", "mnt", "net", "ipc", "uts", "cgroup"}) {
    INFO(kind);
    CHECK(std::filesystem::read_symlink(folder(pid) + "/ns/" + kind) !=
          std::filesystem::read_symlink(std::string("/proc/self/ns/") + kind));
  }
  CHECK(std::filesystem::is_empty(folder(pid) + "/root/"));
  const std::string mounts = slurp(folder(pid) + "/mounts");
  CHECK(mounts.find('\n') == mounts.size() - 1);  // one mount
  CHECK(mounts.find(" / tmpfs ro,nosuid,nodev,noexec") != std::string::npos);
  CHECK(slurp(folder(pid) + "/environ").empty());
  CHECK(limit(pid, "Max core file size") == "0");
  CHECK(limit(pid, "Max file size") == "0");
  CHECK(limit(pid, "Max locked memory") == "0");
  struct stat owner {};
  REQUIRE(stat((folder(pid) + "/mem").c_str(), &owner) == 0);
  CHECK(owner.st_uid == 0);  // not dumpable: its files in /proc are not its own
}

// No memory that can be executed can be written.
void check_maps(pid_t pid) {
  std::istringstream lines(slurp(folder(pid) + "/maps"));
  for (std::string line; std::getline(lines, line);) CHECK(line.find("wx") == std::string::npos);
}

}  // namespace

TEST_CASE("outside view: launcher, zygote and job have nothing left but what they need") {
  if (geteuid() != 0 || slurp("/proc/self/uid_map").find("4294967295") == std::string::npos) return;
  workers::Pool pool("hostile", confine_test::program("hostile"));
  REQUIRE(pool.wait_ready(10000));
  pid_t launcher = -1;
  for (const pid_t pid : children_of(getpid())) {
    if (slurp(folder(pid) + "/cmdline").starts_with("kiyome-sanitizer-hostile")) launcher = pid;
  }
  REQUIRE(launcher > 0);
  const pid_t zygote = children_of(launcher).at(0);
  std::thread hanging([&pool] {
    const Descriptor input = workers::sealed_input("hang");
    pool.run(input.get(), 4, {}, {.wall_ms = 5000, .cpu_seconds = 77, .memory_bytes = 99u << 20});
  });
  while (children_of(zygote).empty()) usleep(1000);
  const pid_t job = children_of(zygote).at(0);
  for (int i = 0; i < 2000 && status(job, "Seccomp_filters") != "2"; ++i)
    usleep(1000);  // it takes its own last

  for (const pid_t pid : {launcher, zygote, job}) {
    INFO((pid == launcher ? "launcher" : pid == zygote ? "zygote" : "job"));
    check_walls(pid);
    check_maps(pid);
  }
  CHECK(status(zygote, "NSpid").ends_with("\t1"));
  CHECK(std::filesystem::read_symlink(folder(zygote) + "/ns/pid") !=
        std::filesystem::read_symlink("/proc/self/ns/pid"));
  CHECK(slurp(folder(zygote) + "/net/dev").find("lo:") != std::string::npos);
  CHECK(slurp(folder(zygote) + "/net/route").find("00000000") == std::string::npos);

#ifdef KIYOME_ASAN
  const std::set<std::string> left_to_job{"2", "3"};  // its reports go to standard error
#else
  const std::set<std::string> left_to_job{"3"};
  CHECK(limit(job, "Max address space") == std::to_string(99u << 20));
#endif
  CHECK(descriptors(launcher).empty());
  CHECK(descriptors(zygote) == std::set<std::string>{"2", "3"});
  CHECK(descriptors(job) == left_to_job);
  CHECK(status(launcher, "Seccomp_filters") == "1");
  CHECK(status(zygote, "Seccomp_filters") == "1");
  CHECK(status(job, "Seccomp_filters") == "2");
  CHECK(limit(job, "Max open files") == "0");
  CHECK(limit(job, "Max processes") == "0");
  CHECK(limit(job, "Max cpu time") == "77");
  hanging.join();
}

#ifndef KIYOME_ASAN
// A fork copies each mapping and each page that is the process's own: a fifth of a small mail's processor
// time once hung on 100 mappings of libraries and 1 MB.
TEST_CASE("outside view: the zygote that forks for every mail is small") {
  if (geteuid() != 0 || slurp("/proc/self/uid_map").find("4294967295") == std::string::npos) return;
  workers::Pool pool("mail", confine_test::program("mail"));
  REQUIRE(pool.wait_ready(10000));
  pid_t launcher = -1;
  for (const pid_t pid : children_of(getpid())) {
    if (slurp(folder(pid) + "/cmdline").starts_with("kiyome-sanitizer-mail")) launcher = pid;
  }
  REQUIRE(launcher > 0);
  const pid_t zygote = children_of(launcher).at(0);
  check_maps(zygote);
  std::istringstream lines(slurp(folder(zygote) + "/smaps"));
  int mappings = 0;
  std::int64_t own_small_kb = 0;
  for (std::string line; std::getline(lines, line);) {
    CHECK(line.find(".so") == std::string::npos);
    mappings += line.find(" kB") == std::string::npos && !line.starts_with("VmFlags") &&
                !line.starts_with("THPeligible") && !line.starts_with("ProtectionKey");
    if (line.starts_with("Anonymous:")) own_small_kb += std::stol(line.substr(10));
    if (line.starts_with("AnonHugePages:")) own_small_kb -= std::stol(line.substr(14));
  }
  CHECK(mappings > 4);
  CHECK(mappings <= 20);
  CHECK(own_small_kb < 7000);  // where memory is too torn for large pages; else a few hundred
}
#endif

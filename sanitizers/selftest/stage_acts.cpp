// Profile office: the acts again, where an engine like LibreOffice has files and threads of its own, and some
// more against the stage and the scratch folder.
#include <fcntl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "proto/base/limits.h"
#include "sanitizers/selftest/acts.h"

namespace kiyome::sanitizer::selftest {
namespace {

// What an engine may do within its own process or its own /tmp, so that it is no way out.
constexpr std::string_view kHarmless[] = {"start a thread",
                                          "block signals",
                                          "ask for the own number",
                                          "ask for the machine's load",
                                          "ask for the working folder",
                                          "change a descriptor"};

constexpr const char* kLeft = "/tmp/selftest-left";

Outcome look_out_of_the_stage() {
  for (const char* path : {"/", "/etc", "/etc/shadow", "/proc/self/maps", "/proc/1/root", "/dev", "/home",
                           "/root", "/var", "/usr/bin", "/sys", "/run", "/tmp/..", "/usr/lib/locale/.."})
    if (open(path, O_RDONLY) >= 0) return {true, path};
  return {false, "nothing there"};
}

Outcome write_on_the_stage() {
  for (const int flags : {O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC})
    if (open(kShown, flags) >= 0) return {true, "opened"};
  for (const char* path : {"/selftest", "/usr/lib/selftest", "/usr/lib/locale/C.utf8/selftest"})
    if (open(path, O_CREAT | O_RDWR, 0600) >= 0) return {true, path};
  return {false, "not to be written"};
}

// A file that is there before this job has made it was another job's.
Outcome find_file_of_another_job() {
  if (open(kLeft, O_RDONLY) >= 0) return {true, "another job's file"};
  return open(kLeft, O_CREAT | O_EXCL | O_RDWR, 0600) >= 0 ? Outcome{false, "nothing there"}
                                                           : Outcome{true, "no scratch folder to look in"};
}

Outcome make_endless_file() {
  struct statfs room {};
  if (statfs("/tmp", &room) != 0 || room.f_blocks == 0 || room.f_files == 0)
    return {true, "files without bound"};
  const int file = open("/tmp/selftest-endless", O_CREAT | O_RDWR, 0600);
  return of_call(pwrite(file, "x", 1, static_cast<off_t>(limits::kOfficeFile)), "larger than the bound");
}

Outcome execute_own_file() {
  const int file = open("/tmp/selftest-program", O_CREAT | O_RDWR, 0700);
  if (file < 0 || write(file, "#!/bin/sh\n", 10) != 10) return {false, "no file"};
  char* const arguments[] = {const_cast<char*>("x"), nullptr};
  return of_call(execve("/tmp/selftest-program", arguments, nullptr), "executed");
}

constexpr Act kActs[] = {
    {"look out of the stage", Stop::either, Twin::works,
     [](const Surroundings&) { return look_out_of_the_stage(); }},
    {"write on the stage", Stop::either, Twin::harmful,
     [](const Surroundings&) { return write_on_the_stage(); }},
    {"read what was there for the start only", Stop::either, Twin::harmful,
     [](const Surroundings&) { return of_call(open(kForTheStart, O_RDONLY), "read"); }},
    {"leave a file for another job", Stop::either, Twin::harmful,
     [](const Surroundings&) { return find_file_of_another_job(); }},
    {"find another job's file", Stop::either, Twin::harmful,
     [](const Surroundings&) { return find_file_of_another_job(); }},
    {"make a file without end", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return make_endless_file(); }},
    {"execute a file that it wrote", Stop::killed, Twin::harmful,
     [](const Surroundings&) { return execute_own_file(); }},
};

}  // namespace

std::vector<Act> acts_on_stage() {
  std::vector<Act> out = all_acts();
  std::erase_if(out, [](const Act& act) {
    return std::find(std::begin(kHarmless), std::end(kHarmless), act.name) != std::end(kHarmless);
  });
  for (Act& act : out)  // a call that an engine needs is refused where it is misused
    if (act.stop == Stop::killed || act.stop == Stop::refused) act.stop = Stop::either;
  out.insert(out.end(), std::begin(kActs), std::end(kActs));
  return out;
}

}  // namespace kiyome::sanitizer::selftest

// What the tests of confinement share: the programs, opened before rights are dropped, and a look at
// processes.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "service/base/descriptor.h"

namespace kiyome::confine_test {

// An O_PATH descriptor of a sanitizer program: "hostile", "stillborn", "staged", "mail", "office",
// "selftest", "selftest-office".
Descriptor program(const std::string& name);

// Direct children of `parent`, from /proc.
std::vector<pid_t> children_of(pid_t parent);

// The only child of `parent`, once it is there.
pid_t child_of(pid_t parent);

// Whether the process is gone, or dead and only not yet collected by its adoptive parent, within a second.
bool dies(pid_t pid);

// The octets of a file in /proc, or empty.
std::string slurp(const std::string& path);

}  // namespace kiyome::confine_test

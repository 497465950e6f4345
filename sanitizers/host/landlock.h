// Landlock, the kernel's own "no files, no ports, no signals outside": a second wall behind the filter.
#pragma once

#include <string>
#include <vector>

namespace kiyome::sanitizer {

// Forbids this process and its children every right that the kernel's Landlock knows. true when done or when
// the kernel has no Landlock; false when it has and refuses.
bool deny_by_landlock();

// Only what it knows beside files: ports, signals and abstract sockets outside. The same answers.
bool deny_network_by_landlock();

// Everything but: reading below `readable` (what is not there is left out), and files and folders below
// `scratch`. Nothing is executed anywhere. The same answers.
bool allow_by_landlock(const std::vector<std::string>& readable, const char* scratch);

}  // namespace kiyome::sanitizer

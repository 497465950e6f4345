// Landlock, the kernel's own "no files, no ports, no signals outside": a second wall behind the filter.
#pragma once

namespace kiyome::sanitizer {

// Forbids this process and its children every right that the kernel's Landlock knows. true when done or when
// the kernel has no Landlock; false when it has and refuses.
bool deny_by_landlock();

}  // namespace kiyome::sanitizer

// libjpeg and libpng report errors by longjmp(), which skips destructors. Each of their calls is made in a
// step of its own that holds nothing to destroy; the jump ends there.
#pragma once

#include <csetjmp>

namespace kiyome::sanitizer::image {

// false when the step jumped out. `step` may hold references and plain values only.
template <class Step>
[[gnu::noinline]] bool guarded(std::jmp_buf& jump, const Step& step) {
  if (setjmp(jump) != 0) return false;
  step();
  return true;
}

}  // namespace kiyome::sanitizer::image

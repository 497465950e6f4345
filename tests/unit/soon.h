// Whether something comes true within a while, for tests of what other threads do.
#pragma once

#include <chrono>
#include <thread>

#include "service/base/clock.h"

namespace kiyome {

template <class Condition>
bool soon(Condition&& condition, std::chrono::milliseconds patience = std::chrono::seconds(10)) {
  const auto deadline = Steady::now() + patience;
  while (!condition()) {
    if (Steady::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace kiyome

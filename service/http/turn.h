// Whether a connection may be ended to make room for another one: while it waits for a request, or while it
// reads one that comes more slowly than anybody needs. Set by its own thread; ended by the one that accepts.
#pragma once

#include <atomic>

#include "service/base/clock.h"

namespace kiyome::http {

class Turn {
 public:
  // ---- its own thread; false: it was ended, and nothing of it may be used any more ----
  void idle() { state_ = State::idle; }
  // Waits for octets that are slow from `slow_from` on.
  bool reading(bool was_idle, Steady::time_point slow_from) {
    slow_from_ = slow_from.time_since_epoch().count();
    State idle = State::idle;
    if (was_idle) return state_.compare_exchange_strong(idle, State::reading);
    state_ = State::reading;
    return true;
  }
  bool busy() {
    State reading = State::reading;
    return state_.compare_exchange_strong(reading, State::busy);
  }
  // ---- the one that accepts; true: it is ended ----
  bool end_if_idle() {
    State idle = State::idle;
    return state_.compare_exchange_strong(idle, State::ended);
  }
  bool end_if_slow(Steady::time_point now) {
    State reading = State::reading;
    return now.time_since_epoch().count() >= slow_from_ &&
           state_.compare_exchange_strong(reading, State::ended);
  }

 private:
  enum class State : int { idle, reading, busy, ended };
  std::atomic<State> state_{State::idle};
  std::atomic<Steady::rep> slow_from_{0};
};

}  // namespace kiyome::http

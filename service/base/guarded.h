// Guarded<T>: shared state that can only be reached under its lock.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace kiyome {

template <class T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}
  // Made in its place, of what T's constructor takes: for what cannot be moved.
  template <class... Given>
  explicit Guarded(std::in_place_t, Given&&... given) : value_(std::forward<Given>(given)...) {}

  // Calls use(value) under the lock and gives its result.
  template <class F>
  decltype(auto) with(F&& use) {
    std::lock_guard lock(mutex_);
    return std::forward<F>(use)(value_);
  }

  // Waits until ready(value) or the deadline passes; then use(value) under the same lock. `ready` must be
  // false-able: use() has to look again when the deadline may have passed.
  template <class Ready, class F>
  decltype(auto) wait(Ready&& ready, F&& use) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ready(value_); });
    return std::forward<F>(use)(value_);
  }
  template <class Clock, class Duration, class Ready, class F>
  decltype(auto) wait_until(std::chrono::time_point<Clock, Duration> deadline, Ready&& ready, F&& use) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [&] { return ready(value_); });
    return std::forward<F>(use)(value_);
  }

  void notify_one() { changed_.notify_one(); }
  void notify_all() { changed_.notify_all(); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  T value_{};
};

}  // namespace kiyome

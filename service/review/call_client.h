// The console's end of run/review.sock: a few connections to the cleaner, each with one call at a time.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "service/review/call.h"

namespace kiyome::review {

// Thread-safe. limits::kReviewCalls calls at once; others wait for their turn.
class CallClient {
 public:
  // `patience`: for a turn, and then for an answer.
  CallClient(std::string socket, std::chrono::milliseconds patience);
  ~CallClient();
  // Throws http::Problem: what the cleaner refused with, or 503 `unavailable` when it is not there, or does
  // not answer. What only reads is asked once more when a connection turns out to be dead; what changes
  // something is never said twice, for it may have been done.
  Reply ask(const Call& call, bool reads);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::review

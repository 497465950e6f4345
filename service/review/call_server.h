// The cleaner's end of run/review.sock: takes the console's calls and answers them on threads of its own.
// Trusts the console only to say who asks.
#pragma once

#include <functional>
#include <memory>

#include "service/base/descriptor.h"
#include "service/review/call.h"

namespace kiyome::review {

// Answers limits::kReviewCalls calls at once at most; further connections wait for their turn. Thread-safe.
class CallServer {
 public:
  // On several threads at once. May throw http::Problem, and TemporaryFailure, which becomes 503; anything
  // else becomes 500 and is logged.
  using Handler = std::function<Reply(const Call&)>;
  CallServer(Descriptor listening, Handler handler);
  // Takes no more calls; those in hand are finished and answered.
  ~CallServer();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::review

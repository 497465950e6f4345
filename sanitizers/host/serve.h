// What every sanitizer program shares: start, warm up, confine, fork one child per job, answer in the clean
// language. Trusts nothing but the kernel and the socket it was started with (descriptor 3, SOCK_SEQPACKET).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "proto/clean/job.h"
#include "proto/clean/types.h"
#include "sanitizers/host/policy.h"
#include "sanitizers/host/stage.h"

namespace kiyome::sanitizer {

// Where a child says its answer. Each put() encodes one message; flush() writes what is collected to the
// answer pipe.
class Answer {
 public:
  explicit Answer(int pipe) : pipe_(pipe) {}
  void put(const clean::Message& message);
  void flush();  // ends the process quietly if the pipe is gone

 private:
  int pipe_;
  std::string pending_;
};

// An engine that keeps its own main loop and needs files: see stage.h. `start` brings it up, warm, and then
// calls `serve`, which does not return.
struct Engine {
  Stage stage;
  std::function<void(const std::function<void()>& serve)> start;
};

struct Sanitizer {
  const char* kind;               // "mail"
  std::function<void()> warm_up;  // before confinement: load the magic database, touch tables
  std::function<void(std::string_view input, const clean::JobOptions& options, Answer& answer)>
      run;  // in the child
  Profile profile = Profile::plain;
  const Engine* engine = nullptr;  // with Profile::office
  std::uint32_t jobs_max = 0;      // so many jobs, then the zygote ends when it is idle; 0 = for ever
};

// main() of a sanitizer. Never returns normally before its socket closes; a message on standard error and
// exit 70 when confinement is not to be had.
int serve(const Sanitizer& sanitizer);

}  // namespace kiyome::sanitizer

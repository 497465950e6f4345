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

struct Sanitizer {
  const char* kind;               // "mail"
  std::function<void()> warm_up;  // before confinement: load magic database, tables, iconv converters
  std::function<void(std::string_view input, const clean::JobOptions& options, Answer& answer)>
      run;  // in the child
  Profile profile = Profile::plain;
};

// main() of a sanitizer. Never returns normally before its socket closes; a message on standard error and
// exit 70 when confinement is not to be had.
int serve(const Sanitizer& sanitizer);

}  // namespace kiyome::sanitizer

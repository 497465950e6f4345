// One job: an office document → an intermediate PDF, which goes into the next sandbox.
#pragma once

#include <string_view>

#include "sanitizers/host/serve.h"

namespace kiyome::sanitizer::office {

// Says Document{0 pages}, Converted …, End; or Refusal, End.
void run(std::string_view input, const clean::JobOptions& options, Answer& answer);

}  // namespace kiyome::sanitizer::office

// The whole of the mail sanitizer: hostile octets of one message → what is said about it in the clean
// language.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/job.h"
#include "proto/clean/types.h"

namespace kiyome::sanitizer::mail {

// Loads what the children need, before confinement.
void warm_up();

struct Reading {
  std::vector<clean::Message> messages;  // the answer up to and with End; over a limit a Refusal, then End
  std::vector<std::string>
      leaf_types;  // of the leaves as they stand in the octets, for a second opinion; empty when refused
};

// Never fails for hostile content.
Reading read_mail(std::string_view octets, const clean::JobOptions& options);

}  // namespace kiyome::sanitizer::mail

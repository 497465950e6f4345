// The mail by which a sealed original reaches its recipient on the closed side: the gate's own words, proved
// by its own verifier, and the ZIP as it is.
#pragma once

#include <cstdint>
#include <string>

#include "proto/transfer/bundle.h"

namespace kiyome::gate {

struct SealedHead {
  std::string hostname, from;
};

// Ready for the outbox, from the empty reverse-path; its identity is the original's. `sealed` has been taken:
// its ZIP was proved. Throws TemporaryFailure when the words cannot be proved (an address of the
// configuration that is none).
transfer::Bundle sealed_mail(const transfer::SealedOriginal& sealed, const SealedHead& head,
                             std::int64_t now_ms);

}  // namespace kiyome::gate

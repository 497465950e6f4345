// What the pieces of the verifier say to each other: the first place that is not in the grammar, or nothing.
#pragma once

#include <cstddef>
#include <optional>

namespace kiyome::gate {

// `offset` counts octets of what the piece was given; `reason` is constant text of ours.
struct Fault {
  std::size_t offset = 0;
  const char* reason = "";
};
using Checked = std::optional<Fault>;

inline Checked fault(std::size_t offset, const char* reason) { return Fault{offset, reason}; }

}  // namespace kiyome::gate

// Clean PDF, PNG, ZIP and JPEG as compose/PDF.md lays them down, for the verifier's own use: what they may
// cost together, and where in each other they may stand. Trusts nothing.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/base/limits.h"
#include "service/gate/verify_fault.h"

namespace kiyome::gate {

// One file from outside with all that is in it.
struct Scope {
  std::uint64_t octets_left = limits::kCleanInflated;  // that streams may still inflate to
  bool within_zip = false;                             // where no further ZIP may stand

  bool spend(std::uint64_t octets) {
    if (octets > octets_left) return false;
    octets_left -= octets;
    return true;
  }
};

Checked check_pdf(std::string_view octets, Scope& scope);
Checked check_png(std::string_view octets, Scope& scope);
Checked check_zip(std::string_view octets, Scope& scope);
Checked check_mail(std::string_view octets, Scope& scope);

// Baseline JPEG of exactly this size. `components` is 1 or 3.
Checked check_jpeg(std::string_view octets, std::uint32_t width, std::uint32_t height, unsigned components);

// Offsets count from `by` on.
inline Checked shifted(Checked bad, std::size_t by) {
  if (bad) bad->offset += by;
  return bad;
}

}  // namespace kiyome::gate

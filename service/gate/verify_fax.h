// A CCITT Group 4 image (ITU-T T.6) as compose/PDF.md allows it. Trusts nothing. Linear; keeps two rows.
#pragma once

#include <cstdint>
#include <string_view>

#include "service/gate/verify_fault.h"

namespace kiyome::gate {

// Proves that `octets` are the only encoding that T.6 has for some bitmap of exactly this size: each code is
// the one that its coding procedure prescribes there, the end-of-block follows the last row, then zeros fill
// the last octet. So nothing but the pixels can be in it.
Checked check_group_4(std::string_view octets, std::uint32_t width, std::uint32_t height);

}  // namespace kiyome::gate

// What was found in a file, as both sides' pages show it.
#pragma once

#include <cstdint>
#include <vector>

#include "service/http/json_text.h"

namespace kiyome::portal {

// "findings": […], each as schemas/Finding. Codes that this version does not know came from a newer one, and
// are left out.
void write_findings(http::JsonText& out, const std::vector<std::uint16_t>& findings);

}  // namespace kiyome::portal

// Reads [[tenant]].
#pragma once

#include "service/base/config.h"
#include "service/base/config_section.h"

namespace kiyome::config_reading {

// After [policy] and [retention]: keys that a tenant leaves out are as there.
void read_tenants(Mistakes& mistakes, Section& top, Config& config);

}  // namespace kiyome::config_reading

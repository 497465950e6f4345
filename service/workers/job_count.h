// How jobs ended, counted for service/sight.
#pragma once

#include "service/base/meters.h"
#include "service/workers/pool.h"

namespace kiyome::workers {

void count(const JobEnd& result, meters::Sandbox& into);

}  // namespace kiyome::workers

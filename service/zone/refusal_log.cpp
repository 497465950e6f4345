#include "service/zone/refusal_log.h"

#include "proto/base/limits.h"
#include "service/base/log.h"

namespace kiyome::zone {

void RefusalLog::note(Steady::time_point now, std::string_view event, const std::string& address,
                      const std::string& why) {
  if (now - minute_ >= std::chrono::minutes(1)) {
    if (untold_ > 0)
      log::warning("zone peers refused, or not reached, not told one by one",
                   {{"count", static_cast<std::int64_t>(untold_)}});
    minute_ = now;
    told_ = untold_ = 0;
    last_.clear();
  }
  const std::string said = std::string(event) + address + why;
  if (told_ >= limits::kZoneToldMinute || said == last_) {
    ++untold_;
    return;
  }
  ++told_;
  last_ = said;
  log::warning(event, {{"address", std::string_view(address)}, {"why", std::string_view(why)}});
}

}  // namespace kiyome::zone

// Who was refused, or not reached, in the log: some each minute, the same in a row once; then only how many
// more there were.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "service/base/clock.h"

namespace kiyome::zone {

// Owned by one thread.
class RefusalLog {
 public:
  void note(Steady::time_point now, std::string_view event, const std::string& address,
            const std::string& why);

 private:
  Steady::time_point minute_{};
  std::uint64_t told_ = 0, untold_ = 0;
  std::string last_;
};

}  // namespace kiyome::zone

// Asks the roles of this host how they fare: all at once, within limits::kSightWaitMs, at most once in
// limits::kSightFreshMs however many ask. A role that does not answer in time, or not in the form, is down.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "service/base/clock.h"
#include "service/base/guarded.h"
#include "service/sight/exposition.h"

namespace kiyome::sight {

struct RoleSeen {
  std::string role;
  bool up = false;
  double seconds = 0;  // that its answer took
  Told told;
  bool ready() const;
};
using Seen = std::vector<RoleSeen>;

// Thread-safe.
class Asking {
 public:
  // Each role's socket is FOLDER/ROLE.sight.sock.
  Asking(std::string folder, std::vector<std::string> roles)
      : folder_(std::move(folder)), roles_(std::move(roles)) {}
  // In the order of the roles. Who comes while the roles are asked waits, and gets the same.
  std::shared_ptr<const Seen> ask();

 private:
  Seen ask_now() const;
  struct Last {
    std::shared_ptr<const Seen> seen;  // shared with the requests that are being answered with it
    Steady::time_point at{};
  };
  const std::string folder_;
  const std::vector<std::string> roles_;
  Guarded<Last> last_;
};

}  // namespace kiyome::sight

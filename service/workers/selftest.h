// `kiyome selftest`: real sanitizer processes, confined as in service, try every forbidden act from inside.
#pragma once

#include <string>
#include <vector>

#include "service/base/descriptor.h"

namespace kiyome::workers {

struct ActResult {
  std::string name;  // "execute a shell"
  bool stopped = false;
  std::string detail;  // how: "killed by SIGSYS", "refused: ENOMEM", "out of time", …; or what was achieved
};

// Runs each act in a job of its own. `kind` and `program` are a selftest sanitizer's, as for Pool. Only what
// ends in the way that was foretold counts as stopped: an unforeseen end is a failure, too. Throws
// TemporaryFailure when the sanitizer does not get ready or does not tell its acts. Takes about two seconds.
std::vector<ActResult> run_selftest(const std::string& kind, Descriptor program);

}  // namespace kiyome::workers

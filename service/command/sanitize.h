// `kiyome sanitize`: files without a server, in the same sandboxes, with the same policy and the same
// verifier.
#pragma once

#include <string>
#include <vector>

#include "service/base/config.h"

namespace kiyome::command {

struct SanitizeOptions {
  std::string mode;                    // "text", "flatten", or empty: as the policy says
  std::vector<std::string> passwords;  // for encrypted documents
  bool compact = false;                // documents.compact, whatever the configuration says
  std::string report;                  // file for one JSON object a line; empty = none
  std::string out;                     // folder, created when missing
  std::vector<std::string> files;
  std::string pages;  // "3-10", "3-", "-10", "3", or empty: all
  unsigned jobs = 0;  // files at once; 0 = one a processor
};

// Exit code 0, or 1 when something was held. Throws ConfigError for wrong usage (two inputs, one output
// name).
int sanitize(const SanitizeOptions& options, Config config);

}  // namespace kiyome::command

// kiyome audit …: verification of all trails that can be reached, exports, checkpoints. Exit codes as
// commands.h.
#pragma once

#include <string>
#include <vector>

#include "service/base/config.h"

namespace kiyome::command {

struct AuditOptions {
  std::string role;                // one trail; empty: all whose owners run here
  std::vector<std::string> files;  // exports or databases, in place of asking
  std::vector<std::string>
      checkpoints;    // files of `kiyome audit checkpoints --json`, of the other zone's host
  std::string since;  // a day or RFC 3339
  bool json = false;
};
// Names the first bad entry of each trail. 1: something is wrong, or nobody could be asked.
int audit_verify(const Config& config, const AuditOptions& options);
// JSON lines on standard output.
int audit_export(const Config& config, const AuditOptions& options);
int audit_checkpoints(const Config& config, const AuditOptions& options);
// Makes a checkpoint of each trail now, e.g. before a host is taken down.
int audit_checkpoint(const Config& config, const AuditOptions& options);

}  // namespace kiyome::command

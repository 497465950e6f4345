// The other commands of `kiyome`. Each gives an exit code: 0 done, 1 something was held or failed, 2 wrong
// usage.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "service/base/config.h"

namespace kiyome::command {

int serve(const Config& config, const std::set<std::string>& roles);
// What a person should know about a valid configuration, on stdout.
int check(const Config& config);
int verify(const std::vector<std::string>& files);
int selftest();
int policy_explain(const Config& config, const std::string& from, const std::string& to,
                   const std::string& file);

// Asks the cleaner: `request` is its command ("queue.list", "show", "release" …). `state` filters a listing.
struct AskOptions {
  std::string command;
  std::string id;
  std::string state;
  std::string role = "cleaner";
  std::string reason;   // of what wants one
  std::string part;     // "without-part": its place
  bool notice = false;  // "reject": the recipients are told
  bool json = false;
};
int ask(const Config& config, const AskOptions& options);
// Tells the gate to try an item's deliveries now, and the cleaner to clean it again if it is held.
int retry(const Config& config, const std::string& id);
// Has an item's encrypted files tried again with these passwords, and those that stand on standard input, one
// a line; the recipients get what opens. 1 when none fits.
struct UnlockOptions {
  std::vector<std::string> passwords;
  bool from_stdin = false;
};
int unlock(const Config& config, const AskOptions& ask, const UnlockOptions& options);
// Writes what is known of an item (report, recipients) into a folder. Never the original.
int quarantine_export(const Config& config, const std::string& id, const std::string& folder);

}  // namespace kiyome::command

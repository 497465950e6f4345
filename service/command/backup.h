// `kiyome backup …` and `kiyome restore`. Exit codes as in commands.h.
#pragma once

#include <cstdint>
#include <string>

#include "service/base/config.h"

namespace kiyome::command {

struct BackupOptions {
  std::string to;          // a folder, a file, or "-" for standard output
  std::uint32_t keep = 0;  // of a folder: so many stay, the oldest go; 0 = all
  std::string from;        // the file to prove or restore; "-" for standard input
  std::string key;         // a file with the secret key's text
  std::string side = "all";
  bool again = false;     // a new pair of keys in place of one that is there
  std::string secret_to;  // a file for the secret key's text, in place of the terminal
};

// Makes the pair: the public part stays here, the secret part is shown once.
int backup_key(const Config& config, const BackupOptions& options);
int backup(const Config& config, const BackupOptions& options);
// Without a key: whether the file is as it was written. With it: whether all of it opens and is complete.
int backup_verify(const BackupOptions& options);
int restore(const Config& config, const BackupOptions& options);

}  // namespace kiyome::command

// Makes, proves and restores the backup of one host. See FORMAT.md.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "service/backup/escrow_key.h"
#include "service/base/config.h"

namespace kiyome::backup {

struct Total {
  std::uint64_t parts = 0, files = 0, octets = 0;  // octets of the files
  std::string about;                               // JSON: version, host, time
};

// Writes the backup of `config.data_dir` to `file` while the service goes on, or stands. Throws ConfigError
// (no public key), TemporaryFailure.
std::uint64_t write_backup(const Config& config, const PublicKey& key, int file);

// Reads all of it. Throws PermanentFailure naming the place when it is damaged, ConfigError when the key is
// another one's.
Total verify_backup(int file, const SecretKey& secret);

enum class Side : std::uint8_t { all, internet, gate };

// Writes what the backup has into `data_dir`, which must have nothing of its own; as root with the owners
// that the roles have here. Nothing is in its place before everything has been proved. What is left
// unfinished is not served, and done again by the next restore. Throws as verify_backup, and ConfigError when
// there is something already, or a service runs.
Total restore_backup(const std::string& data_dir, int file, const SecretKey& secret, Side side);

}  // namespace kiyome::backup

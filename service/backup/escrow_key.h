// The pair of keys of the backups. The public part lies beside the data and is all that making a backup
// takes; the secret part opens one, is kept elsewhere as text that a person can print, and never lies on this
// host. Everything here throws TemporaryFailure for trouble of the disk.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kiyome::backup {

struct PublicKey {
  std::array<std::uint8_t, 32> bytes{};
  bool operator==(const PublicKey&) const = default;
};
// Wiped when it goes.
struct SecretKey {
  std::array<std::uint8_t, 32> bytes{};
  SecretKey() = default;
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey();
};

SecretKey make_secret_key();
PublicKey public_part(const SecretKey& secret);
// "ab12-cd34-ef56-7890": to see which pair somebody has.
std::string fingerprint(const PublicKey& key);

// "KIYOME-BACKUP-SECRET-1" and 72 hexadecimal digits in groups, the last group a sum of the others, so that a
// slip of the pen is found.
std::string text_of(const SecretKey& secret);
// Spaces, line ends and letter case do not matter. Nothing when it is no such text.
std::optional<SecretKey> parse_secret(std::string_view text);

// DATA_DIR/backup.pub, 64 hexadecimal digits and LF, 0644. Nothing when there is none; throws ConfigError
// when it is not a key.
std::optional<PublicKey> load_public_key(const std::string& data_dir);
void store_public_key(const std::string& data_dir, const PublicKey& key);

}  // namespace kiyome::backup

// The outside of a backup file: an encrypted, authenticated stream to a public key. FORMAT.md tells the
// octets. Reading trusts nothing: what does not open is refused with its place in the file. One thread.
#pragma once

#include <sodium.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "service/backup/escrow_key.h"

namespace kiyome::backup {

class SealedWriter {
 public:
  // Writes the head to `file`, which stays the caller's. Everything here throws TemporaryFailure when the
  // disk, or whoever reads the pipe, does not take it.
  SealedWriter(int file, const PublicKey& key);
  void put(std::string_view octets);
  // The rest, the end and the sum. Gives the octets of the whole file.
  std::uint64_t finish();

 private:
  void write(std::string_view octets);
  void seal(std::string_view plain, unsigned char tag);

  int file_;
  std::string head_, waiting_;
  std::uint64_t written_ = 0;
  crypto_secretstream_xchacha20poly1305_state state_{};
  crypto_generichash_state sum_{};
};

// What a backup is made for, from its head; throws PermanentFailure when it is no backup.
struct SealedHead {
  PublicKey key;
  std::string octets;
};
SealedHead read_head(int file);

class SealedReader {
 public:
  // `file` stands behind its head. Throws ConfigError when the key is another one's.
  SealedReader(int file, SealedHead head, const SecretKey& key);
  // The next octets, or nothing at the end, which then is the true one. Throws PermanentFailure naming the
  // place when something was altered or is missing.
  std::string next();

 private:
  std::string read(std::size_t count);
  void end();

  int file_;
  SealedHead head_;
  std::uint64_t at_ = 0;
  bool first_ = true, final_ = false;
  crypto_secretstream_xchacha20poly1305_state state_{};
  crypto_generichash_state sum_{};
};

// Whether the file is as it was written, which needs no key. Throws PermanentFailure when it is not. Gives
// its octets.
std::uint64_t check_sum(int file);

}  // namespace kiyome::backup

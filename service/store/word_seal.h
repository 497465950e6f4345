// Passwords that mails bring, as the disk keeps them: sealed with a key that is derived from the cleaner's
// own, bound to the sender and the recipient, and padded so that their length says little.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "service/store/original_log.h"

namespace kiyome::store {

// Thread-safe.
class WordSeal {
 public:
  explicit WordSeal(const CleanerKeyPair& key);
  ~WordSeal();
  WordSeal(const WordSeal&) = delete;
  WordSeal& operator=(const WordSeal&) = delete;

  std::string seal(std::string_view pair, const std::vector<std::string>& words) const;
  // Empty when it was not sealed here, or for another pair.
  std::vector<std::string> open(std::string_view pair, std::string_view sealed) const;
  // The same for the same words of the same pair; tells nothing without the key.
  std::string tag(std::string_view pair, const std::vector<std::string>& words) const;

 private:
  std::array<std::uint8_t, 32> key_{}, tag_key_{};
};

}  // namespace kiyome::store

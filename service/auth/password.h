// Passwords: which are too weak, and argon2id, of which only so many run at once: each takes 64 MB and a
// processor for a twentieth of a second, so that sign-ins alone could eat the machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "service/base/guarded.h"

namespace kiyome::auth {

// Fewer characters than `length_min`, the login, or one of the most common passwords.
bool is_weak(std::string_view password, std::string_view login, std::uint32_t length_min);

// A number of turns, handed out one each. Thread-safe.
class Turns {
 public:
  explicit Turns(unsigned count) : free_(count) {}

  class Turn {
   public:
    explicit Turn(Turns* turns) : turns_(turns) {}
    Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn();

   private:
    Turns* turns_;
  };
  // Waits for one; nothing when none came free. The turn must not outlive the Turns.
  std::optional<Turn> take(std::chrono::milliseconds patience);

 private:
  Guarded<unsigned> free_;
};

// The form that is stored. Needs a turn. Throws TemporaryFailure without the memory for it.
std::string hash_password(const std::string& password);
// As long when `stored` is empty (then it gives false): nobody learns from the time whether a login exists.
bool verify_password(const std::string& stored, const std::string& password);

}  // namespace kiyome::auth

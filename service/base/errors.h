// Operational trouble, told by exceptions and caught only at a role's edge (the loop that owns a connection,
// item or thread).
#pragma once

#include <stdexcept>
#include <string>

namespace kiyome {

// Will pass by itself or by an operator's hand: try again later. What waits stays where it is.
struct TemporaryFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Trying again cannot help.
struct PermanentFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The configuration or the command line is wrong; what() is one line a mistake, "FILE:LINE: key: what". Exit
// code 2.
struct ConfigError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// throw TemporaryFailure("what: strerror(errno)").
[[noreturn]] void throw_errno(const std::string& what);

}  // namespace kiyome

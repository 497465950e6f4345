// A password from whoever sits here: never an argument, because other users see those.
#pragma once

#include <string>

namespace kiyome::command {

// Typed at a terminal, twice when it is a new one, without being shown; else the first line of standard
// input. Throws ConfigError, TemporaryFailure.
std::string ask_password(bool twice = true);

}  // namespace kiyome::command

#include "service/base/errors.h"

#include <cerrno>
#include <system_error>

namespace kiyome {

void throw_errno(const std::string& what) {
  const int number = errno;
  throw TemporaryFailure(what + ": " + std::generic_category().message(number));
}

}  // namespace kiyome

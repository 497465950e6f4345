// Result<T>: the outcome of reading bytes that a peer or a sanitizer chose. One bad field discards the
// message. Hostile *content* is not an Error (it is a verdict), and trouble of the machine is an exception
// (service/base/errors.h).
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace kiyome {

// Why bytes were refused. `what` is our own constant text, never text of the peer; `offset` counts octets
// from the start of the decoded input.
struct Error {
  std::string what;
  std::size_t offset = 0;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> failure(std::string what, std::size_t offset = 0) {
  return tl::unexpected<Error>(Error{std::move(what), offset});
}

}  // namespace kiyome

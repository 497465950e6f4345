#include "service/store/original_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "proto/base/limits.h"

namespace kiyome::store {

bool append_file(OriginalWriter& into, int from, std::uint64_t octets) {
  std::string piece(limits::kOriginalBuffer, '\0');
  while (octets > 0) {
    const ssize_t count = ::read(from, piece.data(), std::min<std::uint64_t>(piece.size(), octets));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    into.append(std::string_view(piece.data(), static_cast<std::size_t>(count)));
    octets -= static_cast<std::uint64_t>(count);
  }
  return true;
}

std::future<Result<transfer::Announce>> commit_file(OriginalLog& log, std::unique_ptr<OriginalWriter> item,
                                                    Envelope envelope) {
  const auto told =
      std::make_shared<std::promise<Result<transfer::Announce>>>();  // a std::function is copied
  auto out = told->get_future();
  log.commit(std::move(item), std::move(envelope),
             [told](Result<transfer::Announce> result) { told->set_value(std::move(result)); });
  return out;
}

}  // namespace kiyome::store

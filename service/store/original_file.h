// Files into the log of originals: what the drop box and the watched folder do alike.
#pragma once

#include <cstdint>
#include <future>
#include <memory>

#include "service/store/original_log.h"

namespace kiyome::store {

// Appends the next `octets` octets of `from`. false: there are not so many. Throws TemporaryFailure when the
// log cannot be written.
bool append_file(OriginalWriter& into, int from, std::uint64_t octets);

// Commits the item. The future says what the commit thread says: on the disk, or why not (then it is gone).
std::future<Result<transfer::Announce>> commit_file(OriginalLog& log, std::unique_ptr<OriginalWriter> item,
                                                    Envelope envelope);

}  // namespace kiyome::store

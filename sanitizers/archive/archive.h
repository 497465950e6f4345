// An archive's octets → its entries in the clean language: MailHeader, a Part for the archive, one for each
// file in it, BodyText, and (when asked) the octets of the files that can be had; or a Refusal. Hostile
// input; runs only inside a sandboxed child.
#pragma once

#include <functional>
#include <string_view>

#include "proto/clean/job.h"
#include "proto/clean/types.h"

namespace kiyome::sanitizer::archive {

// Before confinement: locale, charsets, magic database, digests.
void warm_up();

// Takes what is said, in order; the last message is End.
using Say = std::function<void(const clean::Message&)>;

// `options.type` is what the octets were found to be (looked at here when empty), `options.name` the
// archive's own name: a compressed file is named after it. `options.passwords` are tried on encrypted
// entries.
void read_archive(std::string_view octets, const clean::JobOptions& options, const Say& say);

}  // namespace kiyome::sanitizer::archive

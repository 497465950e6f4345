// What both sides of shared originals do alike: the tables, the key, and files of a folder that all hosts
// see.
#pragma once

#include <string_view>

#include "service/store/original_log.h"

namespace kiyome::store::original {

// Brings the tables up to date, if need be. All segments are sealed to one key: the first host's becomes it.
// Gives the folder; none when there shall be none. Throws ConfigError for another host's key,
// TemporaryFailure.
Descriptor open_originals(Database& database, const std::string& folder, const CleanerPublicKey& key);

// A segment's name in the folder: in one of 256 folders, because there may be millions.
std::string shared_name(std::uint64_t segment);  // "2a/000000000000002a.seg"

// The file and its name are durable. Throws TemporaryFailure (then it is not there).
void write_shared(int folder, std::uint64_t segment, std::string_view octets);
// Gone, durably after sync_shared. One that is not there is fine. Throws TemporaryFailure.
void remove_shared(int folder, std::uint64_t segment);
void sync_shared(int folder, std::uint64_t segment);

}  // namespace kiyome::store::original

// Files of a watched folder, reached without following anything: people on other machines rename and replace
// what stands there while we look. Trusts the kernel's openat2 and nothing of the folder.
#pragma once

#include <sys/stat.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/item_id.h"
#include "service/base/descriptor.h"

namespace kiyome::edge::folder {

// What tells one state of a file from another.
struct Identity {
  std::uint64_t inode = 0, bytes = 0;
  std::int64_t changed_ns = 0;  // mtime
  bool operator==(const Identity&) const = default;
};
Identity identity_of(const struct stat& status);

// A file's octets in memory, sealed: nobody can change them any more. `digest` is theirs.
struct Copy {
  enum class Outcome : std::uint8_t {
    whole,
    changed,  // since `wanted` was seen, or while it was read: look again later
    refused,  // errno in `trouble`; 0: no regular file with one name
    stopped
  };
  Outcome outcome = Outcome::refused;
  int trouble = 0;
  Descriptor memory;  // position 0
  std::array<std::uint8_t, 32> digest{};
};
// Throws TemporaryFailure when there is no memory.
Copy copy_whole(int root, const std::string& path, const Identity& wanted, const std::atomic<bool>& stop);

// Removes the file that was copied, and no other: it is taken to a hidden name that `item` gives, looked at
// there, and put back when it is another one by now. A second call goes on where a first one was cut off.
enum class Removal : std::uint8_t {
  gone,     // now or before
  changed,  // something else stands there
  failed    // errno says why; it stands where it was
};
Removal remove_copied(int root, const std::string& path, const Identity& copied,
                      const std::array<std::uint8_t, 32>& digest, const ItemId& item);

// What happened in this folder is on the disk when this returns, as far as its file system can do that.
void sync_folder(int root, const std::string& folder);

}  // namespace kiyome::edge::folder

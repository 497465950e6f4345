// Below a folder that others write to as well: nothing is followed, and nothing of theirs is written over.
// Trusts the kernel's openat2 and nothing of the folder. Thread-safe.
#pragma once

#include <string>

#include "service/base/descriptor.h"

namespace kiyome {

// Opens `path` below `root`: no link on the way, no way out, no other file system. "" is the root itself.
// Empty with errno set when that is not so.
Descriptor open_beneath(int root, const std::string& path, int flags);

// Never over what stands there: false with errno EEXIST. Shares that do not know such a call (NFS) are looked
// at before; there two who write at one moment may still meet.
bool rename_beside(int from_folder, const std::string& from, int to_folder, const std::string& to);

// "a/b" of "a/b/c", "" of "c"; and "c" of both.
std::string folder_of(const std::string& path);
std::string name_of(const std::string& path);

}  // namespace kiyome

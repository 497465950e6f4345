// libarchive's handle, owned. Debian's libarchive 3.6 reads from memory only here: no file, no program, no
// charset conversion (names are taken as stored). It is hostile ground: several of its readers have written
// past their memory; the sandbox is what holds.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "proto/clean/findings.h"

namespace kiyome::sanitizer::archive {

struct FreeLibrary {
  void operator()(::archive* handle) const { archive_read_free(handle); }
};
using Library = std::unique_ptr<::archive, FreeLibrary>;

// Why it could not give octets: damaged, unsupported-type, encrypted, limit-memory.
clean::Finding trouble_of(::archive* handle);

}  // namespace kiyome::sanitizer::archive

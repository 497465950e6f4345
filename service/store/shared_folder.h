// A folder that all hosts of a side see. It bears a mark that their database knows, too: where a mount is
// away there is an empty folder of the same name, and what went there no other host would find.
#pragma once

#include <string>

#include "service/base/descriptor.h"
#include "service/store/database.h"

namespace kiyome::store {

// Of the schema whose rows name the folder's files.
#define KIYOME_SHARED_FOLDER                                                                                \
  "CREATE TABLE shared_folder (one INTEGER PRIMARY KEY CHECK (one = 1), mark TEXT NOT NULL CHECK (mark <> " \
  "''));"

inline constexpr const char* kFolderMark = ".kiyome-folder";  // its name

// The folder, which has to be there. The first host marks it. Throws TemporaryFailure when it is not the one
// that the database knows.
Descriptor open_shared_folder(Database& database, const std::string& path);

// The mark that stands in it; empty: none.
std::string mark_of_folder(const std::string& path);

}  // namespace kiyome::store

// A place for a test's database: a file, or a fresh schema of the server that KIYOME_TEST_POSTGRES names,
// where the same tests run a second time.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <string>

#include "service/store/items_at.h"

namespace kiyome::store {

inline bool tests_on_postgres() { return std::getenv("KIYOME_TEST_POSTGRES") != nullptr; }

// The same file is the same schema again.
inline Place test_place(const std::string& file) {
  static std::map<std::string, std::string> schemas;
  if (!tests_on_postgres()) return {file, {}, {}};
  std::string& schema = schemas[file];
  if (schema.empty()) schema = "t" + std::to_string(::getpid()) + "_" + std::to_string(schemas.size());
  return {file, std::getenv("KIYOME_TEST_POSTGRES"), schema};
}

// The same for the items of a cleaner in that folder.
inline ItemsAt items_at(const std::string& folder) {
  ItemsAt out(folder);
  out.place = test_place(out.place.file);
  if (!out.shared()) return out;
  out.blobs.clear();
  out.node = "test";
  return out;
}

}  // namespace kiyome::store

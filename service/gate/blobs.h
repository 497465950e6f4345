// Large contents beside the gate's rows: files of a folder, or rows of the shared database where hosts have
// no folder in common. Which it was is part of each name, so a change of the configuration loses nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/descriptor.h"
#include "service/gate/content.h"
#include "service/gate/gate_at.h"
#include "service/store/database.h"

namespace kiyome::gate {

inline constexpr std::size_t kBlobFrom = 64u << 10;  // smaller contents stand in their own rows

// Writing: on the writer's thread, within its transaction. Everything throws TemporaryFailure.
class Blobs {
 public:
  Blobs(const GateAt& at, store::Database& database);

  // ---- writing ----
  std::string write(const std::string& stem, std::string_view octets);  // its name
  void drop(std::string name);  // gone when the transaction is on the disk
  void before_commit();         // on return all that was written is on the disk
  void committed();
  void rolled_back();
  // Removes files that have no name among these: of a death between writing and commit, or between a commit
  // and its removal. In a folder that others write to only those of yesterday.
  void remove_strays(const std::set<std::string, std::less<>>& named);

  // ---- reading, on a connection of the caller's ----
  std::shared_ptr<const Content> read(store::Database& database, const std::string& name) const;

 private:
  std::string write_file(const std::string& name, std::string_view octets);
  std::string write_rows(const std::string& name, std::string_view octets);

  GateAt at_;
  store::Database& database_;
  Descriptor folder_;                 // none: new ones go to the database
  std::string tag_;                   // of this life: others name files in the same folder
  std::vector<Descriptor> unsynced_;  // files of this transaction
  std::vector<std::string> made_, dropped_;
  std::uint64_t number_ = 0;
};

}  // namespace kiyome::gate

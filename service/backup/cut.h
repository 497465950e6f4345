// One folder of a role as it stands at one instant, while its role goes on: databases with their write-ahead
// logs, and all other files. Runs under the role's user and trusts the folder to be the role's. FORMAT.md
// tells why what is copied is whole. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "service/backup/frames.h"
#include "service/base/descriptor.h"
#include "service/store/sqlite.h"

namespace kiyome::backup {

class Cut {
 public:
  // Everything below `folder` but the names in `without` (of the folder itself). From here on nothing is
  // written to its databases until let_go(). Throws TemporaryFailure; then nothing is held.
  Cut(const std::string& folder, const std::set<std::string>& without);
  ~Cut();
  // The role's writers go on.
  void let_go();
  // Copies what was opened. After let_go().
  void write(FrameWriter& out);

 private:
  struct Opened {
    std::string path;
    std::uint32_t mode = 0;
    std::uint64_t size = 0;  // at the instant
    Descriptor file;
  };
  struct Held {
    std::unique_ptr<store::Database> writer, reader;
  };
  void find_databases();
  void hold();
  void open_all();
  void open_file(const std::string& path);
  void keep_log(const std::string& path);

  std::string folder_;
  std::set<std::string> without_;
  Descriptor root_;
  std::set<std::string> databases_;
  std::vector<std::pair<std::string, std::uint32_t>> folders_;
  // Closed after the connections: closing a file of a database lets go of all of this process's locks on it.
  std::vector<Opened> files_;
  std::vector<Held> held_;
};

// The octets of `file` from its start, at most `size`, without leaving them in the machine's memory.
void write_file(FrameWriter& out, int file, std::uint64_t size);

}  // namespace kiyome::backup

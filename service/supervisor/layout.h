// The data directory, its owners, and the sockets in it.
//   data_dir/            0711 root     (or the user who started us, who then owns everything)
//     edge/originals/    edge, readable for cleaner's group
//     cleaner/           cleaner alone
//     gate/              gate alone
//     console/           console alone
//     run/               Unix sockets and the lock
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "service/base/descriptor.h"

namespace kiyome::supervisor {

// Who a role runs as. Without root: the starting user, unchanged.
struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
  bool change = false;
};
// The system user "kiyome-ROLE" if there is one, else a fixed number without a name; only as root.
Account account_of(const std::string& role);

struct Layout {
  Descriptor data, run, edge, cleaner, gate, console;  // open directories
  Descriptor lock;
};
// Folders of this beginning are there while a restore is not finished: what stands beside them is not whole.
inline constexpr const char* kUnfinishedRestore = "restoring-";
enum class Unfinished : std::uint8_t { refused, allowed };
// Creates what is missing. Throws ConfigError (data_dir cannot be used, is half restored, or another
// supervisor holds it).
Layout lay_out(const std::string& data_dir, Unfinished unfinished = Unfinished::refused);

}  // namespace kiyome::supervisor

// A walk over a watched folder, entry by entry, so that one turn need not see all of it. Follows nothing.
#pragma once

#include <dirent.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "service/edge/folder/place.h"

namespace kiyome::edge::folder {

// Why a file is left where it is.
enum class Unfit : std::uint8_t { none, link, hard_link, special, name, depth, unreadable, size, empty };
const char* words_of(Unfit why);

struct Found {
  std::string path;  // below the folder, as its octets are
  Identity identity;
  Unfit unfit = Unfit::none;
};

// One thread.
class Walk {
 public:
  explicit Walk(Descriptor root) : root_(std::move(root)) { enter(std::string()); }
  int root() const { return root_.get(); }
  bool over() const { return levels_.empty(); }

  enum class Step : std::uint8_t { file, nothing, end };
  // Looks at one entry more. `nothing`: it was none that anybody wants to know of.
  Step step(Found& into);
  // A folder that was not read to its end: who is missing may still be there.
  bool incomplete() const { return incomplete_; }

 private:
  struct Close {
    void operator()(DIR* stream) const { ::closedir(stream); }
  };
  struct Level {
    std::unique_ptr<DIR, Close> stream;
    std::string path;
  };
  bool enter(const std::string& path);

  Descriptor root_;
  std::vector<Level> levels_;
  bool incomplete_ = false;
};

}  // namespace kiyome::edge::folder

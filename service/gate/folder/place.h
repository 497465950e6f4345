// The output folder on its share. What is to appear there is first made whole in a hidden folder within it
// (".kiyome") and then renamed, so that nobody ever sees half a file, and so that what is missing there has
// appeared. Others write to the share as well: nothing of theirs is followed or written over.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/descriptor.h"
#include "service/gate/drop_view.h"

namespace kiyome::gate {

// One thread. Everything throws TemporaryFailure when the share is away, full, or does not let us.
class Place {
 public:
  // `parent` is where it stands, so that a share that was mounted anew is found.
  Place(int parent, const std::string& name);
  // Tells this hidden folder from another one, e.g. of a share that was emptied.
  std::uint64_t shelf() const { return shelf_number_; }

  // A whole file on the disk in the hidden folder, in the place of what has that name there. While it is made
  // it has kNew behind its name.
  static constexpr std::string_view kNew = ".new";
  void lay_out(const std::string& name, std::string_view octets);
  void sync_shelf();
  bool lies_there(const std::string& name);
  void take_away(const std::string& name);  // also half made
  std::vector<std::string> laid_out();

  // Folders within each other, made where they are missing; where something else stands in the way, another
  // one beside it. Gives the path ("" for the folder itself).
  std::string make_folders(const std::vector<std::string>& parts);
  bool stands(const std::string& path);
  std::optional<Digest> digest_of(const std::string& path, std::uint64_t bytes_max);  // of a regular file
  // From the hidden folder to its place. false: something stands there.
  bool put(const std::string& name, const std::string& path);
  void put_over(const std::string& name, const std::string& path);
  void sync(const std::string& folder);

 private:
  Descriptor folder(const std::string& path);

  Descriptor root_, shelf_;
  std::uint64_t shelf_number_ = 0;
};

}  // namespace kiyome::gate

// Small files, read at once and written so that whoever looks, also after a power failure, finds the old one
// or the new one and never half of it. Any thread; a NewFile has one at a time.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "service/base/descriptor.h"

namespace kiyome {

// All octets. Nothing when it cannot be read; errno says why.
std::optional<std::string> read_file(const std::string& path);

// A file that is written beside its place (PATH.new, where one that a death left is no loss) and then takes
// it. All that can fail throws TemporaryFailure; what was never given its place is gone with its NewFile.
class NewFile {
 public:
  static constexpr std::string_view kMark = ".new";

  // `mode` less what the umask takes away.
  explicit NewFile(std::string path, mode_t mode = 0600);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  int descriptor() const { return file_.get(); }
  void allow(mode_t mode);  // exactly that
  void write(std::string_view octets);
  // To the disk, then in its place. The name itself may come a moment later: then it is the old file still.
  void replace();
  // The same where there is none. false: there was one, and it stays.
  bool place();
  // After either: the name is on the disk, too.
  void make_durable() const;

 private:
  void finish();

  std::string path_, beside_;
  Descriptor file_;
  bool placed_ = false;
};

// Written, with exactly these rights, in its place and durable.
void write_file(const std::string& path, std::string_view octets, mode_t mode = 0600);

}  // namespace kiyome

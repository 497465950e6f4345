// The output folder of the closed side: what was sent to its addresses, and has passed the gate's verifier
// and whoever had to approve it, is put there, with a report of each file. A thread of its own; README.md
// tells what may be cut where. What it writes was proved clean at the gate; names are made safe again here.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "service/base/config.h"
#include "service/base/descriptor.h"
#include "service/gate/pick_up/pick_up.h"

namespace kiyome::gate {

// Thread-safe.
class OutputFolder {
 public:
  // `parent`: where config.output stands. Nothing is written before start(); `parts` outlive it.
  OutputFolder(Descriptor parent, const OutputFolderConfig& config, PickUpParts parts);
  ~OutputFolder();
  void start();
  void stop();  // after the file in hand
  void wake();  // something has come, or was decided
  void reload(const OutputFolderConfig& config);
  bool is_for(const std::string& address);  // lower case
  // One turn, on the caller's thread: for start()'s thread and for tests. Throws TemporaryFailure.
  void turn();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::gate

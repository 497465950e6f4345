// One part of a backup, read by a process of its own under the user of its role: the one who encrypts may be
// root and parses nothing of a role's.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include "service/backup/frames.h"
#include "service/base/descriptor.h"
#include "service/supervisor/layout.h"

namespace kiyome::backup {

// What stands behind a part. Made in the child: from then on until let_go() the role's databases are held.
class Part {
 public:
  virtual ~Part() = default;
  virtual void let_go() {}
  virtual void write(FrameWriter& out) = 0;
};

class PartProcess {
 public:
  // Starts it in `folder`, which the role's user need not be able to reach by its path; on return the part
  // has been made, or it throws TemporaryFailure with what the child said. From a process with one thread.
  PartProcess(std::string name, const std::string& folder, const supervisor::Account& account,
              const std::function<std::unique_ptr<Part>()>& make);
  ~PartProcess();  // ends it, whatever it does
  PartProcess(const PartProcess&) = delete;
  PartProcess& operator=(const PartProcess&) = delete;

  void let_go();
  // Everything the part writes, from its first frame to its last. Throws TemporaryFailure.
  void write(const Put& put);
  const std::string& name() const { return name_; }

 private:
  [[noreturn]] void child(const std::string& folder, const supervisor::Account& account,
                          const std::function<std::unique_ptr<Part>()>& make, int control, int data);

  std::string name_;
  pid_t pid_ = -1;
  Descriptor control_, data_;
};

}  // namespace kiyome::backup

// A sanitizer's program as a process: started with nothing but its socket, ended with certainty.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "service/base/descriptor.h"

namespace kiyome::workers {

class ZygoteProcess {
 public:
  // Executes `program` (an O_PATH descriptor of an ELF file) with no environment and no descriptors but
  // standard error and, as 3, the other end of socket(). It dies with the calling thread. Throws
  // TemporaryFailure.
  ZygoteProcess(const std::string& kind, int program);
  ~ZygoteProcess();  // end()
  ZygoteProcess(const ZygoteProcess&) = delete;
  ZygoteProcess& operator=(const ZygoteProcess&) = delete;

  // Shared, because a caller may be in the middle of sending when the process is given up.
  const std::shared_ptr<const Descriptor>& socket() const { return socket_; }
  // Ends the process and all its children, by force when it does not follow within a second, and waits for
  // it. Gives the wait status; later calls give it again.
  int end();

 private:
  std::shared_ptr<const Descriptor> socket_;
  pid_t pid_ = -1;
  int status_ = 0;
};

}  // namespace kiyome::workers

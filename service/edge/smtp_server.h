// The SMTP server of the edge: listening sockets in, items on disk out. It knows framing only and never looks
// inside a message. 250 is said after the commit, never before.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "service/edge/event_loop.h"
#include "service/edge/server_parts.h"

namespace kiyome::edge {

class SmtpServer {
 public:
  // `listeners` are bound and listening. `log` outlives the server and answers all its commits before it
  // goes; `announce` is called for each item on disk, on the commit thread. `directory` is where free space
  // is looked for (empty: nowhere). Starts its threads. Throws TemporaryFailure.
  SmtpServer(std::vector<Descriptor> listeners, std::shared_ptr<const EdgeSettings> settings,
             store::OriginalLog& log, std::function<void(const transfer::Announce&)> announce,
             std::string directory);
  // Stops at once if stop() was not called.
  ~SmtpServer();

  // For connections accepted from now on. Thread-safe.
  void reload(std::shared_ptr<const EdgeSettings> settings);
  // Accepts nothing more, says 421 to idle sessions, finishes messages in hand until `by`, closes the rest.
  // Blocks.
  void stop(Steady::time_point by);
  std::uint32_t connections() const { return parts_->admission.connections(); }
  // Below so much free space no mail is taken.
  std::uint64_t free_bytes_min() const { return parts_->current()->config.free_bytes_min; }

 private:
  std::vector<Descriptor> listeners_;
  std::shared_ptr<ServerParts> parts_;  // shared: see ServerParts
  std::vector<std::unique_ptr<EventLoop>> loops_;
  bool running_ = false;
};

}  // namespace kiyome::edge

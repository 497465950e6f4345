// What the event loops of the SMTP server share, and how they are spoken to from other threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "proto/base/limits.h"
#include "proto/smtp/reply.h"
#include "proto/transfer/intake.h"
#include "service/base/clock.h"
#include "service/base/descriptor.h"
#include "service/base/guarded.h"
#include "service/edge/admission.h"
#include "service/edge/disk_space.h"
#include "service/edge/settings.h"
#include "service/store/original_log.h"

namespace kiyome::edge {

// Thread-safe by its members. Shared by the server and by commits under way, which may end after the server.
struct ServerParts {
  ServerParts(store::OriginalLog& original_log, std::function<void(const transfer::Announce&)> announcer,
              std::string directory, std::shared_ptr<const EdgeSettings> first)
      : log(original_log),
        announce(std::move(announcer)),
        disk(std::move(directory)),
        settings(std::move(first)) {}

  store::OriginalLog& log;
  const std::function<void(const transfer::Announce&)> announce;  // called on the commit thread
  DiskSpace disk;
  Admission admission;
  Guarded<std::shared_ptr<const EdgeSettings>> settings;

  std::shared_ptr<const EdgeSettings> current() {
    return settings.with([](const std::shared_ptr<const EdgeSettings>& now) { return now; });
  }
  bool has_room(const EdgeSettings& with, std::uint64_t octets) {
    return disk.has_room(octets, with.config.free_bytes_min, with.config.free_inodes_min);
  }
  // What to answer when an item could not be written.
  smtp::ServerReply write_failure(const EdgeSettings& with) {
    disk.forget();
    return has_room(with, limits::kSmtpSwallow) ? smtp::replies::trouble() : smtp::replies::no_space();
  }
  // So many connections that idle ones must make place soon.
  bool crowded(const EdgeSettings& with) const {
    return admission.connections() > with.config.connections_max / 4 * 3;
  }
};

// A connection that was counted in (Admission::enter) and has no owner yet.
struct Accepted {
  Descriptor socket;
  IpAddress peer;
};

// Names one connection of one loop, also after it has gone.
struct Token {
  std::uint32_t slot = 0;
  std::uint32_t serial = 0;
  bool operator==(const Token&) const = default;
};

struct Committed {
  Token connection;
  smtp::ServerReply reply;
};

// What other threads tell a loop. Bounded by the number of connections: each has at most one commit under
// way.
struct LoopMail {
  std::vector<Accepted> accepted;
  std::vector<Committed> committed;
  bool crowded = false;
  bool stop = false;
  Steady::time_point stop_by{};
};

// Thread-safe. Shared by a loop and by commits under way, which may end after the loop.
class LoopInbox {
 public:
  LoopInbox();
  int descriptor() const { return wake_.get(); }
  void accepted(Accepted connection);
  void committed(Token connection, smtp::ServerReply reply);
  // Look at every connection's deadline again.
  void crowded();
  void stop(Steady::time_point by);
  // The loop's own: takes everything.
  LoopMail take();

 private:
  template <class F>
  void tell(F&& change);
  Descriptor wake_;  // an eventfd
  struct State {
    LoopMail mail;
    bool woken = false;
  };
  Guarded<State> state_;
};

}  // namespace kiyome::edge

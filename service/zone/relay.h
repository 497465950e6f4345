// Carries octets between the TLS session with the other host and the plain socket that our own side of the
// channel reads and writes. Knows nothing of frames. What waits is bounded each way: who does not read is not
// read from.
#pragma once

#include <poll.h>

#include <memory>
#include <string>
#include <vector>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/descriptor.h"
#include "service/zone/session.h"

namespace kiyome::zone {

// Owned by one thread.
class Relay {
 public:
  // `session` is done with its handshake; `plain` does not block. `read_second`: octets of the session read
  // in a second, headers and all; 0: as they come.
  Relay(std::unique_ptr<Session> session, Descriptor plain, std::size_t read_second,
        std::chrono::seconds silence);

  // Moves what can be moved now. false: it has ended, and why() says how.
  bool turn(Steady::time_point now, std::int64_t unix_ms);
  // What to poll for before the next turn: entries[0] the session, entries[1] the plain socket.
  void wishes(pollfd* entries) const;
  // When the next turn is due though nothing happens.
  Steady::time_point due() const { return due_; }
  // We are to end: what our side wrote before still goes out, for a moment.
  void end();

  const std::string& why() const { return why_; }
  const std::string& address() const { return session_->address(); }
  std::uint64_t slowed() const { return slowed_; }  // seconds in which the peer said more than he may

 private:
  // Octets on their way. The room is made once: what a peer sends never makes it larger.
  struct Way {
    std::vector<char> room = std::vector<char>(limits::kZoneBuffer);
    std::size_t begin = 0, end = 0;
    bool closed = false;  // nothing more comes in
    std::string_view waiting() const { return {room.data() + begin, end - begin}; }
    void sent(std::size_t count);
    bool wants() const { return !closed && room.size() - end >= kLeast; }
  };
  static constexpr std::size_t kLeast = 17u << 10;  // room for a whole record, so none stays within OpenSSL

  bool read_session(Steady::time_point now);
  bool write_session();
  void read_plain();
  void write_plain();
  bool finish(std::string why);
  bool may_read(Steady::time_point now);
  void look_for_hang_up();
  bool over(Steady::time_point now) const;

  std::unique_ptr<Session> session_;
  Descriptor plain_;
  Way in_, out_;  // from the session to the plain socket, and back
  std::size_t read_second_;
  std::chrono::milliseconds silence_;
  Steady::time_point second_{}, due_{}, patience_ = Steady::time_point::max();
  std::uint64_t read_before_ = 0, slowed_ = 0;
  bool paused_ = false;  // until second_ is over
  bool read_wants_write_ = false, write_wants_read_ = false;
  bool ending_ = false;
  std::string why_;
};

}  // namespace kiyome::zone

// The next hops of one sender: their open sessions, how many are in use, and which did not answer just now.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "service/base/guarded.h"
#include "service/delivery/session.h"

namespace kiyome::delivery {

// Thread-safe.
class Pool {
 public:
  Pool(const SmtpClientConfig& config, std::string hostname);
  ~Pool();

  std::size_t hosts() const { return hosts_.size(); }
  std::string name(std::size_t host) const { return hosts_[host].text(); }

  // Waits for one of the host's connections_max places. Empty when the sender stops. Give it back with
  // leave().
  struct Place {
    std::unique_ptr<Session> session;  // kept open by an earlier mail; empty: open one
  };
  std::optional<Place> enter(std::size_t host);
  // With a session that may be used again, or none.
  void leave(std::size_t host, std::unique_ptr<Session> session);
  // A fresh session, ready or not.
  std::unique_ptr<Session> open(std::size_t host);

  // A host that did not answer is left alone for a short while, so that each waiting mail does not find that
  // out anew.
  bool resting(std::size_t host);
  void rest(std::size_t host);

  void stop();
  bool stopped();

 private:
  struct Kept {
    std::unique_ptr<Session> session;
    Steady::time_point since;
  };
  struct Host {
    std::list<Kept> idle;  // the longest unused in front
    unsigned in_use = 0;
    Steady::time_point resting_until{};
  };
  struct State {
    std::vector<Host> hosts;
    bool stopping = false;
  };
  void close_idle();

  const SmtpClientConfig config_;
  const std::string hostname_;
  const std::vector<HostPort> hosts_;
  std::unique_ptr<TlsClient> tls_;
  Descriptor stop_;
  Guarded<State> state_;
  Guarded<int> reaper_wake_;
  std::thread reaper_;
};

}  // namespace kiyome::delivery

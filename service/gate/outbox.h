// Bundles on their way to the mail servers of the closed side: what is due when, the threads that send it,
// and what its recipients' results are. All recipients of a bundle that are not finished go in one SMTP
// transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "service/base/config.h"
#include "service/delivery/smtp_sender.h"
#include "service/gate/gate_store.h"
#include "service/gate/writer.h"

namespace kiyome::gate {

// What an attempt means for each recipient. Pure: `now_ms` is the time after the attempt, `random01` makes
// the jitter.
Outcome judge(const PendingBundle& bundle, const std::vector<transfer::Recipient>& recipients,
              const std::vector<delivery::RecipientResult>& results, const SmtpClientConfig& config,
              std::int64_t now_ms, double random01);

// Thread-safe.
class Outbox {
 public:
  struct Calls {
    std::function<std::int64_t()> now_ms;
    std::function<void(const std::vector<NumberedResult>&)>
        results;  // on the writer's thread, after the commit
    // Whether what we have may be sent now: several gates share the bundles. Asked before a session and
    // before its final dot. Empty: always.
    std::function<bool()> may_send{};
  };
  // Loads what is pending, where nobody else may have it. Throws TemporaryFailure, and ConfigError when the
  // next hop's TLS cannot be set up.
  Outbox(GateStore& store, Writer& writer, const SmtpClientConfig& config, const std::string& hostname,
         Calls calls);
  ~Outbox();

  // A new bundle; its content stays in memory while there is room.
  void add(const PendingBundle& bundle, std::shared_ptr<const transfer::Bundle> held);
  // Bundles of another gate, ours from now on.
  void adopt(const std::vector<PendingBundle>& bundles);
  // What waits is not ours any more, nor what is being sent, when that has ended.
  void abandon();
  // Other next hops or times, from the next attempt on. Throws ConfigError and changes nothing.
  void reload(const SmtpClientConfig& config, const std::string& hostname);
  // Makes the bundles of this item due now. Gives their number.
  unsigned retry(const ItemId& id);
  void make_due(const std::vector<std::int64_t>& rows);
  // Finishes what is being sent; what takes longer than `patience` is abandoned and stays pending.
  void stop(std::chrono::milliseconds patience);

  struct Numbers {
    std::size_t waiting = 0, sending = 0;
    bool reached = true;  // the last attempt came to a session with a next hop
  };
  Numbers numbers();

 private:
  struct Entry {
    PendingBundle bundle;
    std::shared_ptr<const transfer::Bundle> held;  // shared with the writer until it is on the disk
    bool unreached = false;                        // its last attempt found no next hop
    std::uint64_t life = 0;                        // of the box: abandoned since, it does not come back
  };
  struct Hop {  // shared with the sends in hand when it is replaced
    SmtpClientConfig config;
    delivery::SmtpSender sender;
    Hop(const SmtpClientConfig& c, const std::string& hostname) : config(c), sender(c, hostname) {}
  };
  struct State {
    std::unordered_map<std::int64_t, Entry> waiting;
    std::set<std::pair<std::int64_t, std::int64_t>> due;  // next_ms and row of each of them
    std::vector<std::weak_ptr<Hop>> replaced;             // some may still be sending
    std::size_t sending = 0, held_octets = 0;
    std::uint64_t life = 0;
    bool reached = true, stopping = false;
  };

  void run();
  std::optional<Entry> next();
  static void put(State& state, Entry entry);
  std::int64_t next_of(const PendingBundle& bundle);
  void send(Entry entry);
  void put_off(Entry entry, std::int64_t pause_ms);
  void settle(Entry entry, Outcome outcome);
  void note_reached(bool reached);

  GateStore& store_;
  Writer& writer_;
  Calls calls_;
  Guarded<State> state_;
  Guarded<std::shared_ptr<Hop>> hop_;
  std::vector<std::thread> threads_;
};

}  // namespace kiyome::gate

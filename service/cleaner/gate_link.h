// The Internet side's end of the bundle channel: sends bundles with a bounded number unanswered, hears the
// way back. What comes back is hostile input (a conquered gate): exact decoding, size and rate caps.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "proto/transfer/bundle.h"
#include "service/base/clock.h"
#include "service/zone/zone_link.h"

namespace kiyome::cleaner {

struct BundleKey {
  ItemId id;
  std::uint16_t part = 0;
  auto operator<=>(const BundleKey&) const = default;
};

class GateLink {
 public:
  struct Calls {
    std::function<std::optional<transfer::AnyBundle>(const BundleKey&)>
        load;                                             // from the store; empty when it was withdrawn
    std::function<void(const transfer::WayBack&)> heard;  // on the link's thread, in order
    // Frames that go before this bundle: the doors that links in it lead to. May be empty, and may throw.
    std::function<std::string(const BundleKey&)> before{};
    std::function<void()> connected{};  // on the link's thread, before anything is sent. May be empty
  };
  // `path` of the gate's Unix socket. Reconnects for ever.
  GateLink(std::string path, Calls calls);
  // … or by way of the wire to another host, which outlives this.
  GateLink(zone::ZoneLink& zone, Calls calls);
  ~GateLink();
  void start();  // the first connection; what `calls` reach must be there by now
  void stop();   // nothing is heard or sent afterwards; what is offered then is the next life's

  // A bundle that the store has. Its content is kept in memory while there is room, else loaded when its turn
  // comes. Thread-safe. Order of first offers is kept; after a reconnect what was not accepted is sent again.
  void offer(transfer::AnyBundle bundle);
  void offer(const BundleKey& key);
  // After some offers and words: the link's thread is woken once for all of them.
  void flush();
  // Takes a bundle back that was never sent. false when it may have crossed.
  bool withdraw(const BundleKey& key);
  // The gate answered it: it is not sent again. Gives since when it was on its way; nothing for one of an
  // earlier life.
  std::optional<Steady::duration> settled(const BundleKey& key);
  // Tells the gate that a result is on disk here.
  void say(const transfer::ResultTaken& message);
  void say(const transfer::DropResultTaken& message);
  // What became of what a recipient asked for. Lost with the connection: who says it says it again.
  void say(const transfer::DoorState& message);
  // A checkpoint that is to stand on the other side, or one of its own that stands here. Lost with the
  // connection, and without one: who says it says it again.
  void say(const transfer::Checkpoint& message);
  // A result could not be written down: the connection ends, and on the next one, a moment later, the gate
  // says again what it has no answer to. It says it once a connection.
  void hear_again();
  bool connected() const;
  struct Numbers {
    std::size_t waiting = 0, unanswered = 0;  // bundles: not sent yet; sent and not answered
  };
  Numbers numbers() const;
  // Whether the closed side's program runs on this host; nothing while not connected.
  std::optional<bool> same_host() const;
  // The wire to the gate's host; none when it is on this one. As long as this lives.
  const zone::ZoneLink* wire() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::cleaner

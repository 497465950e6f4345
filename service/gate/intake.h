// Bundles in: connections of the Internet side, one on this host (the newest counts) or one of each of its
// hosts (zone/ sees to that). Each bundle is decoded exactly, its digest, envelope and mail are checked, and
// it is accepted only when it is on the disk. What comes here is hostile input.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "proto/base/result.h"
#include "service/base/clock.h"
#include "service/base/descriptor.h"
#include "service/gate/way_back.h"
#include "service/gate/writer.h"
#include "service/zone/zone_link.h"

namespace kiyome::gate {

// Why a bundle is not taken; empty: it may be. Pure; thread-safe.
struct Refusal {
  transfer::Refused told;
  std::string why;
};
std::optional<Refusal> refuse(const transfer::Bundle& bundle);
std::optional<Refusal> refuse(const transfer::DropBundle& bundle);
std::optional<Refusal> refuse(const transfer::SealedOriginal& sealed);
// Why a door is not taken: its lines stand on a page. drop_refuse.cpp
std::optional<std::string> refuse(const transfer::Door& door);

class Intake {
 public:
  struct Calls {
    std::function<std::int64_t()> now_ms;
    // On the writer's thread, once for each new bundle, when it is on the disk.
    std::function<void(std::int64_t row, std::int64_t received_ms, std::shared_ptr<const transfer::Bundle>)>
        accepted;
    // Whether somebody here can have this. Empty: everything.
    std::function<bool(const transfer::DropBundle&)> has_takers;
    // A checkpoint: of a trail on the Internet side, or what stands there of ours. Empty: none is taken.
    std::function<void(const transfer::Checkpoint&)> checkpoint;
    // What is known here beside it. Throws TemporaryFailure: then it is offered again. Empty: nothing.
    std::function<Asked(const transfer::DropBundle&)> asked;
    // On the writer's thread: a new item of this delivery is on the disk. Empty: nobody can pick anything up
    // here, and such bundles are refused.
    std::function<void(const ItemId& submission)> dropped;
    // On the writer's thread: what this says is on the disk. May be empty.
    std::function<void(const transfer::DoorState&)> door_state{};
    // The mail that brings a sealed original whose form was proved; nothing where this side takes none.
    // Empty: it takes none.
    std::function<std::optional<transfer::Bundle>(const transfer::SealedOriginal&)> sealed{};
  };
  // Connections come to `listening`, a Unix socket, or from another host by way of `zone`, which outlives
  // this.
  Intake(Descriptor listening, GateStore& store, Calls calls, zone::ZoneLink* zone = nullptr);
  ~Intake();

  // To be given to the writer and to whoever has results; they end before this does.
  WayBack& way_back() { return way_back_; }
  // After every batch of the writer.
  void batch_done();
  // Starts to listen; `writer` outlives stop().
  void start(Writer& writer);
  void stop();

 private:
  struct Peer {
    Descriptor socket;
    std::unique_ptr<transfer::FrameReader> frames;
    WayBack::Line line = 0;
    bool gone = false;
  };

  void run();
  void accept_peer();
  void hang_up(Peer& peer, const char* why);
  void hang_up_all(const char* why);
  void bury();
  void read(Peer& peer);
  void handle(Peer& peer, std::string_view frame);
  void refuse_stream(Peer& peer, const char* event, const Error& error, const char* why);
  void take(transfer::Bundle bundle);
  void keep(transfer::Bundle bundle, bool sealed = false);
  void take(transfer::DropBundle bundle);
  void take(const transfer::SealedOriginal& sealed);
  void take(transfer::Door door);
  void take(const transfer::DoorState& state);
  void take(const transfer::Checkpoint& checkpoint);
  void take(const transfer::ResultTaken& taken);
  void take(const transfer::DropResultTaken& taken);
  void forget(std::function<void(GateStore&)> apply);
  void say_refused(WayBack::Line line, const Refusal& refusal);
  bool full() const;
  void wake();

  Descriptor listening_;
  zone::ZoneLink* zone_;
  Calls calls_;
  Writer* writer_ = nullptr;
  Descriptor wake_;
  WayBack way_back_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> commit_failed_{false};
  std::atomic<std::size_t> unwritten_{0}, unwritten_octets_{0};
  std::atomic<bool> throttled_{false};

  // the thread's own
  std::vector<Peer> peers_;
  WayBack::Line line_ = 0;  // of the frame in hand
  std::string trouble_;     // why its connection has to end
  std::string room_;
  std::string frame_;
  Steady::time_point listen_again_{};
  std::thread thread_;
};

}  // namespace kiyome::gate

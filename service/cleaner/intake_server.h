// The cleaner's side of the intake: hears Announce from edge, answers Taken and FreeSegment.
#pragma once

#include <functional>
#include <memory>

#include "proto/transfer/intake.h"
#include "service/base/descriptor.h"

namespace kiyome::cleaner {

// Thread-safe. One edge at a time counts; a new connection replaces the old one (edge was restarted).
class IntakeServer {
 public:
  // `announced` is called on the server's thread, in order; it must not block for long.
  IntakeServer(Descriptor listening, std::function<void(const transfer::Announce&)> announced);
  ~IntakeServer();
  // Said to the edge that is connected now; lost if there is none (it will announce again, and be answered
  // again).
  void say(const transfer::Intake& message);
  // Sends what say() collected: once a batch, one wake-up for edge.
  void flush();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::cleaner

// The cleaner's side of the intake: hears Announce, AskDrop and AskPicture from edge, answers Taken,
// FreeSegment, DropState and Picture.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "proto/transfer/intake.h"
#include "service/base/descriptor.h"

namespace kiyome::cleaner {

// Thread-safe. One edge at a time counts; a new connection replaces the old one (edge was restarted).
class IntakeServer {
 public:
  // Called on the server's thread, in order; they must not block for long. What is said within them is sent
  // at once.
  struct Calls {
    std::function<void(const transfer::Announce&)> announced;
    std::function<void(const ItemId&)> asked;  // AskDrop
    // AskPicture: the preview, or no octets; nothing: not now, edge is not answered. It is sent before the
    // next word of edge is heard: one at a time is in memory, however many edge asks for.
    std::function<std::optional<std::string>(const ItemId&, std::uint32_t page)> picture;
    std::function<void(const transfer::Checkpoint&)> checkpoint{};  // of edge's trail. May be empty
  };
  IntakeServer(Descriptor listening, Calls calls);
  ~IntakeServer();
  void start();  // to hear; what `calls` reach must be there by now
  void stop();   // nothing is heard afterwards, what is said still arrives
  // Said to the edge that is connected now; lost if there is none (it will announce again, and be answered
  // again).
  void say(const transfer::Intake& message);
  // Sends what say() collected: once a batch, one wake-up for edge.
  void flush();
  bool connected() const;  // whether an edge is there

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::cleaner

// The edge's side of the intake: tells the cleaner of each item whose original is on disk, and hears what it
// has taken. Trusts the cleaner's words about items (it decides when an original may go), not their form.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "proto/transfer/intake.h"
#include "service/store/original_log.h"

namespace kiyome::edge {

// Thread-safe. Announcements wait here until the cleaner says Taken, over any number of connections; a few
// hundred octets each, and the originals of as many items stand on the disk.
class IntakeLink {
 public:
  // `path` is the cleaner's Unix socket. Nothing runs before start().
  explicit IntakeLink(std::string path);
  ~IntakeLink();

  // In the order in which the cleaner shall hear them.
  void announce(const transfer::Announce& item);
  // What the drop box wants to hear, on the link's thread; each may be empty.
  struct DropCalls {
    std::function<void(const transfer::DropState&)> state;  // whatever id the cleaner names
    std::function<void()> connected;  // the cleaner may have forgotten what was asked: ask() again
    std::function<void(transfer::Picture)> picture;
    std::function<void()> away;  // the connection ended: what was asked is not answered any more
    std::function<void(const transfer::Checkpoint&)> checkpoint;  // of our trail: it stands in the other zone
  };
  // Connects, and reconnects with backoff; after each connect everything not taken is said again, in order.
  // `log` and what `drops` reach must outlive the link's running.
  void start(store::OriginalLog& log, DropCalls drops = {});
  // How does this file fare? The answer comes as DropCalls::state. Forgotten when there is no connection, or
  // with it.
  void ask(const ItemId& id);
  // A preview; the answer comes as DropCalls::picture, or the end as DropCalls::away. false: there is no
  // connection.
  bool ask(const transfer::AskPicture& picture);
  void stop();
  // A checkpoint of our trail, to be carried to the other zone. Forgotten when there is no connection.
  void say(const transfer::Checkpoint& checkpoint);
  bool connected() const;
  // Items that wait for Taken.
  std::size_t waiting() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::edge

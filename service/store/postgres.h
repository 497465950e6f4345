// The engine for many hosts: a schema of a PostgreSQL database (15 or later), by libpq. Its server and the
// wire to it belong to the installation and are trusted like the disk of one host; that it is there at every
// moment is not: a connection that was lost is made anew, to whichever of the url's hosts takes writes now.
#pragma once

#include <chrono>
#include <memory>

#include "service/store/database.h"

namespace kiyome::store {

// Connects. Makes the schema when it is not there. Refuses a server that does not keep what it was told to
// commit.
std::unique_ptr<Engine> open_postgres(const Place& place);

// Hears NOTIFY `channel` over a connection of its own. One thread, but ring() is anyone's.
class Bell {
 public:
  Bell(const Place& place, const char* channel);
  ~Bell();
  // Until it was notified, ring() was called or the time is over; also returns early when the connection was
  // lost or made again, because a notice may have been missed.
  void wait(std::chrono::milliseconds patience);
  void ring();  // any thread: the one that waits returns

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::store

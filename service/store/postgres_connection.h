// One libpq connection: made, lost and made anew; what a server must promise before it is used. Of the
// PostgreSQL engine alone.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>

#include "service/store/database.h"

namespace kiyome::store::postgres {

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, Clear>;

class Connection {
 public:
  explicit Connection(Place place) : place_(std::move(place)) {}

  // The connection that stands, or a new one. Throws TemporaryFailure.
  PGconn* get();
  // For an answer of a connection that is used: throws TemporaryFailure with the server's words unless it is
  // fine.
  Answer expect(Answer answer);
  // A command without parameters; several with `;` between. Gives the last one's answer.
  Answer command(const char* sql);
  bool lost() const { return !handle_ || PQstatus(handle_.get()) == CONNECTION_BAD; }
  void close() { handle_.reset(); }
  // Counts connections: what was prepared on an earlier one is not there any more.
  std::uint64_t life() const { return life_; }
  const Place& place() const { return place_; }

 private:
  struct Finish {
    void operator()(PGconn* handle) const { PQfinish(handle); }
  };
  void connect();
  void make_schema();

  Place place_;
  std::unique_ptr<PGconn, Finish> handle_;
  std::uint64_t life_ = 0;
};

// One text, e.g. of SHOW; empty for no row.
std::string single(const Answer& answer);

}  // namespace kiyome::store::postgres

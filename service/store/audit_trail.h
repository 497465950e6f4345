// An audit trail in a file of its own, or in a database that many hosts share, for a role that has no item
// store: the edge's (who signed in, who sent what) and the like. Entries form audit/chain.h's chain.
// Thread-safe; throws TemporaryFailure when the disk says no, and then the entry is not there.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "service/base/guarded.h"
#include "service/store/audit_book.h"

namespace kiyome::store {

class AuditTrail {
 public:
  // Opens or creates it.
  explicit AuditTrail(Place place);
  explicit AuditTrail(const std::string& path) : AuditTrail(Place{path, {}, {}}) {}

  // Numbers, dates and chains the entry; on return it is on the disk. `detail` is one JSON object.
  void append(const std::string& event, const std::string& actor, const std::string& detail);
  // For whoever looks after it; what is given to `write` is done when that returns. Lives as long as this.
  AuditBook book();

 private:
  struct State {
    explicit State(const Place& place);
    Database database;
    AuditLog log;
  };
  void write(const std::function<void(Database&, AuditLog&)>& work);
  bool on_duty();

  Place place_;
  Guarded<std::unique_ptr<Database>> duty_;  // the connection that holds it, once it was asked for
  Guarded<std::unique_ptr<State>> state_;
};

}  // namespace kiyome::store

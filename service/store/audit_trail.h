// An audit trail in a file of its own, for a role that has no item store: the edge's (who signed in, who sent
// what) and the like. Entries form audit/chain.h's chain. Thread-safe; throws TemporaryFailure when the disk
// says no, and then the entry is not there.
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
  // Opens or creates the file.
  explicit AuditTrail(const std::string& path);

  // Numbers, dates and chains the entry; on return it is on the disk. `detail` is one JSON object.
  void append(const std::string& event, const std::string& actor, const std::string& detail);
  // For whoever looks after it; what is given to `write` is done when that returns. Lives as long as this.
  AuditBook book();

 private:
  struct State {
    explicit State(const std::string& path);
    Database database;
    AuditLog log;
  };
  void write(const std::function<void(Database&, AuditLog&)>& work);

  std::string path_;
  Guarded<std::unique_ptr<State>> state_;
};

}  // namespace kiyome::store

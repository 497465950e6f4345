// The audit trail as it stands in a database's table `audit`: entries ride the transactions of whoever owns
// it, so what was done and what is told of it are on the disk together.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "service/audit/chain.h"
#include "service/store/sqlite.h"

namespace kiyome::store {

// Its table, for a schema's first step.
#define KIYOME_AUDIT_TABLE                                                                                 \
  "CREATE TABLE audit (sequence INTEGER PRIMARY KEY, unix_ms INTEGER NOT NULL, event TEXT NOT NULL, item " \
  "BLOB, "                                                                                                 \
  "actor TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT NULL);"

// One thread: the one that writes. Throws TemporaryFailure.
class AuditLog {
 public:
  explicit AuditLog(Database& database);
  // `detail` is one JSON object.
  void note(const std::string& event, const ItemId* item, const std::string& actor, const std::string& detail,
            std::int64_t now_ms);
  // After the owner's transaction: the chain goes on from what is on the disk.
  void committed() { committed_ = head_; }
  void rolled_back() { head_ = committed_; }

  // Any connection. Counts the entries that hold; gives the first fault in words, or nothing. `use` may be
  // empty.
  static std::optional<std::string> verify(Database& database,
                                           const std::function<void(const audit::Entry&)>& use,
                                           std::uint64_t& count);

 private:
  struct Head {
    std::uint64_t sequence = 0;
    audit::Hash hash{};
  };
  Database& database_;
  Head head_, committed_;
};

}  // namespace kiyome::store

// The audit trail as it stands in a database's table `audit`: entries ride the transactions of whoever owns
// it, so what was done and what is told of it are on the disk together.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "service/audit/chain.h"
#include "service/store/database.h"

namespace kiyome::store {

// Its table, for a schema's first step.
#define KIYOME_AUDIT_TABLE                                                                                 \
  "CREATE TABLE audit (sequence INTEGER PRIMARY KEY, unix_ms INTEGER NOT NULL, event TEXT NOT NULL, item " \
  "BLOB, "                                                                                                 \
  "actor TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT NULL);"

// For a later step. audit_base: behind which entry the trail begins (what was before it was let go at a
// signed checkpoint), and the last entry there is. checkpoints: signed heads, our own (told_ms: since when
// the other zone has it) and those that came from others.
#define KIYOME_AUDIT_BOOK                                                                                  \
  "CREATE TABLE audit_base (one INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, head BLOB NOT NULL, last " \
  "INTEGER NOT NULL);"                                                                                     \
  "INSERT INTO audit_base SELECT 1, 0, zeroblob(32), coalesce(max(sequence), 0) FROM audit;"               \
  "CREATE TABLE checkpoints (trail INTEGER NOT NULL, sequence INTEGER NOT NULL, kind INTEGER NOT NULL, "   \
  "unix_ms INTEGER NOT NULL, head BLOB NOT NULL, key BLOB NOT NULL, signature BLOB NOT NULL, told_ms "     \
  "INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (trail, sequence, kind)) WITHOUT ROWID;"                        \
  "CREATE INDEX checkpoints_untold ON checkpoints (trail, sequence) WHERE told_ms = 0;"                    \
  "CREATE INDEX audit_event ON audit (event);"                                                             \
  "CREATE INDEX audit_actor ON audit (actor);"                                                             \
  "CREATE INDEX audit_both ON audit (actor, event);"                                                       \
  "CREATE INDEX audit_item ON audit (item) WHERE item IS NOT NULL;"

// One thread: the one that writes. Throws TemporaryFailure.
class AuditLog {
 public:
  explicit AuditLog(Database& database);
  // `detail` is one JSON object.
  void note(const std::string& event, const ItemId* item, const std::string& actor, const std::string& detail,
            std::int64_t now_ms);
  // At the beginning of the owner's transaction: where others write too, the chain goes on from what they
  // wrote.
  void began();
  // After the owner's transaction: the chain goes on from what is on the disk.
  void committed() { committed_ = head_; }
  void rolled_back() { head_ = committed_; }
  // The last entry, also of a transaction in hand.
  audit::Base head() const { return {head_.sequence, head_.head}; }

 private:
  std::uint64_t read_head();  // gives the number of the last entry as it was counted
  void go_on_from(std::uint64_t counted);

  Database& database_;
  audit::Base head_, committed_;
};

}  // namespace kiyome::store

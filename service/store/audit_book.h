// What stands beside a trail's entries, and how a trail is read: its base, its checkpoints, pages of entries,
// one whole examination. Over any connection to a database that has KIYOME_AUDIT_TABLE and KIYOME_AUDIT_BOOK;
// calls that write want the owner's transaction. Throws TemporaryFailure.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "service/audit/checkpoint.h"
#include "service/audit/examination.h"
#include "service/store/audit_log.h"

namespace kiyome::store {

// ---- reading ----
audit::Base audit_base(Database& database);
std::uint64_t audit_last(Database& database);  // as the trail counts
// Entries behind `after` in order, at most `max`.
std::vector<audit::Linked> audit_page(Database& database, std::uint64_t after, std::size_t max);

// Walks the chain page by page, for whoever reads slowly; counts the entries that hold, gives the first
// fault.
std::optional<audit::Fault> walk_trail(Database& database,
                                       const std::function<void(const audit::Entry&)>& use,
                                       std::uint64_t& count);

struct KeptCheckpoint {
  audit::Checkpoint checkpoint;
  std::int64_t told_ms = 0;
};
// Of one trail in order; `max` of them, the newest.
std::vector<KeptCheckpoint> checkpoints_of(Database& database, audit::Trail trail,
                                           std::size_t max = SIZE_MAX);
// Those of our zone's trails that the other zone has not confirmed, oldest first.
std::vector<audit::Checkpoint> untold_checkpoints(Database& database, std::span<const audit::Trail> trails,
                                                  std::size_t max);
// One read of the whole trail. `key`: the owner's, when it is known.
audit::Finding examine_trail(Database& database, audit::Trail trail, std::optional<audit::PublicKey> key,
                             std::span<const audit::Checkpoint> elsewhere);

// What an auditor looks for, newest first.
struct AuditQuery {
  std::string event, actor;  // empty: any
  std::optional<ItemId> item;
  std::int64_t since_ms = 0, until_ms = 0;  // 0: no bound; `until` is not part of it
  std::uint64_t before = 0;                 // entries before this one; 0: from the end
  std::size_t max = 0;
};
std::vector<audit::Entry> find_audit(Database& database, const AuditQuery& query);
// The first entry that may be as young as that: by halves, for a clock that was set back a little.
std::uint64_t audit_sequence_at(Database& database, std::int64_t unix_ms);

// ---- writing ----
// A new one of our own trail, when there is something that none covers yet. `always`: also when all that is
// new are notes about checkpoints of others, which would otherwise go to and fro for ever.
std::optional<audit::Checkpoint> make_checkpoint(Database& database, const AuditLog& log, audit::Trail trail,
                                                 const audit::Signer& signer, std::int64_t now_ms);

enum class Keeping { fresh, known, conflict };
// Of a trail that is not ours. Never a second head for an entry, nor a second key for a trail: `standing`
// then gets the one that stands. What is fresh, and what conflicts, is noted in our own trail.
Keeping keep_checkpoint(Database& database, AuditLog& log, const audit::Checkpoint& checkpoint,
                        std::int64_t now_ms, audit::Checkpoint& standing);
// The other zone has it. false: what it has is not what stands here (which is noted).
bool confirm_checkpoint(Database& database, AuditLog& log, const audit::Checkpoint& checkpoint,
                        std::int64_t now_ms);
bool is_told(Database& database, const audit::Checkpoint& checkpoint);
// Lets entries go that are older than that, up to a checkpoint that the other zone has; gives the signed cut.
// Checkpoints as old go too, but for each trail's newest. A further turn removes what one left of the rows.
std::optional<audit::Checkpoint> cut_trail(Database& database, AuditLog& log, audit::Trail trail,
                                           const audit::Signer& signer, std::int64_t before_ms,
                                           std::int64_t now_ms);

// How whoever looks after a trail reaches it, whatever thread owns its writing.
struct AuditBook {
  // Rides a transaction of the owner; may be called twice when the first failed with its company. `done`
  // may be empty.
  std::function<void(std::function<void(Database&, AuditLog&)> work, std::function<void(bool written)> done)>
      write;
  std::function<std::unique_ptr<Database>()> open;  // a connection of one's own, to read
  // Whether what is done once for a trail that many hosts write is ours to do now. Empty: yes.
  std::function<bool()> on_duty{};
  // Whether the collector gets the trail from here. Empty: from whoever is on duty.
  std::function<bool()> forwards{};
};

}  // namespace kiyome::store

// The Internet side's store of items, verdicts, bundles on their way, notices to outside senders, and the
// audit trail. One narrow interface; this engine is SQLite (WAL, synchronous=FULL) with one writer thread
// that shares each fsync among all that wait (group commit). Thread-safe. A failed commit is told to every
// caller of that batch and nothing of it stays.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/clean/findings.h"
#include "proto/transfer/bundle.h"
#include "proto/transfer/intake.h"
#include "service/audit/chain.h"
#include "service/base/clock.h"
#include "service/base/config.h"
#include "service/store/audit_book.h"
#include "service/store/items_at.h"
#include "service/store/original_log.h"
#include "service/store/standing.h"

namespace kiyome::store {

// Where a recipient's copy stands. `deleted` is no state of a queue: it is only shown.
enum class State : std::uint8_t { held = 1, sending = 2, delivered = 3, bounced = 4, deleted = 5 };
std::string_view name_of(State state);

// What was decided for some recipients of an item.
struct DecidedGroup {
  Verdict verdict = Verdict::clean;
  std::vector<std::uint32_t> recipients;  // transfer::Recipient::index
  std::vector<clean::Finding> reasons;
  std::optional<transfer::Bundle> bundle;  // when clean
  bool further = false;  // of a later decision: for recipients who have a mail of the item already
};

// Files in one recipient's copy that are held because they are encrypted.
struct LockedCopy {
  std::uint32_t recipient = 0;  // transfer::Recipient::index
  std::string places;           // where they lie, in the cleaner's words; empty: nothing is locked any more
  std::int64_t tried = 0;       // the newest mail with passwords for this copy that was taken into account
};

// Passwords that a mail brings for one recipient, as Locks::seal() gives them.
struct SealedWords {
  std::string recipient, tag, sealed;
};

// A link that stands in one of the bundles, for its one recipient.
struct DecidedDoor {
  ItemId bundle;
  std::uint16_t part = 0;
  transfer::Door door;
};

struct DecidedItem {
  Envelope envelope;
  transfer::Announce where;
  std::uint64_t bytes = 0;
  std::array<std::uint8_t, 32> sha256{};
  std::vector<std::uint64_t> segments;
  std::string subject;  // decoded, for listings
  std::string header;   // clean::MailHeader encoded, for later notices
  std::string report;   // JSON: parts, findings, times
  std::vector<DecidedGroup> groups;
  std::vector<transfer::Bundle> notices;  // about held recipients; part 0
  std::vector<LockedCopy> locked;         // copies with locked files, or that had some
  std::vector<Standing> standings;        // of copies that leave, where there is something to remember
  std::vector<SealedWords> words;         // of the pairs of its sender and recipients
  std::vector<DecidedDoor> doors;         // of its bundles and notices
  // Of a file of the drop box: what crosses, whatever the verdict. It has one group, and that has no bundle.
  std::optional<transfer::DropBundle> drop;
  std::uint32_t drop_pages = 0;            // made of it
  std::vector<std::string> drop_pictures;  // of its first pages, clean PNGs; at most limits::kPreviewPages
  std::string drop_places;  // where files lie in it that wait for a password; in the cleaner's words
  bool released = false;    // a second decision, about recipients that are held
  bool unlocked = false;    // a further mail, for recipients who are served: a password opened something
  std::string actor = "cleaner";
  std::string event;                 // of a person's decision, for the audit trail; empty: the usual one
  std::string detail;                // more members of the audit entry, each with a comma before it
  Behalf behalf;                     // of a person's decision
  std::vector<std::string> tenants;  // of its recipients, as policy::tenants_of() gives them
  // Set, before it is told that it is written, when another host was first: nothing of this decision counts.
  // May be empty.
  std::shared_ptr<bool> too_late{};
};

struct ItemRow {
  ItemId id;
  std::int64_t received_ms = 0;
  std::string sender, client, envid, subject, header, report;
  std::uint64_t bytes = 0;
  std::string sha256_hex;
  transfer::Announce where;
  bool original_kept = true;
};
struct RecipientRow {
  ItemId id;
  std::uint32_t index = 0;
  std::uint16_t part = 0;  // of the mail that carries it; 0: none
  std::string address, sender, orcpt;
  std::uint8_t notify = 0;
  State state = State::held;
  Verdict verdict = Verdict::clean;
  std::string reasons;  // slugs, separated by spaces
  std::string status;   // enhanced status of the delivery, or empty
  std::uint64_t bytes = 0;
  std::int64_t received_ms = 0, changed_ms = 0;
};

// A notice to an outside sender that waits to be sent.
struct ReturnMail {
  std::int64_t number = 0;
  ItemId id;
  std::string recipient, content;
  std::uint32_t attempts = 0;
  std::int64_t created_ms = 0, next_ms = 0;
};

// What the store tells about files of the drop box; on the writer's thread, after the fsync.
struct DropCalls {
  // A bundle that the store wrote by itself, for what became of a file after its verdict.
  std::function<void(const ItemId&, std::uint16_t part)> wrote;
  std::function<void(const ItemId&)> changed;  // drop_state() may give something else now
};

class Database;
class ItemWriter;

// Nothing of an item that stands under one expires, is deleted or erased until it is lifted.
struct LegalHold {
  std::string by, reason;
  std::int64_t at_ms = 0;
};
struct KeptItem {
  ItemId id;
  std::string subject;
  LegalHold hold;
};
enum class Keep : std::uint8_t { done, as_before, no_item };

struct ListFilter {
  std::optional<State> state;
  std::optional<ItemId> id;
  bool held_only = false;
};

class ItemStore {
 public:
  // Opens or creates it. `after_batch` is called on the writer's thread when the callers of a
  // batch were told. Throws TemporaryFailure.
  ItemStore(ItemsAt at, std::function<void()> after_batch, DropCalls drops = {});
  ~ItemStore();
  // Finishes what was submitted; what comes later is neither written nor answered. What its callers reach
  // must be there until then.
  void stop();

  using Done = std::function<void(bool written)>;  // on the writer's thread, after the fsync

  // The verdict, its bundles, its notices and its audit entries: one transaction, shared with others.
  // An id that is already decided is left as it is (written = true), unless `released` or `unlocked`. Then a
  // group counts for those of its recipients who are still held and not refused for good, or, of a `further`
  // one, who are served; its bundle names those alone, and none is written for nobody: so a release happens
  // once. A file of the drop box has all its recipients together: held for a release, not deleted for an
  // unlocking. A later bundle of a dropped file takes the place of an earlier one that waits.
  void decide(DecidedItem item, Done done);
  // These ride the next batch. `done` may be empty.
  void bundle_accepted(const ItemId& id, std::uint16_t part, Done done = {});
  // Its recipients become held: verify-refused. `notice` tells them, or is empty; it leaves with the same
  // commit.
  void bundle_refused(const transfer::Refused& refusal, std::optional<transfer::Bundle> notice, Done done);
  // `notice` is what the sender is to be told, composed by the caller, or empty.
  void delivery(const transfer::DeliveryResult& result, const std::string& notice, Done done);
  // How a file of the drop box fares on the closed side. What does not fit its bundle changes nothing.
  void drop_result(const transfer::DropResult& result, Done done);
  // Turns a bundle that was never sent into a hold of its recipients.
  // `detail`: more members of the audit entry.
  void hold(const ItemId& id, std::uint16_t part, const std::string& actor,
            std::function<void(unsigned recipients)> done, const std::string& detail = {});
  void remove(const ItemId& id, const std::string& actor,
              std::function<void(unsigned recipients)> done);  // held recipients
  // For those who are held and not refused already; of a dropped file all or none.
  void settle(const ItemId& id, Settlement settlement, std::function<void(unsigned recipients)> done);
  // Gives its number; 0: limits::kAllowances of them stand.
  void allow(NewAllowance allowance, std::function<void(std::int64_t number)> done);
  void return_sent(std::int64_t number, bool delivered, std::string_view status, Done done);
  void return_later(std::int64_t number, std::uint32_t attempts, std::int64_t next_ms, Done done);
  void note(audit::Entry entry);  // an audit entry on its own
  // Puts an item under legal hold, or lifts that. `as_before`: it was, or was not; a new reason is not taken.
  void keep(const ItemId& id, const std::string& by, const std::string& reason,
            std::function<void(std::optional<Keep>)> done);
  void unkeep(const ItemId& id, const std::string& by, std::function<void(std::optional<Keep>)> done);
  // What another table of the same database needs: rides a transaction with others, on the writer's thread.
  // `work` may be called twice (again after its company failed): it reads first what it decides by.
  void write(std::function<void(ItemWriter&)> work, Done done);

  const ItemsAt& at() const;
  // Whether what is done once for the whole store is ours to do: alone always, among others when it is our
  // turn.
  bool keeps_house() const;
  void keep_house(Steady::time_point until);  // the past: another does

  // Reading, each call over a read connection of its own snapshot.
  bool knows(const ItemId& id);
  std::optional<ItemRow> find(const ItemId& id);
  std::vector<RecipientRow> recipients(const ItemId& id);
  std::optional<RecipientRow> recipient(const ItemId& id, std::uint32_t number);
  void list(const ListFilter& filter, const std::function<bool(const RecipientRow&)>& row);
  std::vector<std::pair<ItemId, std::uint16_t>> unaccepted_bundles();  // that are ours to send
  bool has_bundle(const ItemId& id, std::uint16_t part);
  std::optional<transfer::AnyBundle> load_bundle(const ItemId& id, std::uint16_t part);
  bool is_drop(const ItemId& id);
  std::string drop_places(const ItemId& id);  // as it was decided last
  // Of its first pages, counted from 1; empty: there is none (any more).
  std::string drop_picture(const ItemId& id, std::uint32_t page);
  // Of any item that is decided; the least that is true of all recipients. Empty: it is not.
  std::optional<transfer::DropState> drop_state(const ItemId& id);
  // Nothing is put off for longer than `longest_ms`: what seems to be was written before the clock was set
  // back, and is due.
  std::vector<ReturnMail> due_returns(std::int64_t now_ms, std::size_t max,
                                      std::int64_t longest_ms = 86'400'000);
  std::vector<Standing> standings(const ItemId& id);
  std::vector<Allowed> allowed(std::int64_t now_ms);  // all that stand
  std::uint16_t next_part(const ItemId& id);          // ordinal for a further mail of the item
  struct Counts {
    std::uint64_t held = 0;           // recipients' copies
    std::int64_t held_oldest_ms = 0;  // when the oldest of their items came; 0: none is held
    std::uint64_t returns = 0;        // notices that wait to be sent
  };
  Counts counts();
  AuditBook audit_book();  // for whoever looks after the trail; lives as long as this
  std::optional<LegalHold> legal_hold(const ItemId& id);
  // All that stand under one, the newest item first; those older than `before`, when it is given.
  std::vector<KeptItem> legal_holds(const std::optional<ItemId>& before, std::size_t max);

  // Retention: forgets originals and deletes held items past their days, with audit entries; how many days
  // those are is asked for each set of tenants, on the writer's thread. Then calls `unneeded` on the writer's
  // thread, so before the answer to any later verdict, with those of `segments` (all that stand) that no
  // decided item needs. Waits for the end of that.
  using RetentionOf = std::function<RetentionConfig(std::span<const std::string> tenants)>;
  void expire(const RetentionOf& retention, std::int64_t now_ms, std::vector<std::uint64_t> segments,
              const std::function<void(std::uint64_t segment)>& unneeded);

 private:
  void look(const std::function<void(Database&)>& use);  // over the read connection

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Calls submit(answer) and waits for what is given to `answer`, once, by another thread; nothing when that
// takes longer than `patience`. It may still be called then.
template <class T, class Submit>
std::optional<T> wait_for_answer(std::chrono::milliseconds patience, Submit&& submit) {
  const auto promise = std::make_shared<std::promise<T>>();  // shared: the writer may answer after we gave up
  std::future<T> future = promise->get_future();
  submit([promise](T value) { promise->set_value(value); });
  if (future.wait_for(patience) != std::future_status::ready) return std::nullopt;
  return future.get();
}

}  // namespace kiyome::store

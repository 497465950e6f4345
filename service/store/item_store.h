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
#include "service/base/config.h"
#include "service/store/original_log.h"

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
  std::vector<SealedWords> words;         // of the pairs of its sender and recipients
  // Of a file of the drop box: what crosses, whatever the verdict. It has one group, and that has no bundle.
  std::optional<transfer::DropBundle> drop;
  std::uint32_t drop_pages = 0;            // made of it
  std::vector<std::string> drop_pictures;  // of its first pages, clean PNGs; at most limits::kPreviewPages
  std::string drop_places;  // where files lie in it that wait for a password; in the cleaner's words
  bool released = false;    // a second decision, about recipients that are held
  bool unlocked = false;    // a further mail, for recipients who are served: a password opened something
  std::string actor = "cleaner";
  std::vector<std::string> tenants;  // of its recipients, as policy::tenants_of() gives them
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

struct ListFilter {
  std::optional<State> state;
  std::optional<ItemId> id;
  bool held_only = false;
};

class ItemStore {
 public:
  // Opens or creates FOLDER/items.db. `after_batch` is called on the writer's thread when the callers of a
  // batch were told. Throws TemporaryFailure.
  ItemStore(const std::string& folder, std::function<void()> after_batch, DropCalls drops = {});
  ~ItemStore();
  // Finishes what was submitted; what comes later is neither written nor answered. What its callers reach
  // must be there until then.
  void stop();

  using Done = std::function<void(bool written)>;  // on the writer's thread, after the fsync

  // The verdict, its bundles, its notices and its audit entries: one transaction, shared with others.
  // An id that is already decided is left as it is (written = true), unless `released`, which counts for
  // recipients that are still held and only for them: bundles of the others are dropped, so a release happens
  // once; or `unlocked`, which counts for groups whose recipients were all served (of a file of the drop box:
  // were not deleted). A later bundle of a dropped file takes the place of an earlier one that waits.
  void decide(DecidedItem item, Done done);
  // These ride the next batch. `done` may be empty.
  void bundle_accepted(const ItemId& id, std::uint16_t part);
  // Its recipients become held: verify-refused. `notice` tells them, or is empty; it leaves with the same
  // commit.
  void bundle_refused(const transfer::Refused& refusal, std::optional<transfer::Bundle> notice, Done done);
  // `notice` is what the sender is to be told, composed by the caller, or empty.
  void delivery(const transfer::DeliveryResult& result, const std::string& notice, Done done);
  // How a file of the drop box fares on the closed side. What does not fit its bundle changes nothing.
  void drop_result(const transfer::DropResult& result, Done done);
  // Turns a bundle that was never sent into a hold of its recipients.
  void hold(const ItemId& id, std::uint16_t part, const std::string& actor,
            std::function<void(unsigned recipients)> done);
  void remove(const ItemId& id, const std::string& actor,
              std::function<void(unsigned recipients)> done);  // held recipients
  void return_sent(std::int64_t number, bool delivered, std::string_view status, Done done);
  void return_later(std::int64_t number, std::uint32_t attempts, std::int64_t next_ms, Done done);
  void note(audit::Entry entry);  // an audit entry on its own

  // Reading, each call over a read connection of its own snapshot.
  bool knows(const ItemId& id);
  std::optional<ItemRow> find(const ItemId& id);
  std::vector<RecipientRow> recipients(const ItemId& id);
  std::optional<RecipientRow> recipient(const ItemId& id, std::uint32_t number);
  void list(const ListFilter& filter, const std::function<bool(const RecipientRow&)>& row);
  std::vector<std::pair<ItemId, std::uint16_t>> unaccepted_bundles();
  bool has_bundle(const ItemId& id, std::uint16_t part);
  std::optional<transfer::AnyBundle> load_bundle(const ItemId& id, std::uint16_t part);
  bool is_drop(const ItemId& id);
  std::string drop_places(const ItemId& id);  // as it was decided last
  // Of its first pages, counted from 1; empty: there is none (any more).
  std::string drop_picture(const ItemId& id, std::uint32_t page);
  // Of any item that is decided; the least that is true of all recipients. Empty: it is not.
  std::optional<transfer::DropState> drop_state(const ItemId& id);
  std::vector<ReturnMail> due_returns(std::int64_t now_ms, std::size_t max);
  std::uint16_t next_part(const ItemId& id);  // ordinal for a further mail of the item
  // Walks the audit trail; gives the first fault, or empty. `entry` may be empty.
  std::optional<std::string> verify_audit(const std::function<void(const audit::Entry&)>& entry,
                                          std::uint64_t& count);

  // Retention: forgets originals and deletes held items past their days, with audit entries; how many days
  // those are is asked for each set of tenants, on the writer's thread. Then calls `unneeded` on the writer's
  // thread, so before the answer to any later verdict, with those of `segments` (all that stand) that no
  // decided item needs. Waits for the end of that.
  using RetentionOf = std::function<RetentionConfig(std::span<const std::string> tenants)>;
  void expire(const RetentionOf& retention, std::int64_t now_ms, std::vector<std::uint64_t> segments,
              const std::function<void(std::uint64_t segment)>& unneeded);

 private:
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

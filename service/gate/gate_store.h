// The gate's own store: bundles on their way, what is left of each envelope, results that the Internet side
// has not confirmed, and which bundles were ever taken; large contents beside it (blobs.h). Trusts its folder
// to be its own, or the database that several gates share: then each bundle that waits has an owner, the one
// gate that may deliver it (lease.h).
//   accepted    (id, part): the gate takes each bundle once, also long after it was delivered
//   pending     a bundle with recipients that are not finished
//   contents    its mail, unless it is large
//   deliveries  a recipient that is not finished
//   results     a delivery result that was not confirmed by ResultTaken
// Beside them stand the tables of the pick-up (drop_store.h) and the audit trail.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/transfer/bundle.h"
#include "service/base/guarded.h"
#include "service/gate/blobs.h"
#include "service/gate/content.h"
#include "service/gate/door_store.h"
#include "service/gate/drop_store.h"
#include "service/gate/gate_at.h"
#include "service/gate/numbered_result.h"
#include "service/store/database.h"

namespace kiyome::gate {

// A mail that the gate wrote by itself: nobody on the Internet side asks how it fares.
inline constexpr auto kOwnMail = static_cast<transfer::BundleKind>(3);

// A bundle that waits for its next attempt.
struct PendingBundle {
  std::int64_t row = 0;  // its name within this store
  ItemId id;
  std::uint16_t part = 0;
  std::uint32_t attempts = 0;
  std::int64_t received_ms = 0, next_ms = 0;
  bool delay_told = false;
  std::uint64_t size = 0;
  bool own = false;  // kOwnMail
};

// What one attempt needs: the envelope with the recipients that are not finished, and the content.
struct LoadedBundle {
  std::string sender, envid;
  std::uint8_t ret = 0;
  std::vector<transfer::Recipient> recipients;
  std::shared_ptr<const Content> content;  // shared with the outbox, which may keep it for the next attempt
};

// What one attempt came to.
struct Outcome {
  PendingBundle bundle;  // with the new attempts, next_ms and delay_told
  struct Last {          // of a recipient that stays
    std::uint32_t recipient = 0;
    std::string status;
  };
  std::vector<std::uint32_t> finished;  // recipients
  std::vector<Last> left;
  std::vector<transfer::DeliveryResult> results;  // of the finished ones, and delays
};

// One line of a listing.
struct ListedDelivery {
  PendingBundle bundle;
  std::string sender, status;
  transfer::Recipient recipient;
};

// begin() to commit() and what stands between them: on one thread, the writer's. The reading calls: any
// thread. Everything throws TemporaryFailure.
class GateStore {
 public:
  // Opens or creates it, and blobs/ in the folder; removes files that no bundle names.
  explicit GateStore(const GateAt& at);
  ~GateStore();
  bool shared() const { return at_.shared(); }
  const std::string& folder() const { return at_.folder; }

  // ---- writing ----
  void begin();
  void commit();    // on return everything since begin() is on disk, large contents included
  void rollback();  // forgets it; files of this transaction are removed

  // The row of the new pending bundle, or empty when (id, part) was taken before.
  std::optional<std::int64_t> insert(const transfer::Bundle& bundle, std::int64_t now_ms);
  // Gives the numbered results. A bundle without recipients left is finished: only its place in `accepted`
  // stays.
  void record(const Outcome& outcome, std::vector<NumberedResult>& results);
  void taken(const transfer::ResultTaken& taken);
  // Forgets what was accepted before that time and is finished; (id, part) would be taken as new from then
  // on.
  void prune(std::int64_t before_ms);
  // The pick-up's part. Its writing calls stand between begin() and commit(), as those here.
  DropStore& drops() { return *drops_; }
  DoorStore& doors() { return *doors_; }
  // Several gates on one database: who we are from here on, until the transaction is undone. Bundles that are
  // taken, and passwords that are given, are ours.
  void join(const std::string& owner);
  void leave_as(const std::string& host);  // earlier lives of this host, by what their names begin with
  void leave(const std::string& owner);    // what is ours is anybody's
  // He is dead, unless his heart has beaten since: others may have his bundles and duties. true: he was.
  bool bury(const std::string& owner, std::int64_t beat);
  // Bundles of the dead, at most `max`: they are ours now.
  std::vector<PendingBundle> adopt(std::size_t max);
  // All of this item are due, whoever has them: he looks at that now and then.
  void make_due(const ItemId& id);
  // What looks after the trail. Between begin() and commit(), as those here.
  void look_after_trail(const std::function<void(store::Database&, store::AuditLog&)>& work);

  // ---- reading ----
  void pending(const std::function<void(const PendingBundle&)>& use);
  // Empty when it is finished. A content that cannot be read is empty.
  std::optional<LoadedBundle> load(std::int64_t row);
  std::vector<NumberedResult> results_after(std::int64_t number, std::size_t max);
  // In order of age, until `use` gives false.
  void list(const std::function<bool(const ListedDelivery&)>& use);
  std::uint64_t waiting_results();
  // Ours that make_due() has met, or that an operator did.
  std::vector<std::int64_t> made_due(const std::string& owner);
  std::int64_t last_result();  // the largest number of those that wait
  // A connection of one's own, to read the trail, and for the lease.
  std::unique_ptr<store::Database> open() const;

 private:
  struct Writing;
  struct Reading;
  void remove_strays();

  GateAt at_;
  std::unique_ptr<Writing> writing_;
  Guarded<std::unique_ptr<Reading>> reading_;
  std::unique_ptr<DropStore> drops_;
  std::unique_ptr<DoorStore> doors_;
};

}  // namespace kiyome::gate

// What a reviewer decides about an item: release, retry, clean again, deliver without a part, reject, delete,
// hold, allow. All of it goes through here, whoever asks: the console, the command line, a second person's
// agreement, an answer to a recipient's request. Nothing raw ever leaves by a decision: what leaves is
// cleaned anew in the sandboxes and composed by us.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/cleaner/gate_link.h"
#include "service/cleaner/processor.h"
#include "service/cleaner/review/review_sight.h"
#include "service/cleaner/work_queue.h"
#include "service/review/desk.h"
#include "service/store/item_store.h"
#include "service/store/locks.h"
#include "service/store/proposals.h"

namespace kiyome::cleaner {

enum class DecisionKind : std::uint8_t {
  release,       // the clean result, now; a hold by policy counts no more
  retry,         // the same by the same rules: what policy holds stays held
  clean_again,   // with another policy for attachments, with passwords, or both; also for those who have a
                 // mail already: they get a further one with what is new
  without_part,  // leaves without that part
  reject,        // refused for good
  remove,        // "delete"
  hold,          // what has not left yet
  allow,         // this sender and type pass as pages for a time
};
std::string_view name_of(DecisionKind kind);  // "clean-again" …
std::optional<DecisionKind> decision_kind_of(std::string_view name);

// As openapi.yaml's Decision.
struct Decision {
  DecisionKind kind = DecisionKind::release;
  std::string reason;
  std::vector<std::uint32_t> recipients;  // transfer::Recipient::index; empty: all it makes sense for
  std::string part;                    // place ("3", "3/0"); without_part: what stays out; clean_again: only
                                       // this one changes, the others keep their policy; allow: whose type
  bool notice = false;                 // reject: the recipients are told
  std::optional<Action> policy;        // clean_again: strip, text, flatten or image
  std::vector<std::string> passwords;  // clean_again
  std::string part_type;               // allow: glob over types
  std::string sender;                  // allow: the item's sender (also when empty) or "@domain" of it
  std::int64_t days = 0;               // allow
  std::string text;                    // clean_again: a word to those who get a further mail; reject: in
                                       // the notice
};
// The members of a body; for http::JsonObject readers. What is wrong is noted there.
Decision read_decision(http::JsonObject& json);
// The same again as JSON, without passwords: what a proposal keeps.
std::string decision_json(const Decision& decision);
Decision decision_of(std::string_view json);  // throws http::Problem

// Who decided; both stand in the audit entry.
struct Decider {
  std::string login;
  std::string agreed_by;  // the second person, when there was one
  std::string tenant;     // only its recipients are his; empty: all
  store::Behalf behalf;   // what is carried out by it
};

struct Decided {
  unsigned recipients = 0;  // to whom it leaves, or whose copy was changed
  bool working = false;     // it takes longer (`recipients`: for whom); the item shows what came of it
  std::vector<clean::Finding> why;  // none left: what held them again
};

// Members of the audit entry, each with a comma before it.
std::string decision_detail(const Decision& decision, const Decider& decider);

// Thread-safe.
class Decisions {
 public:
  struct Parts {
    store::ItemStore& items;
    store::Locks& locks;
    store::OriginalReader& originals;
    WorkQueue& queue;
    GateLink& gate;
    CurrentConfig& config;
    ReviewSight& sight;
  };
  // Keeps what needs a second person; gives the proposal's number. `what` is decision_json().
  using Propose = std::function<std::int64_t(const review::Call&, const std::string& kind, const ItemId& item,
                                             const std::string& what, const std::string& reason)>;

  explicit Decisions(Parts parts) : parts_(parts) {}
  // Before anything is decided. Without it what loosens a policy is refused while console.second_person is
  // on.
  void on_propose(Propose propose) { propose_ = std::move(propose); }
  // decideItem, decideItems.
  void add_to(review::Desk& desk);

  // Does it now, whatever it loosens. Waits for the result, at most so long. Throws http::Problem: 404
  // `not-found`, 409 `decided` (there is nobody (any more) for whom it makes sense), 409 `not-kept` (the
  // original is past its days), 409 `busy` (it is being worked on), 409 `full`, 409 `kept` (nothing is
  // deleted under legal hold), 409 `unproven` (no trusted upstream has found this item's sender to be
  // himself), 422 `invalid`: then nothing was changed. TemporaryFailure: it may be written down yet. Doing
  // the same twice is harmless: what a recipient has he gets no second time.
  Decided apply(const ItemId& item, const Decision& decision, const Decider& decider,
                std::chrono::milliseconds patience = kPatience);
  // For a proposal that was agreed. Empty: it takes longer; asked again, it is not begun again. For one
  // thread.
  std::optional<Decided> carry_out(const store::Proposal& proposal);

  // The same for a reviewer: what needs a second person becomes a proposal.
  struct Asked {
    std::int64_t proposal = 0;  // its number; 0: it was decided
    Decided decided;
  };
  Asked ask(const review::Call& call, const ItemId& item, const Decision& decision, std::int64_t request = 0);
  // Whether it lets more through than the policy does now: takes a second person where the console says so.
  bool loosens(const ItemId& item, const Decision& decision);

  static constexpr std::chrono::milliseconds kPatience{15'000};  // below limits::kReviewWaitMs

 private:
  // A cleaning that was ordered: what comes of it, when it comes.
  struct Pending {
    std::optional<Decided> decided;
    std::future<Told> told;
    unsigned ordered = 0;  // recipients
  };
  review::Reply decide(const review::Call& call);
  review::Reply decide_many(const review::Call& call);
  std::optional<std::int64_t> proposed(const review::Call& call, const ItemId& item,
                                       const Decision& decision);
  review::Reply lost(const ItemId& item, const Decider& decider);
  Pending begin(const ItemId& item, const Decision& decision, const Decider& decider,
                Steady::time_point deadline);
  Pending order(const store::ItemRow& item, const Decision& decision, const Decider& decider,
                Steady::time_point deadline);
  static Decided wait(Pending& pending, Steady::time_point deadline);
  void check_part(const store::ItemRow& item, const Decision& decision);
  // What waits for a second person must not be refused only when he has agreed.
  void check_proposal(const ItemId& id, const Decision& decision, const Decider& decider);
  store::Allowed allowance(const store::ItemRow& item, const Decision& decision, const Decider& decider);
  unsigned settle(const store::ItemRow& item, const Decision& decision, const Decider& decider);
  transfer::Bundle refusal(const store::ItemRow& item, const Decision& decision,
                           const std::vector<store::RecipientRow>& rows);
  unsigned hold(const ItemId& item, const Decision& decision, const Decider& decider);
  unsigned allow(const store::ItemRow& item, const Decision& decision, const Decider& decider);
  // Those of its recipients of whom it speaks, whatever their state.
  std::vector<store::RecipientRow> concerned(const ItemId& item, const Decision& decision,
                                             const Decider& decider);

  Parts parts_;
  Propose propose_;
  std::map<std::int64_t, Pending> carried_;  // by proposal; of carry_out()'s thread
};

}  // namespace kiyome::cleaner

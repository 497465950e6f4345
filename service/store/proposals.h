// What takes two people, as the items' database keeps it: proposals, who stands in for whom, and the list of
// allowances. A proposal goes one way: open → agreed → done or failed, or open → refused or expired; every
// step is one transaction with its audit entries, so a death between two of them leaves it where the next
// life goes on. Trusts its callers to have asked who may.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/base/guarded.h"
#include "service/store/database.h"
#include "service/store/item_store.h"

namespace kiyome::store {

struct Proposal {
  std::int64_t number = 0;
  std::optional<ItemId> item;
  std::string kind;                         // "original", "clean-again", "allow" …
  std::string what;                         // one JSON object, in the kind's own words
  std::string reason, proposed_by, tenant;  // tenant: of the proposer
  std::int64_t proposed_ms = 0, until_ms = 0;
  std::string state = "open";      // open, agreed, done, failed, refused, expired
  std::string decided_by, answer;  // of the second person
  std::int64_t decided_ms = 0;
  std::string outcome;  // what came of doing it
  std::int64_t escalated_ms = 0;
  bool alone = false;                  // by break-glass: the proposer decided himself
  std::int64_t password_until_ms = 0;  // a password waits for the proposer until then; 0: none
  std::int64_t carried = 0;            // recipients to whom it has left; what is no mail counts as one
  std::string item_subject;            // while the item's record is kept
};

// A mail of ours to the Internet side.
struct OwnLetter {
  std::string to, content;
};
using LettersOf = std::function<std::vector<OwnLetter>(const Proposal&)>;  // on the writer's thread

struct Delegation {
  std::string login, delegate, tenant;  // tenant: of the login
  std::int64_t until_ms = 0;
};

struct Allowance {
  std::int64_t number = 0;
  std::string sender, type, allowed_by, agreed_by, reason, tenant;
  std::int64_t until_ms = 0, created_ms = 0, ended_ms = 0;
};

// Thread-safe; what writes waits for the disk and throws TemporaryFailure when that takes too long or fails
// (it may be written later all the same).
class Proposals {
 public:
  // The store has to be there: `items` has made it.
  Proposals(ItemStore& items, const ItemsAt& at);

  // Its number; 0: limits::kReviewOpen of them are open.
  std::int64_t add(Proposal proposal, const LettersOf& letters);

  struct Decision {
    std::int64_t number = 0;
    bool agree = false;
    bool alone = false;  // break-glass: of the proposer himself; never for an original
    std::string by, answer;
    std::string as;  // logins he stood in for, when he may only because of them
    std::int64_t now_ms = 0;
  };
  // Exactly one decision is taken, of a proposal that is open and not past its time, from another login than
  // the proposer's (or his own, `alone`). false: it was not this one.
  bool decide(const Decision& decision, const LettersOf& letters = {});

  struct Outcome {
    bool done = false;
    std::string text;  // for people and programs: "sent", "malware: Eicar" …
    std::vector<audit::Entry> entries;
    std::string password;  // sealed; empty: none
    std::int64_t password_until_ms = 0;
    std::vector<OwnLetter> letters;                    // bound to the proposal: their delivery is its outcome
    std::optional<transfer::SealedOriginal> crossing;  // the same, to the closed side
  };
  // What was agreed is done, or cannot be done. false: somebody else wrote that down before.
  bool finish(std::int64_t number, const Outcome& outcome);

  // The sealed password of an original, for its proposer, once; empty when there is none (any more).
  std::string take_password(std::int64_t number, const std::string& login, std::int64_t now_ms);
  // Proposals and passwords whose time is over.
  void expire(std::int64_t now_ms);
  // Tells those above of what is open since then. Each once.
  void escalate(std::int64_t proposed_before_ms, std::int64_t now_ms, const LettersOf& letters);

  std::optional<Proposal> find(std::int64_t number);
  // Newest first; `use` says whether it wants more. `after`: only older numbers; 0: from the newest.
  void list(bool open_only, std::int64_t after, const std::function<bool(const Proposal&)>& use);
  std::vector<Proposal> agreed();  // and neither done nor failed

  // `delegation.delegate` empty: ends it. false: he stands in for this login himself, directly or in a
  // circle.
  bool delegate(const Delegation& delegation, std::int64_t now_ms);
  std::optional<Delegation> delegation_of(const std::string& login, std::int64_t now_ms);
  std::vector<Delegation> delegations_to(const std::string& login, std::int64_t now_ms);

  // Newest first; those of one tenant, or all when it is empty.
  std::vector<Allowance> allowances(const std::string& tenant, std::size_t max);
  // Whether it stood and was the tenant's (empty: anybody's).
  bool end_allowance(std::int64_t number, const std::string& tenant, const std::string& by,
                     std::int64_t now_ms);

 private:
  void write(const std::function<void(ItemWriter&)>& work);

  ItemStore& items_;
  Guarded<std::unique_ptr<Database>> reader_;
};

}  // namespace kiyome::store

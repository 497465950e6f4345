// What takes two people: the console's operations about proposals, stand-ins and allowances, and the thread
// that does what was agreed. The second person is never the first: the store compares the logins in the same
// transaction that takes the decision. In need the proposer goes on alone (break-glass), which everybody is
// told of; an original never leaves that way.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <thread>

#include "service/base/guarded.h"
#include "service/cleaner/decide/sealed_original.h"
#include "service/cleaner/review/review_sight.h"
#include "service/review/desk.h"

namespace kiyome::cleaner {

// Thread-safe. Owns one thread.
class Proposals {
 public:
  // Does what is no original: gives what came of it, for people; nothing as long as it takes, to be asked
  // again. Throws http::Problem when it cannot be done, TemporaryFailure when it is to be tried again.
  using Apply = std::function<std::optional<std::string>(const store::Proposal&)>;

  struct Parts {
    store::ItemStore& items;
    store::OriginalReader& originals;
    CurrentConfig& config;
    ReviewSight& sight;
    Apply apply;
    std::function<void(transfer::AnyBundle)> leaving;  // to the closed side; it is on the disk
  };
  Proposals(Parts parts, const store::CleanerKeyPair& key, const store::ItemsAt& at);
  ~Proposals();
  void add_to(review::Desk& desk);
  void start();  // does what was agreed to, also in an earlier life
  void stop();   // what is in hand is finished

  // What a reviewer's decision asks for: keeps it and tells the others. Gives its number. Throws
  // http::Problem 429 `quota`.
  std::int64_t propose(const review::Call& call, const std::string& kind, const ItemId& item,
                       const std::string& what, const std::string& reason);

 private:
  review::Reply list(const review::Call& call);
  review::Reply propose_original(const review::Call& call);
  review::Reply get(const review::Call& call);
  review::Reply decide(const review::Call& call);
  review::Reply break_glass(const review::Call& call);
  review::Reply password(const review::Call& call);
  review::Reply delegation(const review::Call& call);
  review::Reply delegate(const review::Call& call);
  review::Reply allowances(const review::Call& call);
  review::Reply end_allowance(const review::Call& call);

  store::Proposal proposal_of(const review::Call& call);  // when it is there for this person
  bool may_see(const review::Actor& actor, const store::Proposal& proposal, std::string* as = nullptr);
  void write(const review::Actor& actor, const store::Proposal& proposal, http::JsonText& out);
  review::Reply shown(const review::Call& call, std::int64_t number);
  store::LettersOf letters(const char* words, bool to_reviewers, bool to_those_above);
  void wait_until_done(std::int64_t number);
  void run();
  void look();
  void carry_out(const store::Proposal& proposal);

  Parts parts_;
  store::Proposals store_;
  SealedOriginals originals_;
  struct State {
    bool woken = false, stopped = false;
    std::uint64_t rounds = 0;  // of the thread through what was agreed
  };
  Guarded<State> state_;
  std::thread thread_;
};

}  // namespace kiyome::cleaner

// The one way an original leaves: two people agreed, a malware scan at that moment finds nothing, the address
// is one that the configuration allows, and it goes as an encrypted ZIP to a person on the Internet side;
// to the closed side only to one of its recipients, and only when the gate's own switch is on. What the
// original holds is looked at by clamd alone; here its octets are only sealed.
#pragma once

#include <string>

#include "service/cleaner/processor.h"
#include "service/store/proposals.h"
#include "service/store/word_seal.h"

namespace kiyome::cleaner {

// A proposal's `what`.
struct OriginalOrder {
  std::string to;
  std::string zone = "internet";  // or "closed"
};
std::string order_json(const OriginalOrder& order);
OriginalOrder order_of(const std::string& what);  // throws http::Problem

// Thread-safe.
class SealedOriginals {
 public:
  SealedOriginals(store::ItemStore& items, store::OriginalReader& originals, CurrentConfig& config,
                  const store::CleanerKeyPair& key)
      : items_(items), originals_(originals), config_(config), seal_(key) {}

  // What stands against it now: throws http::Problem 422 `invalid` (to), 409 `no-scan`, 409 `not-kept`,
  // 413 `too-large`, 404 `not-found`. Asked when it is proposed, agreed to, and done.
  void check(const ItemId& item, const OriginalOrder& order);
  // Scans, seals and writes the mail; blocks for as long as clamd takes. What fails is an outcome. Throws
  // TemporaryFailure for trouble of ours: to be tried again.
  store::Proposals::Outcome release(const store::Proposal& proposal);
  // What release() sealed into the outcome; empty when it is none of ours.
  std::string password(std::int64_t proposal, const std::string& sealed) const;

 private:
  bool is_recipient(const ItemId& item, const std::string& address);

  store::ItemStore& items_;
  store::OriginalReader& originals_;
  CurrentConfig& config_;
  store::WordSeal seal_;
};

}  // namespace kiyome::cleaner

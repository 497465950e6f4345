// What people have decided about an item and what stays of it: how one recipient's copy stands, who may pass
// as pages for a time, and what ends a hold without anything leaving.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/transfer/bundle.h"

namespace kiyome::store {

// What a decision carries out; 0: none. The transaction that takes the decision notes there for how many it
// leaves, so that whoever asks later, in another life perhaps, knows that it was done.
struct Behalf {
  std::int64_t proposal = 0;
  std::int64_t request = 0;
};

// Of one recipient's copy. There is none for a copy that nobody decided about and that had no files.
struct Standing {
  std::uint32_t recipient = 0;  // transfer::Recipient::index
  bool released = false;        // a hold by policy counts no more, also when the verdict is made anew
  std::string policies;         // in place of the policy's wish: "*:flatten 3:text", in the cleaner's words
  std::string left_out;         // places that do not go to him: "3 5/0"
  std::string given;            // places that went to him as clean files
  bool operator==(const Standing&) const = default;
};

// A sender whose files of a type pass as pages where policy would hold or strip them. (The whole row, for
// people, is Allowance of proposals.h.)
struct Allowed {
  std::int64_t number = 0;
  std::string sender;  // lower case: "user@domain", or "@domain" for all of it
  std::string type;    // glob
  std::string tenant;  // counts for its recipients alone; empty: for all
  std::int64_t until_ms = 0;
};
struct NewAllowance {
  Allowed what;
  ItemId item;  // by whose example
  std::string allowed_by, agreed_by, reason;
  Behalf behalf;
};

// Held copies come to an end.
struct Settlement {
  bool reject = false;                    // refused for good; else deleted
  std::vector<std::uint32_t> recipients;  // empty: all that are held
  std::string actor, detail;  // `detail`: more members of the audit entry, each with a comma before
  std::optional<transfer::Bundle> notice;  // for those who are refused; it has an item id of its own
};

}  // namespace kiyome::store

// What the console asks of the cleaner, which owns the items, and what it gets. The console has signed the
// person in and says who he is; the cleaner believes that, and looks again at what his roles may do.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "service/http/http.h"

namespace kiyome::review {

// Roles that come to the console.
enum Role : unsigned { kReviewer = 1, kAuditor = 2, kAdministrator = 4 };

struct Actor {
  std::string login, name, mail, tenant;  // tenant: only its items are there for him; empty: all
  unsigned roles = 0;                     // of Role
  std::string client;                     // address of his browser
  bool program = false;                   // a token speaks for him: nobody showed a second factor
  bool has(Role role) const { return (roles & role) != 0; }
};

// The one call that no person asks for: the console says a checkpoint of its audit trail (as the body), which
// is to stand in the other zone. It is no operation, so no page reaches it.
inline constexpr const char* kCheckpointCall = "checkpoint";

struct Call {
  std::string operation;  // Operation::id
  Actor actor;
  std::map<std::string, std::string> path;   // "item" → "0193…"
  std::map<std::string, std::string> query;  // decoded
  std::string body;                          // JSON, empty when there is none
};

struct Reply {
  int status = 200;
  std::string type = "application/json";
  std::string file_name;  // to be saved under; empty: shown
  std::string content;    // at most limits::kReviewReply

  static Reply json(std::string text, int status = 200) {
    return {status, "application/json", {}, std::move(text)};
  }
  static Reply none() { return {204, "", {}, {}}; }
};
// Refusals are http::Problem, thrown.

}  // namespace kiyome::review

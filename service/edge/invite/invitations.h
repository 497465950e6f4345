// Invitations: somebody with an account asks somebody without one for files. The link goes by mail, is good
// for one submission and some days, and opens only with a code that is sent to the same address; who comes by
// it sees whom it is from, nothing else of the house. Trusts nothing in a request.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/auth/accounts.h"
#include "service/base/config.h"
#include "service/edge/drop/outside.h"
#include "service/http/http.h"
#include "service/portal/portal.h"

namespace kiyome::edge::invite {

// All thread-safe, and outlives the invitations.
struct Around {
  auth::Accounts& accounts;
  std::function<bool(const std::string& mailbox)> knows_recipient;
  // Whether the address is of the account's tenant, if it has one.
  std::function<bool(const auth::Account&, const std::string& mailbox)> is_own =
      [](const auth::Account&, const std::string&) { return true; };
  std::function<std::int64_t()> wall_ms;
  std::function<void(const auth::Event&)> note = [](const auth::Event&) {};  // for the trail
};

// Whether the account was made for somebody who came by an invitation.
bool is_guest(const auth::Account& account);

// Thread-safe.
class Invitations {
 public:
  // Opens or creates FOLDER; letters leave through config.returns from start on. Throws TemporaryFailure,
  // ConfigError.
  // `place`: of its database, by default FOLDER/invitations.sqlite.
  Invitations(const std::string& folder, const Config& config, Around around, const store::Place& place = {});
  ~Invitations();
  void add_to(http::Router& router, portal::Portal& portal);
  void reload(const Config& config);

  // Of a guest's account; nothing when it is no guest's. A guest whose invitation has ended has none of
  // anything.
  std::optional<drop::Allowance> allowance(const auth::Account& account);
  // Whether this account may ask others for files.
  bool may_invite(const auth::Account& account);
  // The guest has sent something: the invitation is used.
  void submitted(const auth::Account& account);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiyome::edge::invite

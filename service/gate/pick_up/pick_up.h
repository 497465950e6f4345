// The pick-up: what openapi.yaml's tag `pick-up` says, for people of the closed side who are signed in. What
// is not for the account that asks is not there: 404.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proto/base/limits.h"
#include "service/auth/accounts.h"
#include "service/base/guarded.h"
#include "service/gate/gate_store.h"
#include "service/gate/pick_up/viewer.h"
#include "service/gate/writer.h"
#include "service/http/http.h"
#include "service/http/json_text.h"
#include "service/portal/portal.h"

namespace kiyome::gate {

// What the gate lends. All of it outlives the pick-up.
struct PickUpParts {
  GateStore& store;
  Writer& writer;
  std::function<std::int64_t()> now_ms;
  // That are on the disk. On the writer's thread, so that they are said in the order of their numbers.
  std::function<void(const std::vector<NumberedResult>&)> results;
  // A mail of our own that is on the disk as `row`.
  std::function<void(std::int64_t row, std::int64_t now_ms, std::shared_ptr<const transfer::Bundle>)> mail;
  // The output folder, if any: which addresses (lower case) are its own; and that something was decided.
  std::function<bool(const std::string&)> is_folder = [](const std::string&) { return false; };
  std::function<void()> folder_wake = [] {};
  // What is asked through doors, on its way back: something new is on the disk; a password, false: too many.
  std::function<void()> doors_wake = [] {};
  std::function<bool(transfer::DoorPassword)> give_password = [](const transfer::DoorPassword&) {
    return false;
  };
  // Several gates on one database: whether this one ends what is old for all of them, and fills the output
  // folder.
  std::function<bool()> keeps_house = [] { return true; };
  std::function<bool()> fills_folder = [] { return true; };
};

// Blocks until the writer has it on the disk; then `written` is called on the writer's thread, in the order
// of the writes. Throws TemporaryFailure when it could not be written.
void commit(Writer& writer, std::function<void(GateStore&)> apply, std::function<void()> written = {});

// Thread-safe.
class PickUp {
 public:
  // `changed` is called when a delivery should be looked after (rounds.h).
  PickUp(PickUpParts parts, auth::Accounts& accounts, const Config& config, std::function<void()> changed);

  void add_to(http::Router& router, portal::Portal& portal);
  void reload(const Config& config);
  // For one request, or one turn of the rounds.
  std::shared_ptr<const Config> config() const;
  Deciders deciders() const;
  std::int64_t expires_ms(const DropView& drop) const;

 private:
  using Request = http::Request;
  using Response = http::Response;
  struct Found {  // a delivery and what the account sees of it
    DropView drop;
    Viewer viewer;
  };

  Response list(Request& request, const auth::Session& session);
  Response detail(Request& request, const auth::Session& session);
  Response file(Request& request, const auth::Session& session);
  Response archive(Request& request, const auth::Session& session);
  Response approvals(Request& request, const auth::Session& session);
  Response decide(Request& request, const auth::Session& session);
  Response delegation(Request& request, const auth::Session& session);
  Response set_delegation(Request& request, const auth::Session& session);
  Response ask(Request& request, const auth::Session& session);

  Found find(const Request& request, const auth::Session& session);
  [[noreturn]] void refuse_decision(const Found& found, const auth::Account& account);
  void write(http::JsonText& out, const DropView& drop, const Viewer& viewer, const auth::Account& account);
  void give(const std::vector<DropStore::FilePlace>& files, const Found& found, const auth::Account& account,
            const char* event);
  std::vector<auth::Account> choices(const auth::Account& account);

  PickUpParts parts_;
  auth::Accounts& accounts_;
  std::function<void()> changed_;
  mutable Guarded<std::shared_ptr<const Config>> config_;  // shared with requests under way
};

}  // namespace kiyome::gate

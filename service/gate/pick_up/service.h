// The pick-up as a whole: its accounts, pages, rounds and HTTP server, on what the gate lends.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "service/base/config.h"
#include "service/base/descriptor.h"
#include "service/gate/pick_up/doors.h"
#include "service/gate/pick_up/pick_up.h"
#include "service/gate/pick_up/rounds.h"
#include "service/http/server.h"

namespace kiyome::gate {

// What the supervisor gives for it.
struct PickUpGifts {
  std::vector<Descriptor> listeners;
  Descriptor web;  // the folder of the front end
  std::string certificate_pem, key_pem;
};

RoundsSettings rounds_settings(const Config& config);

// Thread-safe.
class PickUpService {
 public:
  // `folder` is the gate's own: accounts.sqlite stands there. Throws ConfigError and TemporaryFailure. Serves
  // from start() on.
  PickUpService(const std::string& folder, const Config& config, PickUpParts parts, PickUpGifts gifts);
  ~PickUpService();
  void start();
  void stop();  // serves nobody any more; the writer may end now
  void wake() { rounds_.wake(); }
  Asked asked(const transfer::DropBundle& bundle);  // throws TemporaryFailure
  // Empty, or why not. An empty certificate: as before.
  std::string reload(const Config& next, const std::string& certificate_pem, const std::string& key_pem);
  auth::Accounts& accounts() { return accounts_; }
  http::Router router();

 private:
  void note(const auth::Event& event);

  PickUpParts parts_;
  PickUpGifts gifts_;
  http::ServerOptions options_;
  auth::Accounts accounts_;
  portal::Portal portal_;
  PickUp pick_up_;
  DoorPages doors_;
  Rounds rounds_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace kiyome::gate

// The page that a link in a notice leads to: openapi.yaml's tag `pick-up`, /doors. Nobody signs in; the token
// shows what its one recipient was not given, and lets him ask for it. It gives nothing: whatever comes of it
// goes by mail to his address. What comes here is hostile: without a good token nothing crosses.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "service/base/clock.h"
#include "service/base/guarded.h"
#include "service/gate/pick_up/pick_up.h"
#include "service/http/http.h"

namespace kiyome::gate {

// "none", "sending", "asked" …
std::string_view mark_name(DoorMark mark);
// A file that was held, so that nobody has anything of it.
bool can_be_asked_for(const ItemView& item);

// Thread-safe.
class DoorPages {
 public:
  explicit DoorPages(PickUpParts parts) : parts_(std::move(parts)) {}
  void add_to(http::Router& router);

 private:
  DoorView open(const http::Request& request, const std::string& token);
  http::Response show(http::Request& request);
  http::Response ask(http::Request& request);
  http::Response password(http::Request& request);
  http::Response answer(const std::string& token);

  PickUpParts parts_;
  struct Tries {
    Steady::time_point minute{};
    std::uint32_t wrong = 0;  // since then
  };
  Guarded<std::map<std::string, Tries>> tries_;  // by the caller's address
};

}  // namespace kiyome::gate

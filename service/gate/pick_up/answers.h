// The pick-up's answers as openapi.yaml has them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "service/gate/door_store.h"
#include "service/gate/drop_store.h"
#include "service/gate/pick_up/viewer.h"
#include "service/http/json_text.h"

namespace kiyome::gate {

struct Shown {
  const DropView& drop;
  const Viewer& viewer;
  std::map<DropStore::FilePlace, std::int64_t> picked;  // by the viewer, and when
  std::int64_t expires_ms = 0;
  std::map<ItemId, DoorMark> asked{};  // by the viewer, for what was held
};

// schemas/Delivery: only what the viewer sees of it.
void write_delivery(http::JsonText& out, const Shown& shown);

std::string_view verdict_name(transfer::DropVerdict verdict);
std::string_view media_type(transfer::CleanFileType type);
// RFC 6266: `kind` is "attachment" or "inline".
std::string content_disposition(std::string_view kind, std::string_view name);

}  // namespace kiyome::gate

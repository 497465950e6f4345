#include "service/store/audit_words.h"

#include <fmt/format.h>

#include "service/base/clock.h"
#include "service/base/log.h"

namespace kiyome::store {

bool tell_trail(const std::string& command, const WalkTrail& walk, const AdminReply& reply) {
  const bool entries = command == "audit.list";
  if (!entries && command != "audit.verify") return false;
  std::uint64_t count = 0;
  const std::optional<std::string> fault = walk(
      [&](const audit::Entry& entry) {
        if (!entries) return;
        reply(fmt::format(R"({{"sequence":{},"time":"{}","event":{},"item":"{}","actor":{},"detail":{}}})",
                          entry.sequence, iso_time(entry.unix_ms), log::json_string(entry.event),
                          entry.item ? entry.item->text() : "", log::json_string(entry.actor), entry.detail));
      },
      count);
  if (!entries || fault)
    reply(fmt::format(R"({{"entries":{},"intact":{},"fault":{}}})", count, !fault,
                      log::json_string(fault.value_or(""))));
  return true;
}

}  // namespace kiyome::store

// From what the next hop said to what the Internet side is told.
#include <algorithm>
#include <string>

#include "service/gate/outbox.h"

namespace kiyome::gate {
namespace {

using delivery::RecipientResult;
using transfer::DeliveryResult;
using transfer::ResultClass;

std::int64_t milliseconds(double seconds) { return static_cast<std::int64_t>(seconds * 1000); }

std::string status_text(const RecipientResult& result) {
  return std::to_string(result.status_class) + "." + std::to_string(result.status_subject) + "." +
         std::to_string(result.status_detail);
}

DeliveryResult result_for(const PendingBundle& bundle, std::uint32_t recipient, ResultClass result) {
  DeliveryResult out;
  out.id = bundle.id;
  out.part = bundle.part;
  out.recipient = recipient;
  out.result = result;
  return out;
}

void set_status(DeliveryResult& out, const RecipientResult& from, std::uint16_t status_class) {
  out.status_class = status_class;
  out.status_subject = std::min<std::uint16_t>(from.status_subject, 999);
  out.status_detail = std::min<std::uint16_t>(from.status_detail, 999);
}

// RFC 3461 section 5.2.2: who asked to be told of success is told that the trail ends here.
bool ends_the_trail(const transfer::Recipient& recipient, const RecipientResult& result) {
  return result.kind == RecipientResult::Kind::relayed_without_dsn &&
         (recipient.notify & transfer::kNotifySuccess) != 0;
}

}  // namespace

Outcome judge(const PendingBundle& bundle, const std::vector<transfer::Recipient>& recipients,
              const std::vector<RecipientResult>& results, const SmtpClientConfig& config,
              std::int64_t now_ms, double random01) {
  Outcome out;
  out.bundle = bundle;
  ++out.bundle.attempts;
  const std::int64_t end_ms = bundle.received_ms + milliseconds(config.lifetime_hours * 3600);
  const std::int64_t notice_ms = bundle.received_ms + milliseconds(config.delay_notice_hours * 3600);
  const bool notice = config.delay_notice_hours > 0 && !bundle.delay_told;
  const bool expired = now_ms >= end_ms;
  const bool delayed = notice && now_ms >= notice_ms && !expired;
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    const RecipientResult& result = results[i];
    const std::uint32_t recipient = recipients[i].index;
    if (result.kind != RecipientResult::Kind::temporary || expired) {
      out.finished.push_back(recipient);
      ResultClass what = ResultClass::delivered;
      if (result.kind == RecipientResult::Kind::temporary)
        what = ResultClass::expired;
      else if (result.kind == RecipientResult::Kind::permanent)
        what = ResultClass::failed;
      else if (ends_the_trail(recipients[i], result))
        what = ResultClass::relayed;
      DeliveryResult told = result_for(bundle, recipient, what);
      set_status(told, result, what == ResultClass::failed ? 5 : 2);
      if (what ==
          ResultClass::expired) {  // RFC 3463 X.4.7: delivery time expired, a persistent transient error
        told.status_class = 4;
        told.status_subject = 4;
        told.status_detail = 7;
      }
      out.results.push_back(told);
      continue;
    }
    out.left.push_back({recipient, status_text(result)});
    if (!delayed) continue;
    out.results.push_back(result_for(bundle, recipient, ResultClass::delayed));
    set_status(out.results.back(), result, 4);
  }
  out.bundle.delay_told = bundle.delay_told || delayed;
  std::int64_t next_ms =
      now_ms +
      std::max<std::int64_t>(milliseconds(delivery::retry_pause(config, out.bundle.attempts, random01)), 1);
  // The last attempt is at the end of its life, and the notice comes when it was promised.
  next_ms = std::min(next_ms, std::max(end_ms, now_ms + 1));
  if (notice && !delayed && notice_ms > now_ms) next_ms = std::min(next_ms, notice_ms);
  out.bundle.next_ms = next_ms;
  return out;
}

}  // namespace kiyome::gate

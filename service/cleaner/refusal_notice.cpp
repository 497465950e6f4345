#include "service/cleaner/refusal_notice.h"

#include "proto/clean/codec.h"
#include "service/base/digest.h"
#include "service/compose/compose.h"

namespace kiyome::cleaner {

std::optional<clean::MailHeader> header_of(const store::ItemRow& item) {
  if (item.header.size() < 4) return std::nullopt;
  Result<clean::Message> message =
      clean::decode(std::string_view(item.header).substr(4));  // past the frame's length
  if (!message || !std::holds_alternative<clean::MailHeader>(*message)) return std::nullopt;
  return std::move(std::get<clean::MailHeader>(*message));
}

std::optional<transfer::Bundle> refusal_notice(const transfer::Refused& refusal, store::ItemStore& items,
                                               const Config& config) {
  if (refusal.part == 0 || items.is_drop(refusal.id)) return std::nullopt;
  transfer::Bundle bundle;
  for (const store::RecipientRow& row : items.recipients(refusal.id)) {
    if (row.part != refusal.part || row.state != store::State::sending) continue;
    bundle.recipients.push_back({row.index, row.address, transfer::kNotifyNever, {}});
  }
  const std::optional<store::ItemRow> item = items.find(refusal.id);
  if (!item || bundle.recipients.empty()) return std::nullopt;
  const std::optional<clean::MailHeader> header = header_of(*item);
  compose::HeldInput input{refusal.id, item->received_ms, item->sender,
                           {},         nullptr,           {clean::Finding::kVerifyRefused}};
  if (header) input.header = &*header;
  if (bundle.recipients.size() == 1) input.recipient = bundle.recipients[0].address;
  bundle.id = refusal.id;
  bundle.kind = transfer::BundleKind::notice;
  bundle.content = compose::held_notice(input, config);
  bundle.sha256 = sha256(bundle.content);
  return bundle;
}

}  // namespace kiyome::cleaner

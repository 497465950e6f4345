// What recipients are told when the gate's verifier refuses their mail.
#pragma once

#include <optional>

#include "proto/clean/types.h"
#include "proto/transfer/bundle.h"
#include "service/base/config.h"
#include "service/store/item_store.h"

namespace kiyome::cleaner {

// The mail header that the sanitizer gave for the item, if it gave one.
std::optional<clean::MailHeader> header_of(const store::ItemRow& item);

// A notice for the recipients of the refused bundle, which were being sent it until now; nothing when there
// are none, when a notice itself was refused, or a file of the drop box: of that the store tells by itself.
// It bears part 0: where the item already had a notice, for other recipients, the gate takes this one for a
// repetition.
std::optional<transfer::Bundle> refusal_notice(const transfer::Refused& refusal, store::ItemStore& items,
                                               const Config& config);

}  // namespace kiyome::cleaner

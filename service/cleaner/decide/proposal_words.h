// How proposals are told to people, by mail and by name. The words of mails are templates (compose/words.h).
#pragma once

#include <string>
#include <string_view>

#include "service/base/config.h"
#include "service/store/proposals.h"

namespace kiyome::cleaner {

// As openapi.yaml has it: open, agreed, done, failed, refused, expired, broken-glass.
std::string_view public_state(const store::Proposal& proposal, std::int64_t now_ms);
// "原本の解放（封緘） / sealed original".
std::string_view kind_words(std::string_view kind);
// The mail about it, by the template of this name.
std::string proposal_letter(const char* words, const store::Proposal& proposal, const std::string& to,
                            const Config& config);

}  // namespace kiyome::cleaner

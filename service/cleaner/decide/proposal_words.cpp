#include "service/cleaner/decide/proposal_words.h"

#include <array>
#include <utility>

#include "service/base/clock.h"
#include "service/compose/letter.h"
#include "service/compose/words.h"

namespace kiyome::cleaner {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kKinds{{
    {"original", "原本の解放（封緘） / sealed original"},
    {"clean-again", "別の方針で無害化 / clean again by another policy"},
    {"allow", "送信者と種別の許可 / allow a sender and type"},
    {"release", "解放 / release"},
    {"without-part", "添付を除いて解放 / release without a part"},
    {"retry", "やり直し / retry"},
}};

// "2026-11-22 17:15 (+09:00)", in the machine's zone.
std::string time_words(std::int64_t unix_ms) {
  const std::string time = iso_time(unix_ms);
  return time.substr(0, 10) + " " + time.substr(11, 5) + " (" + time.substr(time.size() - 6) + ")";
}

}  // namespace

std::string_view public_state(const store::Proposal& proposal, std::int64_t now_ms) {
  if (proposal.state == "open" && proposal.until_ms <= now_ms) return "expired";
  if (proposal.state == "done" && proposal.alone) return "broken-glass";
  return proposal.state;
}

std::string_view kind_words(std::string_view kind) {
  for (const auto& [name, words] : kKinds)
    if (name == kind) return words;
  return kind;
}

std::string proposal_letter(const char* words, const store::Proposal& proposal, const std::string& to,
                            const Config& config) {
  compose::Values values(config);
  values.own("number", std::to_string(proposal.number)).own("kind", kind_words(proposal.kind));
  values.text("subject", proposal.item_subject).own("item", proposal.item ? proposal.item->text() : "");
  values.text("by", proposal.proposed_by);
  values.text("reason", proposal.alone ? proposal.answer : proposal.reason);
  values.own("proposed", time_words(proposal.proposed_ms)).own("until", time_words(proposal.until_ms));
  values.own("url", config.console.url);
  const compose::Worded worded = compose::worded(words, values, config);
  return compose::letter_mail({new_item_id(), to, worded.subject, worded.text, unix_ms_now()}, config);
}

}  // namespace kiyome::cleaner

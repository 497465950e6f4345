// The notice about a held item: a clean mail that holds nothing of the item but its sender and subject as
// text.
#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/compose/compose.h"
#include "service/compose/header.h"
#include "service/compose/notice.h"
#include "service/compose/own_mail.h"
#include "service/compose/utf8.h"

namespace kiyome::compose {
namespace {

using clean::Finding;

constexpr std::size_t kSubjectShown = 300;
constexpr std::size_t kAddressShown = 320;

// Who it says it is from: name and address of the header, or the envelope's sender.
std::string sender_shown(const HeldInput& input, const HeaderContext& context) {
  std::string text;
  if (input.header != nullptr && !input.header->from.empty()) {
    const clean::Address& from = input.header->from.front();
    text = from.address.empty() ? from.display : joined({from.display, " <", from.address, ">"});
  }
  if (text.empty()) text = input.sender;
  const std::string shown = display_text(text, kAddressShown, context);
  return shown.empty() ? "（不明）" : shown;
}

std::string subject_shown(const HeldInput& input, const HeaderContext& context) {
  if (input.header == nullptr || !input.header->subject) return "（なし）";
  const std::string shown = display_text(*input.header->subject, kSubjectShown, context);
  return shown.empty() ? "（なし）" : shown;
}

}  // namespace

std::string held_notice(const HeldInput& input, const Config& config) {
  std::vector<Finding> findings;  // about texts shown in a notice; the item's own findings tell more
  const HeaderContext context{.break_links = config.notice.break_links, .findings = &findings};
  Values values(config);
  values.own("sender", sender_shown(input, context))
      .own("subject", subject_shown(input, context))
      .own("received", iso_time(input.received_ms))
      .own("reasons", reasons_text(input.reasons))
      .own("item", input.id.text())
      .own("contact", contact_sentence(config.notice))
      .own("link", input.link);
  return own_mail({.id = input.own_id.value_or(input.id),
                   .part = 0,
                   .to = std::string(input.recipient),
                   .words = worded("held-notice", values, config),
                   .unix_ms = input.received_ms},
                  config);
}

}  // namespace kiyome::compose

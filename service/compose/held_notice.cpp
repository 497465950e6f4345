// The notice about a held item: a clean mail that holds nothing of the item but its sender and subject as
// text.
#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/compose/compose.h"
#include "service/compose/kept_fields.h"
#include "service/compose/lines.h"
#include "service/compose/notice.h"
#include "service/compose/own_sender.h"
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

std::string body_text(const HeldInput& input, const Config& config, const HeaderContext& context) {
  std::string out(kLeadMark);
  out.append(" メールを保留しました（本文と添付は届いていません）\n\n");
  out.append("あなた宛てのメールを保留しています。確認が済むまで、本文と添付は届きません。\n\n");
  out.append("差出人: ").append(sender_shown(input, context)).append("\n");
  out.append("件名: ").append(subject_shown(input, context)).append("\n");
  out.append("受信日時: ").append(iso_time(input.received_ms)).append("\n");
  if (!input.reasons.empty()) out.append("理由: ").append(reasons_text(input.reasons)).append("\n");
  out.append("受信アイテム: ").append(input.id.text()).append("\n\n");
  out.append(contact_sentence(config.notice)).append("\n\n");
  return out.append(
      "(A mail to you is being held. To ask for it, give the item number above to your mail "
      "administrator.)\n");
}

}  // namespace

std::string held_notice(const HeldInput& input, const Config& config) {
  std::vector<Finding> findings;  // about texts shown in a notice; the item's own findings tell more
  const HeaderContext context{.break_links = config.notice.break_links, .findings = &findings};
  const std::string id = input.id.text() + ".0";
  clean::MailHeader header;
  header.from.push_back({"", own_sender(config)});
  header.to.push_back({"", std::string(input.recipient)});
  const std::string subject = joined({kLeadMark, " 保留のお知らせ: ", subject_shown(input, context)});

  Entity mail;
  mail.field("Received", received_value({.helo = config.smtp.hostname,
                                         .client = "127.0.0.1",
                                         .host = config.smtp.hostname,
                                         .protocol = "SMTP",
                                         .kiyome_id = id,
                                         .recipient = input.recipient,
                                         .unix_seconds = input.received_ms / 1000}));
  mail.field("X-Kiyome-Id", id);
  mail.field("From", address_list_value(header.from, ListKind::mailboxes, 6, context));
  mail.field("To", address_list_value(header.to, ListKind::with_groups, 4, context));
  mail.field("Subject", subject_value(subject, "", context));
  mail.field("Date", date_text(input.received_ms / 1000, 0));
  mail.field("Message-ID", joined({"<", id, "@", host_text(config.smtp.hostname), ">"}));
  mail.field("Auto-Submitted", "auto-generated");
  write_mime_version(mail);
  write_text(body_text(input, config, context), "", "", mail);
  return mail.octets();
}

}  // namespace kiyome::compose

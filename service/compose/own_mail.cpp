#include "service/compose/own_mail.h"

#include "service/compose/kept_fields.h"
#include "service/compose/own_sender.h"

namespace kiyome::compose {

std::string own_mail(const OwnMail& mail, const Config& config) {
  std::vector<clean::Finding> findings;  // nobody to tell: what breaks in our own words is mended
  const HeaderContext context{.break_links = config.notice.break_links, .findings = &findings};
  const std::string id = mail.id.text() + "." + std::to_string(mail.part);
  clean::MailHeader header;
  header.from.push_back({"", own_sender(config)});
  header.to.push_back({"", mail.to});

  Entity entity;
  entity.field("Received", received_value({.helo = config.smtp.hostname,
                                           .client = "127.0.0.1",
                                           .host = config.smtp.hostname,
                                           .protocol = "SMTP",
                                           .kiyome_id = id,
                                           .recipient = mail.to,
                                           .unix_seconds = mail.unix_ms / 1000}));
  entity.field("X-Kiyome-Id", id);
  entity.field("From", address_list_value(header.from, ListKind::mailboxes, 6, context));
  entity.field("To", address_list_value(header.to, ListKind::with_groups, 4, context));
  entity.field("Subject", subject_value(mail.words.subject, "", context));
  entity.field("Date", date_text(mail.unix_ms / 1000, 0));
  entity.field("Message-ID", joined({"<", id, "@", host_text(config.smtp.hostname), ">"}));
  entity.field("Auto-Submitted", "auto-generated");
  write_mime_version(entity);
  write_text(mail.words.text, "", "", entity);
  return entity.octets();
}

}  // namespace kiyome::compose

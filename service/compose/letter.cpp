#include "service/compose/letter.h"

#include "service/compose/kept_fields.h"
#include "service/compose/lines.h"
#include "service/compose/own_sender.h"

namespace kiyome::compose {

std::string letter_mail(const Letter& letter, const Config& config) {
  std::vector<clean::Finding> findings;  // nobody to tell: the texts are our own
  const HeaderContext context{.break_links = false, .findings = &findings};
  clean::MailHeader header;
  header.from.push_back({"", own_sender(config)});
  header.to.push_back({"", letter.to});

  Entity mail;
  mail.field("X-Kiyome-Id", letter.id.text());
  mail.field("From", address_list_value(header.from, ListKind::mailboxes, 6, context));
  mail.field("To", address_list_value(header.to, ListKind::with_groups, 4, context));
  mail.field("Subject", subject_value(letter.subject, "", context));
  mail.field("Date", date_text(letter.unix_ms / 1000, 9 * 60));
  mail.field("Message-ID", "<" + letter.id.text() + "@" + host_text(config.smtp.hostname) + ">");
  mail.field("Auto-Submitted", "auto-generated");
  write_mime_version(mail);
  write_text(letter.text, "", "", mail);
  return mail.octets();
}

}  // namespace kiyome::compose

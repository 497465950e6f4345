#include "service/compose/letter.h"

#include "service/compose/kept_fields.h"
#include "service/compose/lines.h"
#include "service/compose/own_sender.h"
#include "service/compose/utf8.h"

namespace kiyome::compose {
namespace {

void write_head(const Letter& letter, const Config& config, Entity& mail) {
  std::vector<clean::Finding> findings;  // nobody to tell: the texts are our own
  const HeaderContext context{.break_links = false, .findings = &findings};
  clean::MailHeader header;
  header.from.push_back({"", own_sender(config)});
  header.to.push_back({"", letter.to});

  mail.field("X-Kiyome-Id", letter.id.text());
  mail.field("From", address_list_value(header.from, ListKind::mailboxes, 6, context));
  mail.field("To", address_list_value(header.to, ListKind::with_groups, 4, context));
  mail.field("Subject", subject_value(letter.subject, "", context));
  mail.field("Date", date_text(letter.unix_ms / 1000, 9 * 60));
  mail.field("Message-ID", "<" + letter.id.text() + "@" + host_text(config.smtp.hostname) + ">");
  mail.field("Auto-Submitted", "auto-generated");
  write_mime_version(mail);
}

}  // namespace

std::string letter_mail(const Letter& letter, const Config& config) {
  Entity mail;
  write_head(letter, config, mail);
  write_text(letter.text, "", "", mail);
  return mail.octets();
}

std::string sealed_mail(const Letter& letter, std::string_view zip_name, std::string_view zip,
                        const Config& config) {
  Entity mail;
  write_head(letter, config, mail);
  const std::string boundary = joined({"=_kiyome-", letter.id.text()});
  mail.field("Content-Type", joined({"multipart/mixed;\r\n boundary=\"", boundary, "\""}));
  mail.boundary(boundary);
  auto text = std::make_unique<Entity>();
  write_text(letter.text, "", "", *text);
  mail.add(std::move(text));
  auto file = std::make_unique<Entity>();
  write_file("application/zip", zip, joined({";\r\n name=\"", zip_name, "\""}),
             joined({"attachment;\r\n filename=\"", zip_name, "\""}), *file);
  mail.add(std::move(file));
  return mail.octets();
}

}  // namespace kiyome::compose

// The kept header fields. Values are hostile; header.h makes them harmless.
#include "service/compose/kept_fields.h"

#include <algorithm>

#include "service/compose/characters.h"
#include "service/compose/encode.h"
#include "service/compose/utf8.h"

namespace kiyome::compose {
namespace {

bool is_address_literal(std::string_view text) {
  return !text.empty() && text.size() <= 45 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '.' || c == ':';
  });
}

std::string client_text(std::string_view address) {
  if (!is_address_literal(address)) return "([unknown])";
  const bool v6 = address.find(':') != std::string_view::npos;
  return joined({v6 ? "([IPv6:" : "([", address, "])"});
}

bool is_protocol(std::string_view text) {
  return !text.empty() && text.size() <= 20 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
  });
}

}  // namespace

std::string received_value(const Trace& trace) {
  FoldedLine line(10);  // "Received: "
  line.token("from");
  line.token(host_text(trace.helo));
  line.token(client_text(trace.client));
  line.token("by");
  line.token(host_text(trace.host));
  line.token("with");
  line.token(is_protocol(trace.protocol) ? trace.protocol : "SMTP");
  line.token("id");
  line.token(trace.kiyome_id);
  const std::string recipient = ascii_address(trace.recipient);
  if (!recipient.empty()) {
    line.token("for");
    line.token(joined({"<", recipient, ">"}));
  }
  line.glued(";");
  line.token(date_text(trace.unix_seconds, 0));
  return line.take();
}

void write_kept_fields(const KeptFields& kept, const HeaderContext& context, Entity& mail) {
  const clean::MailHeader& header = *kept.header;
  const std::string from = address_list_value(header.from, ListKind::mailboxes, 6, context);
  mail.field("From", from.empty() ? kUnknownAddress : std::string_view(from));
  if (!header.sender.empty())
    mail.field("Sender", address_list_value({header.sender.front()}, ListKind::mailboxes, 8, context));
  mail.field("Reply-To", address_list_value(header.reply_to, ListKind::with_groups, 10, context));
  mail.field("To", address_list_value(header.to, ListKind::with_groups, 4, context));
  mail.field("Cc", address_list_value(header.cc, ListKind::with_groups, 4, context));
  if (header.subject || !kept.subject_mark.empty())
    mail.field_always("Subject", subject_value(kept.subject_mark, header.subject.value_or(""), context));
  std::string date;
  if (header.date) {
    date = date_text(header.date->unix_seconds, header.date->zone_minutes);
    if (date.empty()) add_finding(*context.findings, clean::Finding::kInvalidHeader);
  }
  mail.field("Date", date.empty() ? date_text(kept.fallback_unix_seconds, 0) : date);
  const bool own_id = is_message_id(header.message_id);
  mail.field("Message-ID", own_id ? std::string_view(header.message_id) : kept.fallback_message_id);
  mail.field("In-Reply-To", message_ids_value(header.in_reply_to));
  mail.field("References", message_ids_value(header.references));
  mail.field("Auto-Submitted", auto_submitted_value(header.auto_submitted));
  mail.field("List-Id", list_id_value(header.list_id, context));
  mail.field("Precedence", precedence_value(header.precedence));
}

void write_mime_version(Entity& mail) { mail.field("MIME-Version", "1.0"); }

void write_text(std::string_view text, std::string_view type_parameters, std::string_view disposition,
                Entity& entity) {
  EncodedText encoded = encode_text(text);
  entity.field("Content-Type", std::string("text/plain; charset=UTF-8").append(type_parameters));
  entity.field("Content-Transfer-Encoding", encoded.encoding);
  entity.field("Content-Disposition", disposition);
  entity.content(std::move(encoded.octets));
}

void write_file(std::string_view type, std::string_view octets, std::string_view type_parameters,
                std::string_view disposition, Entity& entity) {
  entity.field("Content-Type", std::string(type).append(type_parameters));
  entity.field("Content-Transfer-Encoding", "base64");
  entity.field("Content-Disposition", disposition);
  entity.content(base64_lines(octets));
}

}  // namespace kiyome::compose

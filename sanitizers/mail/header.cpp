// See header.h.
#include "sanitizers/mail/header.h"

#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "sanitizers/mail/address.h"
#include "sanitizers/mail/authentication.h"
#include "sanitizers/mail/date.h"
#include "sanitizers/mail/encoded_word.h"
#include "sanitizers/mail/octets.h"
#include "sanitizers/mail/tree.h"

namespace kiyome::sanitizer::mail {
namespace {

using clean::Finding;

constexpr std::size_t kNestedNames = 20;  // addresses of a nested message's field that are shown

struct HeaderReader {
  const Fields& fields;
  WordContext& context;
  clean::MailHeader& out;

  // The first field of that name; a repeated one is noted when `single`.
  const Field* first(std::string_view name, bool single) const {
    const Field* found = nullptr;
    for (const Field& field : fields.all) {
      if (!same_text(field.name, name)) continue;
      if (found == nullptr) {
        found = &field;
        if (!single) return found;
      } else {
        note(out.findings, Finding::kDuplicateHeader);
        break;
      }
    }
    return found;
  }

  void addresses(std::string_view name, bool single, std::vector<clean::Address>& into) const {
    if (single) {
      const Field* field = first(name, true);
      if (field != nullptr && !read_addresses(field->value, context, into))
        note(out.findings, Finding::kInvalidHeader);
      return;
    }
    // To and Cc may come several times from careless senders; all of them were meant.
    for (const Field& field : fields.all)
      if (same_text(field.name, name) && !read_addresses(field.value, context, into))
        note(out.findings, Finding::kInvalidHeader);
  }

  std::string text(std::string_view name) const {
    const Field* field = first(name, false);
    return field == nullptr ? std::string() : decode_header_text(field->value, context);
  }

  void date() const {
    const Field* field = first("date", true);
    if (field == nullptr) return;
    out.date = read_date(field->value.find("=?") != std::string_view::npos || has_eight_bit(field->value)
                             ? decode_header_text(field->value, context)
                             : std::string(trimmed(field->value)));
    if (!out.date) note(out.findings, Finding::kInvalidHeader);
  }

  void ids() const {
    if (const Field* field = first("message-id", true)) {
      const std::vector<std::string> found = read_message_ids(field->value);
      if (found.empty())
        note(out.findings, Finding::kInvalidHeader);
      else
        out.message_id = found.front();
    }
    if (const Field* field = first("in-reply-to", false)) out.in_reply_to = read_message_ids(field->value);
    if (const Field* field = first("references", false)) out.references = read_message_ids(field->value);
  }

  void trace() const {
    for (const Field& field : fields.all) {
      if (same_text(field.name, "authentication-results"))
        read_authentication(field.value, out.authentication);
      if (same_text(field.name, "received")) ++out.received_count;
      if (same_text(field.name, "x-kiyome-id") && out.kiyome_ids.size() < limits::kCleanKiyomeIds)
        out.kiyome_ids.push_back(decode_header_text(field.value.substr(0, 256), context));
    }
  }
};

void show_addresses(std::string& out, std::string_view label, std::string_view name, const Fields& fields,
                    WordContext& context) {
  const Field* field = fields.find(name);
  if (field == nullptr) return;
  std::vector<clean::Address> addresses;
  read_addresses(field->value.substr(0, limits::kCleanHeaderText), context, addresses);
  std::string line;
  std::size_t shown = 0;
  for (const clean::Address& address : addresses) {
    if (shown++ == kNestedNames) {
      line += ", …";
      break;
    }
    if (!line.empty()) line += ", ";
    line += address.display;
    if (address.address.empty()) continue;
    line += address.display.empty() ? address.address : " <" + address.address + ">";
  }
  if (line.empty()) return;
  out += label;
  out += line;
  out += '\n';
}

}  // namespace

std::vector<std::string> read_message_ids(std::string_view value) {
  std::vector<std::string> out;
  std::size_t p = 0;
  while (p < value.size() && out.size() < limits::kMailReferences) {
    const std::size_t open = value.find('<', p);
    if (open == std::string_view::npos) break;
    const std::size_t close = value.find('>', open);
    if (close == std::string_view::npos) break;
    std::string id;
    for (const char c : value.substr(open, close + 1 - open))
      if (!is_space(c)) id += c;  // folded within
    const std::size_t inner = id.rfind('<');
    if (inner != 0 && inner != std::string::npos) id.erase(0, inner);
    if (clean::is_message_id(id)) out.push_back(std::move(id));
    p = close + 1;
  }
  if (!out.empty()) return out;
  // Without brackets, but plainly an id.
  const std::string bare = '<' + std::string(trimmed(value)) + '>';
  if (clean::is_message_id(bare)) out.push_back(bare);
  return out;
}

clean::MailHeader read_mail_header(const Fields& fields, std::string_view body_charset) {
  clean::MailHeader out;
  WordContext context;
  context.fallback_charset = body_charset;
  context.words_left = limits::kEncodedWords;
  const HeaderReader reader{fields, context, out};
  reader.addresses("from", true, out.from);
  reader.addresses("sender", true, out.sender);
  reader.addresses("reply-to", true, out.reply_to);
  reader.addresses("to", false, out.to);
  reader.addresses("cc", false, out.cc);
  if (const Field* subject = reader.first("subject", true))
    out.subject = decode_header_text(subject->value, context);
  reader.date();
  reader.ids();
  out.auto_submitted = reader.text("auto-submitted");
  out.list_id = reader.text("list-id");
  out.precedence = reader.text("precedence");
  reader.trace();
  if (fields.junk) note(out.findings, Finding::kInvalidHeader);
  if (context.undecodable) note(out.findings, Finding::kUndecodableText);
  if (context.malformed) note(out.findings, Finding::kInvalidHeader);
  return out;
}

std::string show_header(const Fields& fields, std::string_view body_charset) {
  WordContext context;
  context.fallback_charset = body_charset;
  context.words_left = limits::kEncodedWords / 10;
  std::string out;
  show_addresses(out, "差出人: ", "from", fields, context);
  show_addresses(out, "宛先: ", "to", fields, context);
  show_addresses(out, "Cc: ", "cc", fields, context);
  if (const Field* field = fields.find("date")) {
    const std::optional<clean::Date> date = read_date(trimmed(field->value));
    out += "日時: " + (date ? show_date(*date) : decode_header_text(field->value.substr(0, 256), context)) +
           '\n';
  }
  if (const Field* field = fields.find("subject"))
    out += "件名: " + decode_header_text(field->value, context) + '\n';
  return out;
}

}  // namespace kiyome::sanitizer::mail

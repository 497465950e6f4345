// Delivery status notifications (RFC 3464, RFC 6522) to senders outside: status, a standard reason, the item
// id. Nothing of what a next hop inside said, no host name but the configured one.
#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/compose/characters.h"
#include "service/compose/compose.h"
#include "service/compose/encode.h"
#include "service/compose/kept_fields.h"
#include "service/compose/own_sender.h"
#include "service/compose/utf8.h"

namespace kiyome::compose {
namespace {

constexpr std::size_t kFieldOctets = 900;  // of one address or id in a status field

struct Standard {
  std::uint16_t subject, detail;  // detail 999: any
  std::string_view japanese, english;
};
constexpr std::uint16_t kAny = 999;
// RFC 3463: what the code says, in words. The first that fits.
constexpr Standard kStandard[] = {
    {1, 1, "宛先が見つかりません", "the mailbox does not exist"},
    {1, kAny, "宛先の指定に誤りがあります", "the address is not valid"},
    {2, 2, "宛先のメールボックスがいっぱいです", "the mailbox is full"},
    {2, 3, "メールが大きすぎます", "the message is too large"},
    {2, kAny, "宛先のメールボックスで受け取れません", "the mailbox does not accept mail"},
    {3, 4, "メールが大きすぎます", "the message is too large"},
    {3, kAny, "宛先のシステムで受け取れません", "the destination system does not accept mail"},
    {4, 7, "期限までに配信できませんでした", "the delivery time expired"},
    {4, kAny, "宛先のシステムに接続できません", "the destination system could not be reached"},
    {5, kAny, "宛先のシステムとの通信に失敗しました", "a protocol error occurred"},
    {6, kAny, "この形式のメールは受け取れません", "the content is not supported"},
    {7, kAny, "宛先のシステムが受け取りを拒否しました", "delivery was not authorized"},
};

const Standard* standard_reason(const DsnRecipient& recipient) {
  for (const Standard& known : kStandard)
    if (known.subject == recipient.status_subject &&
        (known.detail == kAny || known.detail == recipient.status_detail))
      return &known;
  return nullptr;
}

struct Outcome {
  std::string_view action, japanese, english;
};
constexpr Outcome kOutcomes[] = {
    {"failed", "配信できませんでした", "could not be delivered"},
    {"delayed", "配信が遅れています（引き続き配信を試みます）", "is delayed; delivery is still being tried"},
    {"relayed", "宛先のシステムに渡しました（到達の通知はありません）",
     "was relayed to a system that sends no delivery notices"},
    {"delivered", "配信しました", "was delivered"},
};

const Outcome& outcome_of(std::string_view action) {
  for (const Outcome& outcome : kOutcomes)
    if (outcome.action == action) return outcome;
  return kOutcomes[0];
}

std::string status_code(const DsnRecipient& recipient) {
  return joined({std::to_string(recipient.status_class), ".", std::to_string(recipient.status_subject), ".",
                 std::to_string(recipient.status_detail)});
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// RFC 3461 section 4: xtext decoded; empty if it is not xtext or means anything but printable ASCII.
std::string from_xtext(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+') {
      if (text.size() - i < 3) return {};
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return {};
      c = static_cast<char>(high << 4 | low);
      i += 2;
    }
    if (c < 0x20 || c > 0x7E) return {};
    out += c;
  }
  return out.size() <= kFieldOctets ? out : std::string();
}

// "rfc822; a@b", or for what ASCII has no address for "utf-8; ..." with RFC 6533 \x{} escapes.
std::string final_recipient(std::string_view address) {
  const std::string ascii = ascii_address(address);
  if (!ascii.empty()) return joined({"rfc822; ", ascii});
  std::string out = "utf-8; ";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (std::size_t at = 0; at < address.size() && out.size() < kFieldOctets;) {
    const CodePoint c = code_point_at(address, at);
    at += c.length;
    if (c.value > 0x20 && c.value < 0x7F && c.value != '\\' && c.value != '+' && c.value != '=') {
      out += static_cast<char>(c.value);
      continue;
    }
    std::string digits;
    for (char32_t rest = c.value; rest > 0 || digits.size() < 2; rest >>= 4)
      digits.insert(digits.begin(), kHex[rest & 15]);
    out.append("\\x{").append(digits).append("}");
  }
  return out;
}

// "rfc822; a@b" of an ORCPT value; empty if it is not one.
std::string original_recipient(std::string_view orcpt) {
  const std::size_t semicolon = orcpt.find(';');
  if (semicolon == std::string_view::npos || semicolon == 0 || semicolon > 20) return {};
  const std::string_view type = orcpt.substr(0, semicolon);
  const bool valid =
      std::all_of(type.begin(), type.end(), [](char c) { return is_letter_or_digit(c) || c == '-'; });
  const std::string address = from_xtext(orcpt.substr(semicolon + 1));
  return valid && !address.empty() ? joined({type, "; ", address}) : std::string();
}

std::string human_text(const DsnInput& input, const HeaderContext& context) {
  std::string japanese = "お送りいただいたメールについてお知らせします。\n\n";
  std::string english = "This is a delivery notice about the mail you sent.\n\n";
  for (const DsnRecipient& recipient : input.recipients) {
    const Outcome& outcome = outcome_of(recipient.action);
    const Standard* reason =
        recipient.action == "failed" || recipient.action == "delayed" ? standard_reason(recipient) : nullptr;
    const std::string address = display_text(recipient.address, kFieldOctets, context);
    japanese.append("  ").append(address).append("\n    ").append(outcome.japanese);
    english.append("  ").append(address).append("\n    ").append(outcome.english);
    if (reason != nullptr) {
      japanese.append("。").append(reason->japanese);
      english.append(": ").append(reason->english);
    }
    japanese.append(" (").append(status_code(recipient)).append(")\n");
    english.append(" (").append(status_code(recipient)).append(")\n");
  }
  const std::string id = input.id.text();
  return joined({japanese, "\n受付番号: ", id, "\n\n", english, "\nReference: ", id, "\n"});
}

// One block for the message, then one for each recipient (RFC 3464 section 2.1).
std::string status_fields(const DsnInput& input, const Config& config) {
  std::string out;
  const auto field = [&out](std::string_view name, const std::string& value) {
    if (!value.empty()) out.append(name).append(": ").append(value).append("\r\n");
  };
  field("Original-Envelope-Id", from_xtext(input.envid));
  field("Reporting-MTA", joined({"dns; ", host_text(config.smtp.hostname)}));
  field("Arrival-Date", date_text(input.received_ms / 1000, 0));
  for (const DsnRecipient& recipient : input.recipients) {
    out.append("\r\n");
    field("Original-Recipient", original_recipient(recipient.orcpt));
    field("Final-Recipient", final_recipient(recipient.address));
    field("Action", std::string(outcome_of(recipient.action).action));
    field("Status", status_code(recipient));
  }
  return out;
}

// Notices about one item differ by what they tell: the id does too, and stays the same when one is written
// again.
std::string message_id(const DsnInput& input, const Config& config) {
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a
  const auto mix = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    hash = (hash ^ 0xFF) * 1099511628211u;
  };
  for (const DsnRecipient& recipient : input.recipients) {
    mix(recipient.address);
    mix(recipient.action);
  }
  return joined(
      {"<", input.id.text(), ".status.", std::to_string(hash), "@", host_text(config.smtp.hostname), ">"});
}

std::unique_ptr<Entity> plain_part(std::string_view type, std::string octets) {
  auto part = std::make_unique<Entity>();
  part->field("Content-Type", type);
  part->field("Content-Transfer-Encoding", "7bit");
  part->content(std::move(octets));
  return part;
}

std::string subject_text(const DsnInput& input) {
  bool failed = false, delayed = false;
  for (const DsnRecipient& recipient : input.recipients) {
    failed = failed || recipient.action == "failed";
    delayed = delayed || recipient.action == "delayed";
  }
  if (failed) return "配信できませんでした / Undelivered mail";
  return delayed ? "配信が遅れています / Delayed mail" : "配信のお知らせ / Delivery notice";
}

}  // namespace

std::string delivery_status(const DsnInput& input, const Config& config) {
  std::vector<clean::Finding> findings;
  const HeaderContext context{.break_links = false, .findings = &findings};
  clean::MailHeader header;
  header.from.push_back({"Mail Delivery System", own_sender(config)});
  header.to.push_back({"", std::string(input.sender)});
  header.subject = subject_text(input);
  header.auto_submitted = "auto-replied";

  Entity mail;
  const std::string id = message_id(input, config);
  mail.field("X-Kiyome-Id", input.id.text());
  write_kept_fields({.header = &header,
                     .subject_mark = {},
                     .fallback_message_id = id,
                     .fallback_unix_seconds = unix_ms_now() / 1000},
                    context, mail);
  write_mime_version(mail);
  const std::string boundary = joined({"=_kiyome-", input.id.text()});
  mail.field("Content-Type",
             joined({"multipart/report; report-type=delivery-status;\r\n boundary=\"", boundary, "\""}));
  mail.boundary(boundary);
  auto human = std::make_unique<Entity>();
  write_text(human_text(input, context), "", "", *human);
  mail.add(std::move(human));
  mail.add(plain_part("message/delivery-status", status_fields(input, config)));
  if (input.header != nullptr) {
    Entity original;
    write_kept_fields({.header = input.header,
                       .subject_mark = {},
                       .fallback_message_id = {},
                       .fallback_unix_seconds = input.received_ms / 1000},
                      context, original);
    std::string fields = original.octets();
    fields.resize(fields.size() - 2);  // without the empty line that ends a header
    mail.add(plain_part("text/rfc822-headers", std::move(fields)));
  }
  return mail.octets();
}

}  // namespace kiyome::compose

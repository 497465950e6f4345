// The header of an item as the review page shows it: texts that the sandbox has read out of it, nothing of
// its octets. They are hostile, and written as JSON texts.
#include <algorithm>
#include <optional>

#include "service/base/clock.h"
#include "service/cleaner/refusal_notice.h"
#include "service/cleaner/review/review_item.h"

namespace kiyome::cleaner {
namespace {

std::string joined(const std::vector<clean::Address>& addresses) {
  std::string out;
  for (const clean::Address& each : addresses) {
    if (!out.empty()) out += ", ";
    out += each.display;
    if (!each.address.empty()) out += (each.display.empty() ? "<" : " <") + each.address + ">";
  }
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& each : words) out.append(out.empty() ? "" : " ").append(each);
  return out;
}

const char* name_of(clean::AuthMethod method) {
  return method == clean::AuthMethod::spf ? "spf" : method == clean::AuthMethod::dkim ? "dkim" : "dmarc";
}

const char* name_of(clean::AuthResult result) {
  static constexpr const char* kNames[] = {"none",    "none",   "pass",      "fail",     "softfail",
                                           "neutral", "policy", "temperror", "permerror"};
  return kNames[std::min<std::size_t>(static_cast<std::size_t>(result), std::size(kNames) - 1)];
}

void write_header(http::JsonText& out, std::string_view name, const std::string& value) {
  if (!value.empty()) out.begin_object().member("name", name).member("value", value).end_object();
}

}  // namespace

void write_headers(http::JsonText& out, const store::ItemRow& item) {
  out.begin_array();
  if (const std::optional<clean::MailHeader> header = header_of(item)) {
    if (header->date) write_header(out, "Date", iso_time(header->date->unix_seconds * 1000));
    write_header(out, "From", joined(header->from));
    write_header(out, "Sender", joined(header->sender));
    write_header(out, "Reply-To", joined(header->reply_to));
    write_header(out, "To", joined(header->to));
    write_header(out, "Cc", joined(header->cc));
    write_header(out, "Subject", header->subject.value_or(""));
    write_header(out, "Message-ID", header->message_id);
    write_header(out, "In-Reply-To", joined(header->in_reply_to));
    write_header(out, "References", joined(header->references));
    write_header(out, "Auto-Submitted", header->auto_submitted);
    write_header(out, "List-Id", header->list_id);
    write_header(out, "Precedence", header->precedence);
    for (const clean::Authentication& each : header->authentication)
      write_header(out, "Authentication-Results",
                   each.server + "; " + name_of(each.method) + "=" + name_of(each.result) +
                       (each.domain.empty() ? "" : " " + each.domain));
  }
  out.end_array();
}

}  // namespace kiyome::cleaner

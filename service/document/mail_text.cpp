#include "service/document/mail_text.h"

#include <fmt/format.h>

#include <cstdlib>

#include "service/base/clock.h"

namespace kiyome::document {
namespace {

void append(std::string& out, const char* label, const std::vector<clean::Address>& addresses) {
  if (addresses.empty()) return;
  out += label;
  for (const clean::Address& each : addresses) {
    if (&each != &addresses.front()) out += ", ";
    out += each.display;
    if (!each.address.empty()) out += (each.display.empty() ? "<" : " <") + each.address + ">";
  }
  out += '\n';
}

std::string local_time(const clean::Date& date) {
  const std::string text = iso_time((date.unix_seconds + date.zone_minutes * 60) * 1000);
  return fmt::format("{} {} {}{:02}{:02}", text.substr(0, 10), text.substr(11, 8),
                     date.zone_minutes < 0 ? '-' : '+', std::abs(date.zone_minutes) / 60,
                     std::abs(date.zone_minutes) % 60);
}

}  // namespace

std::string mail_text(const clean::MailAnswer& answer) {
  const clean::MailHeader& header = answer.header;
  std::string out;
  append(out, "差出人: ", header.from);
  append(out, "宛先: ", header.to);
  append(out, "Cc: ", header.cc);
  if (header.date) out += "日時: " + local_time(*header.date) + "\n";
  if (header.subject) out += "件名: " + *header.subject + "\n";
  if (!out.empty()) out += '\n';
  return out + answer.body.text;
}

}  // namespace kiyome::document

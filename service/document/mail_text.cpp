#include "service/document/mail_text.h"

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>

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

// As the writer's clock showed it, wherever we are.
std::string local_time(const clean::Date& date) {
  const auto shown = static_cast<std::time_t>(date.unix_seconds + date.zone_minutes * 60);
  std::tm parts{};
  ::gmtime_r(&shown, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} {}{:02}{:02}", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
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

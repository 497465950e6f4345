#include "service/trail/syslog.h"
#include "service/base/hex.h"

#include <fmt/format.h>

#include <ctime>

namespace kiyome::trail {
namespace {

constexpr int kFacility = 13;  // log audit
constexpr int kError = 3, kInformational = 6;
constexpr std::size_t kNameMax = 255, kMessageIdMax = 32;  // RFC 5424 section 6

std::string utc(std::int64_t unix_ms) {
  const std::time_t second = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  ::gmtime_r(&second, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format("{}.{:03}Z", text, unix_ms % 1000);
}

// PRINTUSASCII, at least "-".
std::string name(const std::string& text, std::size_t max) {
  std::string out;
  for (const char c : text)
    if (c > ' ' && c < 0x7f && out.size() < max) out += c;
  return out.empty() ? "-" : out;
}

// PARAM-VALUE: `"`, `\` and `]` are escaped; what is not printed is a blank.
std::string value(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == ']') out += '\\';
    out += static_cast<unsigned char>(c) < ' ' || c == 0x7f ? ' ' : c;
  }
  return out;
}

std::string line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return text;
}

bool is_trouble(const std::string& event) {
  return event == "checkpoint-conflict" || event.starts_with("refused-");
}

}  // namespace

std::string syslog_message(const audit::Linked& linked, audit::Trail trail, const std::string& host) {
  const audit::Entry& entry = linked.entry;
  std::string out =
      fmt::format("<{}>1 {} {} kiyome-{} - {} [kiyome@32473 sequence=\"{}\" hash=\"{}\" actor=\"{}\"",
                  kFacility * 8 + (is_trouble(entry.event) ? kError : kInformational), utc(entry.unix_ms),
                  name(host, kNameMax), audit::name_of(trail), name(entry.event, kMessageIdMax),
                  entry.sequence, hex(linked.hash), value(entry.actor));
  if (entry.item) out += fmt::format(" item=\"{}\"", entry.item->text());
  out += "] \xEF\xBB\xBF";  // the message is UTF-8
  return out + line(entry.detail);
}

std::string syslog_frame(const std::string& message) {
  return std::to_string(message.size()) + " " + message;
}

}  // namespace kiyome::trail

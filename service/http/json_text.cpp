#include "service/http/json_text.h"

#include <ctime>

#include "service/base/log.h"

namespace kiyome::http {

void JsonText::comma() {
  if (!first_) out_ += ',';
  first_ = false;
}

JsonText& JsonText::open(char bracket) {
  comma();
  out_ += bracket;
  first_ = true;
  return *this;
}

JsonText& JsonText::close(char bracket) {
  out_ += bracket;
  first_ = false;
  return *this;
}

JsonText& JsonText::key(std::string_view name) {
  value(name);
  out_ += ':';
  first_ = true;  // no comma before the value
  return *this;
}

JsonText& JsonText::value(std::string_view text) { return raw(log::json_string(text)); }

// In JSON it stands within texts alone.
JsonText& JsonText::raw(std::string_view json) {
  comma();
  for (std::size_t at = json.find('<'); at != std::string_view::npos; at = json.find('<')) {
    out_.append(json.substr(0, at)).append("\\u003c");
    json.remove_prefix(at + 1);
  }
  out_ += json;
  return *this;
}

JsonText& JsonText::time(std::string_view name, std::int64_t unix_ms) {
  const std::int64_t seconds = unix_ms / 1000 - (unix_ms % 1000 < 0 ? 1 : 0);
  const std::time_t second = static_cast<std::time_t>(seconds);
  std::tm parts{};
  ::gmtime_r(&second, &parts);
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::string out(text, size);
  const std::string milliseconds = std::to_string(1000 + (unix_ms - seconds * 1000));
  out += "." + milliseconds.substr(1) + "Z";
  return member(name, out);
}

}  // namespace kiyome::http

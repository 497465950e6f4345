// A hostile server against the client dialog: it always ends, every recipient has a whole result, and what is
// said is nothing but the commands of our envelope.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/check.h"
#include "proto/smtp/client_dialog.h"

using namespace kiyome;
using namespace kiyome::smtp;

namespace {

ClientMail mail(std::uint8_t choice) {
  ClientMail out{choice % 2 != 0 ? "s@example.com" : "",
                 static_cast<std::uint8_t>(choice % 3),
                 "E+2B",
                 {},
                 choice * 50u};
  for (unsigned i = 0; i <= choice % 4u; ++i)
    out.recipients.push_back({"r@example.org", 2, "rfc822;r@example.org"});
  if (choice % 5 == 0) out.recipients.push_back({"\xe5\xb1\xb1@example.jp", 0, {}});
  return out;
}

void check_said(std::string& output) {
  std::string_view rest = output;
  while (!rest.empty()) {
    const std::size_t end = rest.find("\r\n");
    KIYOME_CHECK(end != std::string_view::npos);
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    bool known = false;
    for (const std::string_view begin :
         {"EHLO c", "HELO c", "STARTTLS", "MAIL FROM:<", "RCPT TO:<", "DATA", "RSET", "QUIT", "."})
      known = known || line.starts_with(begin);
    KIYOME_CHECK(known && line.find_first_of("\r\n") == std::string_view::npos);
  }
  output.clear();
}

void check_results(const ClientDialog& dialog) {
  for (const ClientResult& result : dialog.results()) {
    const int status_class = result.status.status_class;
    KIYOME_CHECK(status_class == 2 || status_class == 4 || status_class == 5);
    KIYOME_CHECK((result.kind == ClientResult::Kind::accepted) == (result.code >= 200 && result.code < 300));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  ClientDialog dialog({"c", data[0] % 2 != 0, data[0] % 4 == 3});
  const std::size_t piece = 1u + data[1] % 64;
  const std::uint8_t choice = data[2];
  std::string_view octets(reinterpret_cast<const char*>(data) + 3, size - 3);
  unsigned mails = 0;
  while (!octets.empty()) {
    std::string_view part = octets.substr(0, piece);
    octets.remove_prefix(part.size());
    for (;;) {
      const ClientEvent::Kind kind = dialog.step(part);
      check_said(dialog.output());
      KIYOME_CHECK(part.empty());
      if (kind == ClientEvent::Kind::start_tls) dialog.tls_started();
      if (kind == ClientEvent::Kind::done) check_results(dialog);
      if (kind == ClientEvent::Kind::closed) return check_results(dialog), 0;
      if (kind == ClientEvent::Kind::content) {
        if (choice % 2 == 0) dialog.content_sent();
        break;
      }
      if (kind == ClientEvent::Kind::need_input) break;
      if (kind == ClientEvent::Kind::ready) {
        if (++mails > 8u + choice)
          dialog.quit();
        else
          dialog.begin(mail(static_cast<std::uint8_t>(choice + mails)));
      }
    }
  }
  dialog.failed({4, 4, 2}, "gone");
  std::string_view none;
  KIYOME_CHECK(dialog.step(none) == ClientEvent::Kind::closed);
  check_results(dialog);
  return 0;
}

// The server dialog: the first octet chooses the peer's rights and the cut; the rest is what the peer says.
// However it is cut, replies and contents are the same, each begun message ends one way, and no reply repeats
// the peer's octets.
#include "proto/smtp/server_dialog.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "proto/base/limits.h"
#include "proto/smtp/address.h"

using namespace kiyome::smtp;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

class Policy : public ServerPolicy {
 public:
  std::optional<ServerReply> refuse_sender(const ServerClient&, const MailArguments&) override {
    return std::nullopt;
  }
  std::optional<ServerReply> refuse_recipient(const ServerClient&, const std::string& recipient) override {
    if (recipient.size() % 7 == 3) return replies::unknown_recipient();
    return std::nullopt;
  }
  void refused(const ServerReply&) override {}
};

void check_reply_text(const std::string& text) {
  require(text.empty() || text.ends_with("\r\n"));
  for (const char c : text) require((c >= 0x20 && c < 0x7f) || c == '\r' || c == '\n');
}

void check_envelope(const ServerEnvelope& envelope) {
  require(!envelope.recipients.empty() && acceptable_utf8(envelope.sender));
  for (const ServerRecipient& recipient : envelope.recipients) {
    require(!recipient.address.empty() && acceptable_utf8(recipient.address) && valid_xtext(recipient.orcpt));
    require(recipient.address.find_first_of("<>") == std::string::npos);
  }
}

std::string run(std::string_view text, std::size_t piece, bool listed, bool fail) {
  static const ServerSettings settings{"mx.example", 500, 5, 10, 60, true};
  Policy policy;
  ServerDialog dialog(settings, policy, {"192.0.2.1", "", "", listed});
  std::string out, content;
  bool begun = false;
  dialog.greet();
  while (!text.empty()) {
    std::string_view input = text.substr(0, piece);
    text.remove_prefix(input.size());
    for (bool more = true; more;) {
      const ServerEvent event = dialog.step(input);
      check_reply_text(dialog.output());
      out += dialog.output();
      dialog.output().clear();
      switch (event.kind) {
        case ServerEvent::Kind::need_input:
          require(input.empty());
          more = false;
          break;
        case ServerEvent::Kind::flush:
          break;
        case ServerEvent::Kind::start_tls:
          return out + "T";  // what is dropped depends on the cut
        case ServerEvent::Kind::message_begin:
          require(!begun);
          begun = true;
          check_envelope(dialog.envelope());
          if (fail) {
            dialog.message_failed(replies::trouble());
            begun = false;
          }
          break;
        case ServerEvent::Kind::message_octets:
          require(begun);
          content += event.octets;
          require(content.size() <= settings.message_bytes_max);
          break;
        case ServerEvent::Kind::message_abandoned:
          require(begun);
          begun = false;
          content.clear();
          break;
        case ServerEvent::Kind::message_end:
          require(begun);
          begun = false;
          out += "{" + content + "}";
          content.clear();
          require(dialog.step(input).kind == ServerEvent::Kind::waiting);
          dialog.message_done(replies::queued("ID"));
          break;
        case ServerEvent::Kind::waiting:
          std::abort();
        case ServerEvent::Kind::close:
          return out + "C";
      }
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool listed = (data[0] & 1) != 0;
  const bool fail = (data[0] & 2) != 0;
  const std::string whole = run(text, size, listed, fail);
  require(run(text, 1, listed, fail) == whole);
  require(run(text, 2 + data[0] / 4, listed, fail) == whole);
  return 0;
}

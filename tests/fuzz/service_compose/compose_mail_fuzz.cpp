// Whatever a conquered sanitizer says, what we write of it passes the verifier, and writing a text twice
// changes nothing.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "service/compose/compose.h"
#include "service/gate/verify.h"

using namespace kiyome;

namespace {

// Cuts the input into pieces: one octet of length, then as many octets.
class Pieces {
 public:
  explicit Pieces(std::string_view octets) : rest_(octets) {}
  std::string next(std::size_t scale = 1) {
    if (rest_.empty()) return {};
    const std::size_t wanted = static_cast<unsigned char>(rest_[0]) * scale;
    rest_.remove_prefix(1);
    const std::string_view piece = rest_.substr(0, wanted);
    rest_.remove_prefix(piece.size());
    return std::string(piece);
  }
  unsigned number() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<unsigned char>(rest_[0]);
    rest_.remove_prefix(1);
    return value;
  }

 private:
  std::string_view rest_;
};

void require(bool holds, const char* what, std::string_view octets) {
  if (holds) return;
  std::fprintf(stderr, "%s\n%.*s\n", what, static_cast<int>(octets.size()), octets.data());
  std::abort();
}

void require_mail(const std::string& octets) {
  const auto violation = gate::verify_mail(octets);
  if (violation) std::fprintf(stderr, "offset %llu: ", static_cast<unsigned long long>(violation->offset));
  require(!violation, violation ? violation->reason.c_str() : "", octets);
}

clean::MailHeader header_of(Pieces& in) {
  clean::MailHeader header;
  const auto mailboxes = [&in] {
    std::vector<clean::Address> list;
    for (unsigned n = in.number() % 4; n > 0; --n) {
      std::string display = in.next();
      list.push_back({std::move(display), in.next()});
    }
    return list;
  };
  header.from = mailboxes();
  header.to = mailboxes();
  header.reply_to = mailboxes();
  header.sender = mailboxes();
  if (in.number() % 2 == 0) header.subject = in.next();
  header.date = clean::Date{static_cast<std::int64_t>(std::uint64_t{in.number()} << (in.number() % 64)),
                            static_cast<std::int16_t>(in.number() * 9)};
  header.message_id = in.next();
  header.references = {in.next(), in.next()};
  header.list_id = in.next();
  header.auto_submitted = in.next();
  header.precedence = in.next();
  return header;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Pieces in({reinterpret_cast<const char*>(data), size});
  Config config;
  const unsigned options = in.number();
  config.notice.break_links = (options & 1) != 0;
  config.notice.external_mark = (options & 2) != 0;
  if ((options & 4) != 0) config.notice.contact = in.next();

  clean::MailAnswer answer;
  answer.header = header_of(in);
  const std::string helo = in.next(), address = in.next(), recipient = in.next();
  answer.parts.emplace_back();
  answer.parts.back().role = clean::Role::body;
  std::vector<std::string> texts;
  for (unsigned n = in.number() % 4; n > 0; --n) {
    clean::Part part;
    part.index = static_cast<std::uint32_t>(answer.parts.size());
    part.parent = 0;
    part.name = in.next();
    part.detected_type = in.next();
    part.size = in.number();
    answer.parts.push_back(std::move(part));
    texts.push_back(in.next());
  }
  answer.body.text = in.next(64);
  if ((options & 8) != 0) answer.body.findings = {clean::Finding::kHiddenText};

  compose::MailInput input;
  input.client_helo = helo;
  input.client_address = address;
  input.protocol = "ESMTP";
  input.only_recipient = recipient;
  input.answer = &answer;
  for (std::size_t i = 0; i < texts.size(); ++i)
    input.outcomes.push_back(
        {&answer.parts[i + 1], i % 2 == 0 ? Action::text : Action::strip, {}, &texts[i]});
  const compose::ComposedMail mail = compose::clean_mail(input, config);
  require_mail(mail.octets);

  compose::HeldInput held;
  held.sender = helo;
  held.recipient = recipient;
  held.header = &answer.header;
  held.reasons = {clean::Finding::kEncrypted};
  require_mail(compose::held_notice(held, config));

  compose::DsnInput dsn;
  dsn.sender = address;
  dsn.envid = helo;
  dsn.recipients = {{recipient, helo, "failed", 5, 1, 1}};
  dsn.header = &answer.header;
  const std::string status = compose::delivery_status(dsn, config);
  require(status.find('\0') == std::string::npos, "a NUL in a notification", status);

  std::vector<clean::Finding> ignored;
  const std::string once = compose::clean_body(answer.body.text, false, ignored);
  require(compose::clean_body(once, false, ignored) == once, "cleaning twice changes the text", once);
  return 0;
}

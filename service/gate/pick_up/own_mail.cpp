#include "service/gate/pick_up/own_mail.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <string_view>

#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/gate/gate_store.h"
#include "service/gate/mail_form.h"
#include "service/gate/verify.h"

namespace kiyome::gate {
namespace {

using View = std::string_view;

constexpr std::int64_t kZoneSeconds = 9 * 3600;

struct Words {
  View subject, japanese, english;
};

Words words_of(MailKind kind) {
  switch (kind) {
    case MailKind::available:
      return {"ファイルが届きました / Files have arrived",
              "ファイルが届きました。受け取りのページからダウンロードしてください。",
              "Files have arrived. Please download them from the pick-up page."};
    case MailKind::approval:
      return {"承認待ちのファイルがあります / Files wait for your approval",
              "承認待ちのファイルがあります。受け取りのページの「承認」で内容を確認してください。",
              "Files wait for your approval. Please look at them on the pick-up page."};
    case MailKind::returned:
      return {"ファイルの受け取りは承認されませんでした / Files were returned",
              "次のファイルの受け取りは承認されませんでした。", "These files were not approved."};
    case MailKind::more:
      return {"ファイルが追加されました / More files have arrived",
              "以前にお知らせした送信に、ファイルが追加されました。",
              "More files have arrived for a delivery you were told of."};
    case MailKind::sign_in:
      return {"承認待ちのファイルがあります / Files wait for you",
              "あなた宛てのファイルが承認を待っています。"
              "承認者を確認するため、受け取りのページに一度サインインしてください。",
              "Files for you wait to be approved. Please sign in to the pick-up page once, so that it knows "
              "who may approve them."};
    case MailKind::nobody:
      break;
    case MailKind::held:
      return {"届いたファイルは保留されています / Files were held",
              "届いたファイルはすべて保留され、受け取れません。理由は受け取りのページで確認できます。",
              "All files that were sent to you were held. The pick-up page says why."};
  }
  return {};
}

std::tm local_time(std::int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1000 + kZoneSeconds;
  std::tm out{};
  ::gmtime_r(&seconds, &out);
  return out;
}

std::string day(std::int64_t unix_ms) {
  const std::tm t = local_time(unix_ms);
  std::array<char, 64> out{};
  std::snprintf(out.data(), out.size(), "%d-%02d-%02d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday);
  return out.data();
}

std::string text_of(const Letter& letter, const Letterhead& head, bool plain) {
  const Words words = words_of(letter.kind);
  std::string out = std::string(words.japanese) + "\r\n" + std::string(words.english) + "\r\n\r\n";
  const auto line = [&](View name, const std::string& value) {
    if (!value.empty()) out += std::string(name) + ": " + value + "\r\n";
  };
  if (!plain) {
    line("件名 / Title", letter.title);
    line("送信者 / From", letter.sender_name.empty() ? letter.sender
                          : letter.sender.empty()    ? letter.sender_name
                                                     : letter.sender_name + " <" + letter.sender + ">");
    for (std::size_t at = 0; at < letter.comment.size();) {
      const std::size_t end = std::min(letter.comment.find('\n', at), letter.comment.size());
      line("コメント / Comment", letter.comment.substr(at, end - at));
      at = end + 1;
    }
  }
  if (letter.files != 0) line("ファイル数 / Files", std::to_string(letter.files));
  if (letter.held != 0) line("うち保留 / Held", std::to_string(letter.held));
  if (letter.kind != MailKind::returned) line("期限 / Until", day(letter.expires_ms));
  line("ページ / Page", head.url);
  return out;
}

std::string mail_of(const Letter& letter, const Letterhead& head, const std::string& id, std::int64_t now_ms,
                    bool plain) {
  const std::string when = mail_date(now_ms);
  std::string out = "Received: from localhost ([127.0.0.1]) by " + head.hostname + " with LOCAL id " + id +
                    ";\r\n " + when + "\r\nX-Kiyome-Id: " + id + "\r\nFrom: " + head.from + "\r\n";
  if (!plain) out += "To: " + letter.to + "\r\n";
  out += "Subject: " + encoded_words(words_of(letter.kind).subject) + "\r\nDate: " + when +
         "\r\nMessage-ID: <" + id + "@" + head.hostname +
         ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
         "charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  append_base64_lines(text_of(letter, head, plain), out);
  return out;
}

}  // namespace

transfer::Bundle write_mail(const Letter& letter, const Letterhead& head, const ItemId& id,
                            std::int64_t now_ms) {
  transfer::Bundle out;
  out.id = id;
  out.part = 1;
  out.kind = kOwnMail;
  out.recipients.push_back({0, letter.to, transfer::kNotifyNever, {}});
  out.content = mail_of(letter, head, id.text(), now_ms, false);
  if (verify_mail(out.content)) out.content = mail_of(letter, head, id.text(), now_ms, true);
  if (const std::optional<Violation> violation = verify_mail(out.content))
    throw TemporaryFailure("a mail of our own: " + violation->reason);
  out.sha256 = sha256(out.content);
  return out;
}

}  // namespace kiyome::gate

#include "service/gate/sealed_mail.h"

#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/gate/mail_form.h"
#include "service/gate/verify.h"

namespace kiyome::gate {
namespace {

std::string field_block(const transfer::SealedOriginal& sealed, const SealedHead& head, std::int64_t now_ms) {
  const std::string id = sealed.id.text(), when = mail_date(now_ms);
  return "Received: from localhost ([127.0.0.1]) by " + head.hostname + " with LOCAL id " + id + ";\r\n " +
         when + "\r\nX-Kiyome-Id: " + id + "\r\nFrom: " + head.from + "\r\nTo: " + sealed.recipient +
         "\r\nSubject: " + encoded_words("封緘原本 / A sealed original") + "\r\nDate: " + when +
         "\r\nMessage-ID: <" + id + "@" + head.hostname +
         ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n";
}

std::string text_of(const transfer::SealedOriginal& sealed, bool named) {
  std::string out =
      "二人の確認で解放された原本を、暗号化した ZIP に封緘してお届けします。\r\n"
      "原本は無害化されていません。取り扱いに注意してください。\r\n"
      "パスワードはこのメールには書かれていません。解放した担当者から別の手段で受け取ってください。\r\n"
      "An original that two people released is attached, sealed in an encrypted ZIP. It was NOT "
      "sanitized.\r\n"
      "The password is not in this mail: ask whoever released it by another way.\r\n\r\n"
      "受信アイテム / item: " +
      sealed.item.text() + "\r\n";
  if (named) out += "ファイル / file: " + sealed.name + "\r\n";
  return out;
}

std::string text_part(const std::string& text) {
  std::string out = "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  append_base64_lines(text, out);
  return out;
}

}  // namespace

transfer::Bundle sealed_mail(const transfer::SealedOriginal& sealed, const SealedHead& head,
                             std::int64_t now_ms) {
  const std::string fields = field_block(sealed, head, now_ms);
  std::string part = text_part(text_of(sealed, true));
  // The words are proved as a mail of their own; a name that cannot stand in one is left out.
  if (verify_mail(fields + part)) part = text_part(text_of(sealed, false));
  if (const std::optional<Violation> violation = verify_mail(fields + part))
    throw TemporaryFailure("a mail of our own: " + violation->reason);
  const std::string boundary = "=_kiyome-" + sealed.id.text(),
                    file = "original-" + sealed.item.text() + ".zip";
  transfer::Bundle out;
  out.id = sealed.id;
  out.part = transfer::SealedOriginal::part;
  out.recipients.push_back({0, sealed.recipient, transfer::kNotifyNever, {}});
  out.content =
      fields + "Content-Type: multipart/mixed;\r\n boundary=\"" + boundary + "\"\r\n\r\n--" + boundary +
      "\r\n" + part + "--" + boundary + "\r\nContent-Type: application/zip;\r\n name=\"" + file +
      "\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n filename=\"" + file +
      "\"\r\n\r\n";
  append_base64_lines(sealed.content, out.content);
  out.content += "--" + boundary + "--\r\n";
  out.sha256 = sha256(out.content);
  return out;
}

}  // namespace kiyome::gate

// Clean mails written by hand for the verifier's tests, with a base64 writer of the tests' own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kiyome::verify_sample {

inline std::string base64(std::string_view octets) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (i + k < octets.size() ? static_cast<unsigned char>(octets[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k > octets.size() ? '=' : kAlphabet[bits >> (18 - 6 * k) & 63];
  }
  return out;
}

inline std::string base64_lines(std::string_view octets) {
  const std::string all = base64(octets);
  std::string out;
  for (std::size_t i = 0; i < all.size(); i += 76) out += all.substr(i, 76) + "\r\n";
  return out;
}

inline std::string word(std::string_view text) { return "=?UTF-8?B?" + base64(text) + "?="; }

// A mail in parts that a test can exchange one by one.
struct Sample {
  std::string received =
      "Received: from mail.example.com ([192.0.2.1]) by kiyome.example.jp with ESMTPS\r\n"
      " id 0191f3a0-1234-7abc-8def-0123456789ab for <taro@city.example.jp>;\r\n Sat, 21 Nov 2026 12:34:56 "
      "+0900\r\n";
  std::string kiyome_id = "X-Kiyome-Id: 0191f3a0-1234-7abc-8def-0123456789ab\r\n";
  std::string from = "From: " + word("山田　太郎") + " <yamada@example.com>\r\n";
  std::string sender = "Sender: \"Office, \\\"A\\\"\" <office@example.com>\r\n";
  std::string reply_to = "Reply-To: yamada@example.com\r\n";
  std::string to =
      "To: taro@city.example.jp, \"undisclosed\":;, " + word("鈴木") + "\r\n <suzuki@[192.0.2.9]>\r\n";
  std::string cc = "Cc: \"a b\"@example.jp\r\n";
  std::string subject = "Subject: " + word("請求書の") + "\r\n " + word("件 髙﨑") + "\r\n";
  std::string date = "Date: Sat, 21 Nov 2026 12:34:50 +0900\r\n";
  std::string message_id = "Message-ID: <abc.1@example.com>\r\n";
  std::string in_reply_to = "In-Reply-To: <x@y>\r\n";
  std::string references = "References: <w@y> <x@y>\r\n";
  std::string auto_submitted = "Auto-Submitted: no\r\n";
  std::string list_id = "List-Id: \"A list\" <list.example.com>\r\n";
  std::string precedence = "Precedence: bulk\r\n";
  std::string mime = "MIME-Version: 1.0\r\n";
  std::string type = "Content-Type: text/plain; charset=UTF-8\r\n";
  std::string encoding = "Content-Transfer-Encoding: 7bit\r\n";
  std::string content = "Hello.\r\n";

  std::string mail() const {
    return received + kiyome_id + from + sender + reply_to + to + cc + subject + date + message_id +
           in_reply_to + references + auto_submitted + list_id + precedence + mime + type + encoding +
           "\r\n" + content;
  }
  // The least that is a mail.
  static Sample small() {
    Sample out;
    for (std::string* field : {&out.sender, &out.reply_to, &out.to, &out.cc, &out.subject, &out.in_reply_to,
                               &out.references, &out.auto_submitted, &out.list_id, &out.precedence})
      field->clear();
    out.from = "From: a@b\r\n";
    return out;
  }
  static Sample with_text(std::string_view text) {
    Sample out = small();
    if (text.empty()) {
      out.content.clear();
    } else {
      out.encoding = "Content-Transfer-Encoding: base64\r\n";
      out.content = base64_lines(text);
    }
    return out;
  }
  static Sample with_content(std::string_view encoding, std::string_view content) {
    Sample out = small();
    out.encoding = "Content-Transfer-Encoding: " + std::string(encoding) + "\r\n";
    out.content = content;
    return out;
  }
  // `parts` holds everything from the first delimiter on; the boundary is "b".
  static Sample with_parts(std::string_view parts) {
    Sample out = small();
    out.type = "Content-Type: multipart/mixed; boundary=\"b\"\r\n";
    out.encoding.clear();
    out.content = parts;
    return out;
  }
};

inline const std::string kBodyPart =
    "--b\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\nHello.\r\n";

inline std::string attachment(const std::string& name, const std::string& text = "Hi.\r\n") {
  return "\r\n--b\r\nContent-Type: text/plain; charset=UTF-8; name=\"" + name +
         "\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"" + name +
         "\"\r\n\r\n" + base64_lines(text);
}

// Of another type than text.
inline std::string attachment_of(const std::string& type, const std::string& name,
                                 const std::string& octets) {
  return "\r\n--b\r\nContent-Type: " + type + ";\r\n name=\"" + name +
         "\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"" + name +
         "\"\r\n\r\n" + base64_lines(octets);
}

inline std::string percent(std::string_view name) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : name) {
    const auto octet = static_cast<unsigned char>(c);
    const bool plain =
        octet < 0x80 && (std::string_view("._-").find(c) != std::string_view::npos ||
                         (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[octet >> 4];
      out += kHex[octet & 15];
    }
  }
  return out;
}

inline std::string wide_attachment(const std::string& name, const std::string& text = "Hi.\r\n") {
  return "\r\n--b\r\nContent-Type: text/plain; charset=UTF-8;\r\n name=\"" + word(name) +
         "\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n filename*=UTF-8''" +
         percent(name) + "\r\n\r\n" + base64_lines(text);
}

inline const std::string kClose = "\r\n--b--\r\n";

// A Japanese mail of about 5 KB as most are.
inline std::string japanese_mail() {
  std::string text = "【無害化】 添付 1 件を除去しました（詳細は末尾）\r\n\r\n";
  while (text.size() < 4600)
    text +=
        "お世話になっております。情報政策課の髙橋です。先日ご依頼いただいた資料（第３版）を送付いたします。\r"
        "\n"
        "ご確認のほど、よろしくお願い申し上げます。 https://www.city.example.jp/a?b=1 TEL: "
        "03-0000-0000\r\n\r\n";
  text +=
      "\r\n【無害化通知】\r\n1. 見積書.xlsm（Excel、12 KB、3f2a9c01b2d4）: 除去\r\n【無害化通知おわり】\r\n";
  Sample sample = Sample::with_text(text);
  const Sample whole;
  sample.from = whole.from;
  sample.to = whole.to;
  sample.subject = whole.subject;
  return sample.mail();
}

}  // namespace kiyome::verify_sample

// The clean mail as a whole, and what Python's email package reads in it.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "proto/base/limits.h"
#include "service/compose/compose.h"
#include "service/gate/verify.h"

using namespace kiyome;
using namespace kiyome::compose;
using clean::Finding;

namespace {

const ItemId kId = ItemId::make(1795232096000, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});

clean::Part part(std::uint32_t index, clean::Role role, std::string name = "",
                 std::string type = "text/plain") {
  clean::Part made;
  made.index = index;
  made.parent = index == 0 ? -1 : 0;
  made.role = role;
  made.name = std::move(name);
  made.detected_type = std::move(type);
  made.size = 12595;
  made.sha256[0] = 0xAB;
  return made;
}

clean::MailAnswer answer(std::string text = "本文です。\n") {
  clean::MailAnswer made;
  made.header.from = {{"山田 太郎", "yamada@example.jp"}};
  made.header.to = {{"鈴木", "suzuki@city.example.jp"}, {"", "b@city.example.jp"}};
  made.header.subject = "見積書の送付";
  made.header.date = clean::Date{1795232096, 540};
  made.header.message_id = "<m1@example.jp>";
  made.parts = {part(0, clean::Role::body)};
  made.body.text = std::move(text);
  return made;
}

MailInput input(const clean::MailAnswer& from) {
  MailInput made;
  made.id = kId;
  made.received_ms = 1795232100000;
  made.client_address = "192.0.2.7";
  made.client_helo = "mx.example.jp";
  made.protocol = "ESMTPS";
  made.only_recipient = "suzuki@city.example.jp";
  made.answer = &from;
  return made;
}

std::string compose_octets(const clean::MailAnswer& from) { return clean_mail(input(from), Config{}).octets; }

bool has(const std::vector<Finding>& findings, Finding finding) {
  return std::find(findings.begin(), findings.end(), finding) != findings.end();
}

std::string field(const std::string& mail, const std::string& name) {
  const std::size_t at = mail.find("\r\n" + name + ": ");
  if (at == std::string::npos || at > mail.find("\r\n\r\n")) return "(none)";
  const std::size_t begin = at + 4 + name.size();
  return mail.substr(begin, mail.find("\r\n", begin) - begin);
}

// A JSON string; the texts here need no more than this.
std::string json(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '"' || c == '\\')
      (out += '\\') += c;
    else
      out += c;
  }
  return out + '"';
}

std::string json_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + json(text);
  return out + "]";
}

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "kiyome-compose-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  void write(const std::string& name, const std::string& octets) const {
    std::ofstream(path_ / name, std::ios::binary) << octets;
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("clean mail: the whole of a small one") {
  clean::MailAnswer from = answer("Hello\n");
  from.header.from = {{"Taro", "taro@example.jp"}};
  from.header.to = {{"", "b@city.example.jp"}};
  from.header.subject = "Test";
  CHECK(compose_octets(from) ==
        "Received: from mx.example.jp ([192.0.2.7]) by kiyome.example.jp with ESMTPS\r\n"
        " id 01a1fc2b-df00-7102-8304-05060708090a for <suzuki@city.example.jp>;\r\n"
        " Sat, 21 Nov 2026 03:35:00 +0000\r\n"
        "X-Kiyome-Id: 01a1fc2b-df00-7102-8304-05060708090a\r\n"
        "From: \"Taro\" <taro@example.jp>\r\n"
        "To: b@city.example.jp\r\n"
        "Subject: Test\r\n"
        "Date: Sat, 21 Nov 2026 12:34:56 +0900\r\n"
        "Message-ID: <m1@example.jp>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=UTF-8\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\n"
        "Hello\r\n");
}

TEST_CASE("clean mail: what is missing is supplied, what is invalid replaced") {
  clean::MailAnswer from = answer();
  from.header = {};
  const std::string mail = compose_octets(from);
  CHECK(field(mail, "From") == "unknown@invalid");
  CHECK(field(mail, "Date") == "Sat, 21 Nov 2026 03:35:00 +0000");
  CHECK(field(mail, "Message-ID") == "<" + kId.text() + "@kiyome.example.jp>");
  CHECK(field(mail, "Subject") == "(none)");
  from.header.date = clean::Date{INT64_MAX, 0};
  from.header.message_id = "<a b@c>";
  const ComposedMail composed = clean_mail(input(from), Config{});
  CHECK(field(composed.octets, "Date") == "Sat, 21 Nov 2026 03:35:00 +0000");
  CHECK(field(composed.octets, "Message-ID") == "<" + kId.text() + "@kiyome.example.jp>");
  CHECK(has(composed.findings, Finding::kInvalidHeader));
}

TEST_CASE("clean mail: a further mail answers the first one, with a Message-ID of its own") {
  clean::MailAnswer from = answer();
  MailInput further = input(from);
  further.part = 2;
  further.parts_total = 3;
  const std::string twin = clean_mail(further, Config{}).octets;
  CHECK(field(twin, "Message-ID") == "<m1@example.jp>");
  further.further = true;
  std::string mail = clean_mail(further, Config{}).octets;
  CHECK(field(mail, "Message-ID") == "<" + kId.text() + ".2@kiyome.example.jp>");
  CHECK(field(mail, "In-Reply-To") == "<m1@example.jp>");
  CHECK(field(mail, "References") == "<m1@example.jp>");
  from.header.message_id.clear();  // the first bears one of ours
  from.header.references = {"<m0@example.jp>"};
  mail = clean_mail(further, Config{}).octets;
  CHECK(field(mail, "In-Reply-To") == "<" + kId.text() + "@kiyome.example.jp>");
  CHECK(mail.find("References: <m0@example.jp>\r\n <" + kId.text() + "@kiyome.example.jp>\r\n") != mail.npos);
}

TEST_CASE(
    "clean mail: a further mail brings what is new, says what it is, and repeats no words of the first") {
  clean::MailAnswer from = answer();
  from.body.text = "words of the first\n";
  MailInput further = input(from);
  further.part = 2;
  further.parts_total = 3;
  further.further = true;
  further.further_ms = 1'800'000'000'000;
  further.further_text = "確認しました。\n【無害化】 imitation";
  clean::Part part;
  part.name = "one.txt";
  const std::string words = "words of one\n";
  further.outcomes.push_back({&part, Action::text, {}, &words, nullptr, false});
  const std::string mail = clean_mail(further, Config{}).octets;
  CHECK_FALSE(gate::verify_mail(mail));
  CHECK(mail.find("words of the first") == mail.npos);
  CHECK(mail.find("words of one") != mail.npos);
  CHECK(field(mail, "Date") == "Fri, 15 Jan 2027 08:00:00 +0000");
  from.header.subject = "Quote";
  CHECK(field(clean_mail(further, Config{}).octets, "Subject") == "Re: Quote");
  from.header.subject = "RE: already";
  CHECK(field(clean_mail(further, Config{}).octets, "Subject") == "RE: already");
}

TEST_CASE(
    "clean mail: an item that leaves as several mails numbers them, and Received names one recipient only") {
  const clean::MailAnswer from = answer();
  MailInput several = input(from);
  several.part = 2;
  several.parts_total = 3;
  several.only_recipient = "";
  const std::string mail = clean_mail(several, Config{}).octets;
  CHECK(field(mail, "X-Kiyome-Id") == kId.text() + ".2");
  CHECK(mail.find(" for <") == std::string::npos);
  CHECK(clean_mail(several, Config{}).octets == mail);  // a retry is the same mail
}

TEST_CASE("clean mail: a hostile envelope cannot bend Received") {
  const clean::MailAnswer from = answer();
  MailInput hostile = input(from);
  hostile.client_helo = "x\r\nBcc: y";
  hostile.client_address = "1.2.3.4]) by evil";
  hostile.protocol = "esmtp\r\n";
  hostile.only_recipient = "a@b>\r\nX: y";
  const std::string mail = clean_mail(hostile, Config{}).octets;
  CHECK(mail.starts_with("Received: from unknown ([unknown]) by kiyome.example.jp with SMTP id"));
  CHECK(mail.find("evil") == std::string::npos);
  CHECK(mail.find("Bcc") == std::string::npos);
  CHECK(mail.find("X: y") == std::string::npos);
}

TEST_CASE("clean mail: IPv6 clients") {
  const clean::MailAnswer from = answer();
  MailInput six = input(from);
  six.client_address = "2001:db8::1";
  CHECK(clean_mail(six, Config{}).octets.find("([IPv6:2001:db8::1])") != std::string::npos);
}

TEST_CASE("clean mail: other readers find in it what we wrote") {
  if (access("/usr/bin/python3", X_OK) != 0) {
    MESSAGE("no /usr/bin/python3: left out");
    return;
  }
  const Folder folder;
  int written = 0;
  const auto put = [&](const MailInput& mail, const Config& config, const std::string& want) {
    const std::string name = "mail" + std::to_string(written++);
    const std::string octets = clean_mail(mail, config).octets;
    const auto violation = gate::verify_mail(octets);
    CHECK_MESSAGE(!violation, (violation ? violation->reason : ""));
    folder.write(name + ".eml", octets);
    folder.write(name + ".json", want);
  };

  clean::MailAnswer plain =
      answer("①㈱髙﨑\uFA10\uFA19様\nお世話になっております。𠮷野 👨‍👩‍👧\n");
  plain.header.cc = {{"長い名前の部署、情報政策課デジタル推進係（本庁舎３階） 山田太郎",
                      "very.long.address.for.folding@city.example.jp"},
                     {"Quoted, \"Name\"", "q@example.jp"}};
  plain.header.references = {"<a@b>", "<c@d>"};
  plain.header.list_id = "お知らせ <l.example.jp>";
  put(input(plain), Config{},
      R"({"headers": {"Subject": "見積書の送付", "References": "<a@b> <c@d>",
          "From": "山田 太郎 <yamada@example.jp>"},
          "body_has": ["①㈱髙﨑\uFA10\uFA19様\nお世話になっております。𠮷野 👨‍👩‍👧\n"], "body_lacks": ["無害化"]})");

  clean::MailAnswer parts = answer("添付します。\n");
  parts.parts.push_back(part(1, clean::Role::attachment, "見積書 第１版.csv", "text/csv"));
  parts.parts.push_back(part(2, clean::Role::attachment, "a.exe", "application/x-dosexec"));
  parts.parts.push_back(part(3, clean::Role::attachment, "memo.txt"));
  parts.parts.push_back(part(4, clean::Role::attachment, "MEMO.txt"));
  parts.parts.push_back(part(5, clean::Role::inline_image, "", "image/png"));
  const std::string csv = "品名,数量\nりんご,3\n", memo = "begin 644 x\nmemo\n";
  MailInput five = input(parts);
  five.outcomes = {{&parts.parts[1], Action::text, {}, &csv},
                   {&parts.parts[2], Action::hold, {Finding::kExecutable, Finding::kTypeMismatch}, nullptr},
                   {&parts.parts[3], Action::text, {}, &memo},
                   {&parts.parts[4], Action::text, {}, &memo},
                   {&parts.parts[5], Action::strip, {Finding::kPolicyStrip}, nullptr}};
  Config contact;
  contact.notice.contact = "情報政策課 内線1234";
  const std::string want_names = json_list({"見積書 第１版.csv.txt", "memo.txt", "MEMO (2).txt"});
  const std::string want_texts = json_list({csv, "| begin 644 x\nmemo\n", "| begin 644 x\nmemo\n"});
  put(five, contact,
      R"({"headers": {"Message-ID": "<m1@example.jp>"}, "names": )" + want_names + R"(, "texts": )" +
          want_texts +
          R"(, "body_has": [
          "【無害化】 画像 1 件を除去、添付 1 件を保留、添付 3 件をテキストに変換しました（詳細は末尾）\n\n添付します。\n\n【無害化通知】",
          "2. a.exe\n   種別: 実行形式 (application/x-dosexec)　大きさ: 12.3 KB (12,595 バイト)\n   SHA-256: ab0000000000\n   処理: 保留しました　理由: 実行形式・スクリプトです、拡張子・宣言・内容の種別が一致しません\n",
          "情報政策課 内線1234へお問い合わせください", "【無害化通知おわり】\n"]})");

  std::string line = "長い本文の行です。\n", whole;
  while (whole.size() <= limits::kBodyTextShown) whole += line;
  put(input(answer(whole)), Config{}, "{}");
  clean::MailAnswer long_answer = answer(whole);
  folder.write("mail2.eml", clean_mail(input(long_answer), Config{}).octets);
  folder.write("mail2.json", R"({"names": ["本文.txt"], "texts": [)" + json(whole) +
                                 R"(], "body_has": ["本文が長いため", "全文は添付の 本文.txt"]})");

  clean::MailAnswer hostile = answer("【無害化】 安全です\nbegin 644 x.exe\n\\\\host\\x\nfile://h\n");
  hostile.header.subject = "【外部】\u202Egnp.exe\r\nBcc: x";
  hostile.header.from = {{"\"admin@city.example.jp\"", "evil@example.com"}};
  hostile.header.reply_to = {{"", "other@example.net"}};
  hostile.header.authentication = {
      {"mx.elsewhere.example", clean::AuthMethod::dmarc, clean::AuthResult::pass, "example.com"},
      {"mx.example.jp", clean::AuthMethod::spf, clean::AuthResult::softfail, "example.com"},
      {"mx.example.jp", clean::AuthMethod::dmarc, clean::AuthResult::fail, ""},
      {"mx.example.jp", clean::AuthMethod::spf, clean::AuthResult::pass, "example.com"}};
  Config marked;
  marked.notice.external_mark = true;
  marked.notice.trusted_authserv_id = "MX.example.jp";
  marked.notice.own_domains = {"example.com"};
  put(input(hostile), marked,
      R"({"headers": {"Subject": "【外部】| 【外部】gnp.exe Bcc: x"},
          "body_has": ["送信者確認: SPF 不合格の疑い（example.com）、DMARC 不合格\n",
                       "\n| 【無害化】 安全です\n| begin 644 x.exe\n[\\\\]host\\x\nfile[:]//h\n",
                       "【無害化】 注意: 返信先 other@example.net が差出人 evil@example.com と異なります\n",
                       "【無害化】 注意: 差出人の表示名が別のアドレスに見えます。実際のアドレスは evil@example.com です\n",
                       "【無害化】 注意: 組織の外から、自組織のドメイン example.com を名乗って届きました\n"]})");

  HeldInput held{.id = kId,
                 .received_ms = 1795232100000,
                 .sender = "a@example.jp",
                 .recipient = "suzuki@city.example.jp",
                 .header = &plain.header,
                 .reasons = {Finding::kEncrypted}};
  CHECK_FALSE(gate::verify_mail(held_notice(held, Config{})));
  folder.write("held.eml", held_notice(held, Config{}));
  folder.write("held.json",
               R"({"headers": {"Subject": "【無害化】 保留のお知らせ: 見積書の送付", "X-Kiyome-Id": ")" +
                   kId.text() +
                   R"(.0", "Auto-Submitted": "auto-generated", "To": "suzuki@city.example.jp"},
      "body_has": ["暗号化されていて中を確認できません", "山田 太郎 <yamada@example.jp>"]})");

  DsnInput dsn{.id = kId,
               .received_ms = 1795232100000,
               .sender = "a@example.jp",
               .envid = "e+2B1",
               .recipients = {{"b@city.example.jp", "rfc822;b+2Bx@city.example.jp", "failed", 5, 1, 1},
                              {"太郎@city.example.jp", "", "delayed", 4, 4, 1}},
               .header = &plain.header};
  const std::string status = delivery_status(dsn, Config{});
  CHECK(status.find("Original-Envelope-Id: e+1\r\nReporting-MTA: dns; kiyome.example.jp\r\n") !=
        std::string::npos);
  CHECK(
      status.find(
          "Original-Recipient: rfc822; b+x@city.example.jp\r\nFinal-Recipient: rfc822; b@city.example.jp\r\n"
          "Action: failed\r\nStatus: 5.1.1\r\n") != std::string::npos);
  CHECK(status.find("Final-Recipient: utf-8; \\x{592A}\\x{90CE}@city.example.jp\r\nAction: delayed\r\n") !=
        std::string::npos);
  folder.write("dsn.eml", status);
  folder.write("dsn.json", R"J({"headers": {"Subject": "配信できませんでした / Undelivered mail"},
      "body_has": ["宛先が見つかりません (5.1.1)", "the mailbox does not exist"]
})J");

  const std::string command = "/usr/bin/python3 tests/unit/service_compose/parse_mails.py " + folder.path();
  CHECK(std::system(command.c_str()) == 0);  // a constant program and our own folder's name
}

TEST_CASE("clean mail: one octet below, at and above the bound of the shown body") {
  for (const std::size_t size :
       {limits::kBodyTextShown - 1, limits::kBodyTextShown, limits::kBodyTextShown + 1}) {
    const clean::MailAnswer from = answer(std::string(size, 'x'));
    const ComposedMail composed = clean_mail(input(from), Config{});
    CHECK(composed.outputs.size() == (size > limits::kBodyTextShown ? 1u : 0u));
    CHECK(has(composed.findings, Finding::kBodyCut) == (size > limits::kBodyTextShown));
    if (!composed.outputs.empty()) CHECK(composed.outputs[0].bytes == size + 2);
  }
}

TEST_CASE("clean mail: notes about the body alone give a notice, harmless ones do not") {
  clean::MailAnswer from = answer();
  from.body.findings = {Finding::kRemoteContent, Finding::kUnknownCharset, Finding::kUnseenAlternative};
  const std::string quiet = compose_octets(answer());
  CHECK(compose_octets(from) == quiet);
  from.body.findings.push_back(Finding::kHiddenText);
  CHECK(compose_octets(from) != quiet);
}

// What of a mail is shown, what is listed, and as what.
#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "tests/unit/sanitizers_mail/mails.h"

using namespace kiyome;
using clean::Finding;
using clean::Role;

namespace {

mails::Said read(std::string_view pattern, bool words = false) {
  return mails::read(mails::crlf(mails::fill(pattern)), words);
}

bool shows(const mails::Said& said, std::string_view text) {
  return said.body.text.find(text) != std::string::npos;
}

std::string roles(const mails::Said& said) {
  static const char* const letters =
      "?cbAaidf";  // container body Alternative attachment inline decoration framing
  std::string out;
  for (const clean::Part& part : said.parts) out += letters[static_cast<int>(part.role)];
  return out;
}

// A PNG header that says width × height, in base64.
std::string png(unsigned width, unsigned height) {
  std::string octets("\x89PNG\r\n\x1A\n\0\0\0\rIHDR", 16);
  for (const unsigned v : {width, height})
    for (int shift = 24; shift >= 0; shift -= 8) octets += static_cast<char>(v >> shift);
  octets += std::string("\x08\x02\0\0\0", 5) + std::string(200, 'x');
  return mails::base64(octets);
}

std::string alternative(const std::string& plain, const std::string& html) {
  return "Content-Type: multipart/alternative; boundary=B\n\n--B\nContent-Type: text/plain\n\n" + plain +
         "\n--B\nContent-Type: text/html\n\n" + html + "\n--B--\n";
}

}  // namespace

TEST_CASE("alternative: the plain text is shown, the other form is not listed as a file") {
  const mails::Said said = read(alternative("plain words", "<p>html words</p>"));
  CHECK(said.body.text == "plain words");
  CHECK(roles(said) == "cbA");
  CHECK(mails::has(said.parts[2].findings, Finding::kUnseenAlternative));
}

TEST_CASE("alternative: HTML is shown when the plain text is empty, a stub, or a fraction of it") {
  const std::string page =
      "<p>The whole story, " + std::string(40, 'x') + " told at length, " + std::string(60, 'y') + "</p>";
  CHECK(shows(read(alternative(" \n", page)), "whole story"));
  CHECK(shows(read(alternative("This is an HTML message. Please use a viewer that supports it.", page)),
              "whole story"));
  CHECK(shows(read(alternative("このメールはHTML形式です。対応したメーラーでご覧ください。", page)),
              "whole story"));
  std::string article;
  for (int i = 0; i < 40; ++i) article += "<p>paragraph number " + std::to_string(i) + " of the article</p>";
  CHECK(shows(read(alternative("Hello!", article)), "paragraph number 39"));
  CHECK(!shows(read(alternative("Hello! This one tells the story, all of it.", page)), "whole story"));
}

TEST_CASE("alternative: a file within it is still a file") {
  const mails::Said said = read(
      "Content-Type: multipart/alternative; boundary=B\n\n--B\n\nplain\n--B\nContent-Type: application/pdf; "
      "name=a.pdf\n"
      "Content-Transfer-Encoding: base64\n\n@B@\n--B--\n");
  CHECK(roles(said) == "cba");
}

TEST_CASE("alternative: a calendar's request is shown beside the text") {
  const mails::Said said = read(
      "Content-Type: multipart/alternative; boundary=B\n\n--B\nContent-Type: text/plain\n\nplease come\n--B\n"
      "Content-Type: text/calendar; method=REQUEST; "
      "charset=UTF-8\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\n"
      "DTSTART:20240501T000000Z\nSUMMARY:会議\nEND:VEVENT\nEND:VCALENDAR\n--B--\n");
  CHECK(shows(said, "please come"));
  CHECK(shows(said, "会議"));
  CHECK(roles(said) == "cbb");
}

TEST_CASE("mixed: texts stand in order with a line between them, files are listed") {
  const mails::Said said = read(
      "Content-Type: multipart/mixed; boundary=B\n\n--B\n\nfirst\n--B\nContent-Type: application/pdf; "
      "name=a.pdf\n\nx\n--B\n\n"
      "second\n--B--\n");
  CHECK(said.body.text == "first\n────────────────────\nsecond");
  CHECK(roles(said) == "cbab");
  CHECK(said.parts[2].name == "a.pdf");
}

TEST_CASE(
    "mixed: words before the first boundary line are shown when nothing else is, or another type says so") {
  const std::string file = "--B\nContent-Type: application/pdf; name=a.pdf\n\nx\n--B--\n";
  const std::string type = "Content-Type: multipart/mixed; boundary=B\n";
  CHECK(shows(read(type + "\nIt's Maria\n" + file), "It's Maria"));
  CHECK(!shows(read(type + "\nThis is a multi-part message in MIME format.\n" + file), "This is"));
  CHECK(!shows(read(type + "\nIt's Maria\n--B\n\nwords\n" + file), "Maria"));
  CHECK(
      shows(read("Content-Type: text/plain\n" + type + "\nIt's Maria\n--B\n\nwords\n" + file), "It's Maria"));
}

TEST_CASE("mixed: a text with a file name is a file, unless it is the only text") {
  const std::string named = "--B\nContent-Type: text/plain; name=a.txt\n\nnamed\n";
  const std::string head = "Content-Type: multipart/mixed; boundary=B\n\n";
  CHECK(roles(read(head + "--B\n\nfirst\n" + named + "--B--\n")) == "cba");
  CHECK(roles(read(head + named + "--B--\n")) == "cb");
  CHECK(roles(read(
            head +
            "--B\nContent-Type: text/plain; name=a.txt\nContent-Disposition: attachment\n\nx\n--B--\n")) ==
        "ca");
  CHECK(roles(read(head + "--B\n\nx\n--B\nContent-Type: text/html\nContent-Disposition: attachment; "
                          "filename=a.html\n\nx\n--B--\n")) == "cba");
}

TEST_CASE("a named HTML text is the body when it is the whole mail, and a file when it is called one") {
  CHECK(roles(read("Content-Type: text/html; name=mail.html\n\n<p>x</p>")) == "b");
  CHECK(roles(read("Content-Type: text/html; name=mail.html\nContent-Disposition: attachment\n\n<p>x</p>")) ==
        "a");
}

TEST_CASE("a repeated Content-Disposition: an attachment if one says so, named by the one that names it") {
  const mails::Said said = read(
      "Content-Type: multipart/mixed; boundary=B\n\n--B\n\nx\n--B\nContent-Type: "
      "text/plain\nContent-Disposition: inline\n"
      "Content-Disposition: attachment; filename=a.txt\n\ny\n--B--\n");
  CHECK(roles(said) == "cba");
  REQUIRE(said.parts.size() == 3);
  CHECK(said.parts[2].name == "a.txt");
}

TEST_CASE(
    "related: a picture is marked in its place, logos and spacers are not, what nobody shows is a file") {
  const std::string mail =
      "Content-Type: multipart/related; boundary=B\n\n--B\nContent-Type: text/html; charset=UTF-8\n\n"
      "<p>before<img src=\"cid:photo\">after</p><img src=\"cid:dot\" width=1 height=1><img "
      "src=\"cid:logo\">\n"
      "--B\nContent-Type: image/png; name=\"写真.png\"\nContent-ID: <photo>\nContent-Transfer-Encoding: "
      "base64\n\n" +
      png(640, 480) +
      "--B\nContent-Type: image/png; name=\"dot.png\"\nContent-ID: <dot>\nContent-Transfer-Encoding: "
      "base64\n\n" +
      png(1, 1) +
      "--B\nContent-Type: image/png; name=\"logo.png\"\nContent-ID: <logo>\nContent-Transfer-Encoding: "
      "base64\n\n" +
      png(200, 50) +
      "--B\nContent-Type: image/png; name=\"other.png\"\nContent-ID: <other>\nContent-Transfer-Encoding: "
      "base64\n\n" +
      png(640, 480) + "--B--\n";
  const mails::Said said = read(mail);
  CHECK(shows(said, "before［画像: 写真.png］after"));
  CHECK(!shows(said, "dot.png"));
  CHECK(!shows(said, "logo"));
  CHECK(roles(said) == "cbidda");
}

TEST_CASE("related: the pictures of an unseen HTML form are marked behind the plain text") {
  const mails::Said said = read(
      "Content-Type: multipart/alternative; boundary=A\n\n--A\n\nplain words, quite a lot of them here\n--A\n"
      "Content-Type: multipart/related; boundary=B\n\n--B\nContent-Type: text/html\n\n<p>plain words, quite "
      "a lot<img src=\"cid:p\"></p>\n"
      "--B\nContent-Type: image/png; name=p.png\nContent-ID: <p>\nContent-Transfer-Encoding: base64\n\n" +
      png(640, 480) + "--B--\n--A--\n");
  CHECK(shows(said, "plain words, quite a lot of them here\n［画像: p.png］"));
  CHECK(roles(said) == "cbcAi");
}

TEST_CASE("mixed: a picture between texts is marked between them") {
  const mails::Said said = read(
      "Content-Type: multipart/mixed; boundary=B\n\n--B\n\nsee\n--B\nContent-Type: image/png; name=p.png\n"
      "Content-Disposition: inline\nContent-Transfer-Encoding: base64\n\n" +
      png(640, 480) + "--B\n\nthere\n--B--\n");
  CHECK(said.body.text == "see\n［画像: p.png］\nthere");
  CHECK(roles(said) == "cbib");
}

TEST_CASE("plain text: Outlook's [cid:…] becomes the picture's mark") {
  const mails::Said said = read(
      "Content-Type: multipart/related; boundary=B\n\n--B\n\nsee [cid:p@x] and "
      "[cid:unknown]\n--B\nContent-Type: image/png; name=p.png\n"
      "Content-ID: <p@x>\nContent-Transfer-Encoding: base64\n\n" +
      png(640, 480) + "--B--\n");
  CHECK(shows(said, "see ［画像: p.png］ and [cid:unknown]"));
  CHECK(roles(said) == "cbi");
}

TEST_CASE("nested message: its header and text stand indented in the body, its files are listed") {
  const mails::Said said = read(
      "Content-Type: multipart/mixed; boundary=B\n\n--B\n\nouter\n--B\nContent-Type: message/rfc822\n\n"
      "From: =?ISO-2022-JP?B?GyRCOzNFRBsoQg==?= <a@b.jp>\nTo: c@d.jp\nDate: Wed, 1 May 2024 09:00:00 "
      "+0900\nSubject: inner\n"
      "Content-Type: multipart/mixed; boundary=I\n\n--I\n\ninner text\n--I\nContent-Type: application/pdf; "
      "name=i.pdf\n\nx\n--I--\n--B--\n");
  CHECK(said.body.text ==
        "outer\n────────────────────\n    差出人: 山田 <a@b.jp>\n    宛先: c@d.jp\n    日時: 2024-05-01 "
        "09:00 +0900\n    件名: inner\n\n"
        "    inner text\n");
  CHECK(roles(said) == "cbccba");
}

TEST_CASE("delivery report: readable text of all its parts") {
  const mails::Said said = read(
      "Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n--B\n\nYour mail could not "
      "be delivered.\n--B\n"
      "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.jp\n\nFinal-Recipient: "
      "rfc822; a@b.jp\nAction: failed\n"
      "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1\n  no such user\n--B\nContent-Type: "
      "text/rfc822-headers\n\nFrom: c@d.jp\n"
      "Subject: =?UTF-8?B?44GC?=\n--B--\n");
  CHECK(shows(said, "Your mail could not be delivered."));
  CHECK(shows(said,
              "報告サーバー: mx.example.jp\n\n宛先: a@b.jp\n結果: failed\n状態: 5.1.1\n詳細: 550 5.1.1  no "
              "such user"));
  CHECK(shows(said, "差出人: c@d.jp"));
  CHECK(shows(said, "件名: あ"));
  CHECK(roles(said) == "cbbb");
}

TEST_CASE("signed: the content is used, a true signature only frames it") {
  const mails::Said said = read(
      "Content-Type: multipart/signed; boundary=B\n\n--B\n\nsigned words\n--B\nContent-Type: "
      "application/pgp-signature; name=signature.asc\n\n"
      "-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCgAdFiEE\n=abcd\n-----END PGP SIGNATURE-----\n--B--\n");
  CHECK(said.body.text == "signed words");
  CHECK(roles(said) == "cbf");
  CHECK(mails::has(said.parts[0].findings, Finding::kSigned));
}

TEST_CASE("PGP in the text: signed words are used, encrypted ones are told") {
  const mails::Said said = read(
      "Subject: x\n\nhello\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nsigned words\n- -- "
      "dashed\n-----BEGIN PGP SIGNATURE-----\n\n"
      "iQEzBAEBCgAdFiEE\n=abcd\n-----END PGP SIGNATURE-----\nbye\n");
  CHECK(shows(said, "hello\nsigned words\n-- dashed"));
  CHECK(shows(said, "bye"));
  CHECK(!shows(said, "BEGIN PGP"));
  CHECK(mails::has(said.parts[0].findings, Finding::kSigned));
  const mails::Said secret =
      read("Subject: x\n\n-----BEGIN PGP MESSAGE-----\n\nhQEMA5vJ\n=abcd\n-----END PGP MESSAGE-----\n");
  CHECK(mails::has(secret.parts[0].findings, Finding::kEncrypted));
  CHECK(!shows(secret, "BEGIN PGP"));
}

TEST_CASE("encrypted: told for the part that is") {
  const mails::Said said = read(
      "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=B\n\n--B\n"
      "Content-Type: application/pgp-encrypted\n\nVersion: 1\n--B\nContent-Type: application/octet-stream; "
      "name=encrypted.asc\n\n"
      "-----BEGIN PGP MESSAGE-----\n\nhQEMA5vJ\n=abcd\n-----END PGP MESSAGE-----\n--B--\n");
  REQUIRE(said.parts.size() == 3);
  CHECK(mails::has(said.parts[2].findings, Finding::kEncrypted));
  CHECK(shows(said, "暗号化"));
}

TEST_CASE("fragments and references to elsewhere are told") {
  CHECK(mails::has(
      read("Content-Type: message/partial; id=x; number=1; total=2\n\nSubject: y\n\npart").parts[0].findings,
      Finding::kPartialMessage));
  CHECK(mails::has(read("Content-Type: message/external-body; access-type=URL; "
                        "URL=\"http://x\"\n\nContent-Type: image/png\n\n")
                       .parts[0]
                       .findings,
                   Finding::kExternalBody));
}

TEST_CASE("uuencode in a text: a marker stands in its place") {
  const mails::Said said = read("Subject: x\n\nhello\n\n@U@\nbye\n");
  CHECK(shows(said, "［添付: setup.exe］"));
  CHECK(shows(said, "hello"));
  CHECK(shows(said, "bye"));
  CHECK(!shows(said, "begin 644"));
  REQUIRE(said.parts.size() == 2);
  CHECK(said.parts[1].name == "setup.exe");
  CHECK(said.parts[1].span == said.parts[0].span);
  CHECK(mails::has(said.parts[1].findings, Finding::kUuencodedAttachment));
}

TEST_CASE("format=flowed: soft line ends are joined, also with DelSp") {
  CHECK(read("Content-Type: text/plain; format=flowed\n\none \ntwo\nthree\n").body.text ==
        "one two\nthree\n");
  CHECK(read("Content-Type: text/plain; format=flowed; delsp=yes\n\none \ntwo\n").body.text == "onetwo\n");
  CHECK(read("Content-Type: text/plain\n\none \ntwo\n").body.text == "one \ntwo\n");
}

TEST_CASE("text/enriched: its commands are dropped") {
  CHECK(read("Content-Type: text/enriched\n\n<bold>one</bold> <<two\nthree\n\nfour").body.text ==
        "one <two three\nfour");
}

TEST_CASE("words of attachments are said on demand only") {
  const std::string mail =
      "Content-Type: multipart/mixed; boundary=B\n\n--B\n\nx\n--B\nContent-Type: text/csv; name=a.csv; "
      "charset=Shift_JIS\n\n"
      "\x95\x5C,1\n--B\nContent-Type: text/html; name=a.html\nContent-Disposition: "
      "attachment\n\n<p>words</p>\n--B--\n";
  CHECK(read(mail).words.empty());
  const mails::Said said = read(mail, true);
  REQUIRE(said.words.size() == 2);
  CHECK(said.words[0].part == 2);
  CHECK(said.words[0].text == "表,1");
  CHECK(said.words[1].text.find("words") != std::string::npos);
}

TEST_CASE("a body over the bound is cut at a character, and it is told") {
  const std::string a(limits::kCleanText - 1, 'a');
  CHECK(!mails::has(mails::read("\r\n" + a + "b").body.findings, Finding::kBodyCut));
  const mails::Said said = mails::read("Content-Type: text/plain; charset=UTF-8\r\n\r\n" + a + "あ");
  CHECK(mails::has(said.body.findings, Finding::kBodyCut));
  CHECK(said.body.text == a);
}

TEST_CASE("a text that was only called base64 is shown as it is") {
  CHECK(read("Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nThese are plain words, (never) "
             "encoded!\n")
            .body.text == "These are plain words, (never) encoded!\n");
}

TEST_CASE("many messages with one boundary each: spans stay within their parents") {
  std::string inner = "Subject: deep\n\nbottom\n";
  for (int i = 0; i < 20; ++i)
    inner = "Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: message/rfc822\n\n" + inner +
            "\n--B--\n";
  const mails::Said said = read(inner);
  CHECK(said.wire_error == "");
  CHECK(!said.refused);
  CHECK(shows(said, "bottom"));
}

TEST_CASE("an attachment of numbers is no hidden base64") {
  std::string numbers;
  for (int i = 100000; i < 100200; ++i) numbers += std::to_string(i) + "\n";
  const mails::Said said = read(
      "Content-Type: multipart/mixed; boundary=B\n\n--B\n\nx\n--B\nContent-Type: text/plain; "
      "name=numbers.txt\n"
      "Content-Disposition: attachment\n\n" +
      numbers + "--B--\n");
  CHECK(roles(said) == "cba");
}

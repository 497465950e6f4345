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

// A TNEF stream in base64: its attributes, each of a level, an id and a value.
struct Attribute {
  char level;
  std::string id, value;
};
const std::string kBodyId("\x0c\x80\x02\x00", 4), kRenderId("\x02\x90\x06\x00", 4),
    kPropertiesId("\x05\x90\x06\x00", 4), kDataId("\x0f\x80\x06\x00", 4), kTitleId("\x10\x80\x01\x00", 4);

std::string number(std::size_t value) {
  std::string out;
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift);
  return out;
}

std::string tnef(const std::vector<Attribute>& attributes) {
  std::string out("\x78\x9f\x3e\x22\x01\x00", 6);
  for (const Attribute& each : attributes) {
    std::uint16_t sum = 0;
    for (const char c : each.value) sum = static_cast<std::uint16_t>(sum + static_cast<unsigned char>(c));
    out += each.level + each.id + number(each.value.size()) + each.value;
    out += {static_cast<char>(sum & 255), static_cast<char>(sum >> 8)};
  }
  return out;
}

// An attached message (method 5) in the properties of an attachment.
Attribute embedded(const std::string& stream) {
  std::string object = std::string(16, 'i') + stream;
  const std::size_t size = object.size();
  object.resize((size + 3) / 4 * 4);
  return {2, kPropertiesId,
          number(2) + std::string("\x03\x00\x05\x37", 4) + number(5) + std::string("\x0d\x00\x01\x37", 4) +
              number(1) + number(size) + object};
}

std::string winmail(const std::string& octets) {
  return "--B\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n" +
         mails::base64(octets, 76, "\n");
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
  CHECK(shows(read(alternative("See the web.", page)), "whole story"));
  // A stub that is longer than what it stands for.
  CHECK(shows(read(alternative("このメールはHTML形式です。テキスト形式では表示できません。",
                               "<p>the news of today</p>")),
              "the news of today"));
  CHECK(shows(read(alternative("Write HTML that any browser can read, please.", "<p>o</p>")), "Write HTML"));
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

TEST_CASE("alternative: forms for some devices are other forms of the body, no files") {
  const mails::Said said = read(
      "Content-Type: multipart/alternative; boundary=B\n\n--B\n\n \n--B\nContent-Type: "
      "text/x-amp-html\n\n<p>amp</p>\n"
      "--B\nContent-Type: text/watch-html\n\n<p>watch</p>\n--B\nContent-Type: "
      "text/html\n\n<p>words</p>\n--B--\n");
  CHECK(roles(said) == "cAAAb");
  CHECK(shows(said, "words"));
  CHECK(!shows(said, "amp"));
}

TEST_CASE("alternative: a text file beside the text is a file, a name alone changes nothing") {
  const std::string head = "Content-Type: multipart/alternative; boundary=B\n\n--B\n";
  const std::string html = "--B\nContent-Type: text/html; name=mail.html\n\n<p>html</p>\n--B--\n";
  CHECK(roles(read(head + "Content-Type: text/plain; name=mail.txt\n\nplain words\n" + html)) == "cbA");
  CHECK(roles(read(head + "\nplain words\n--B\nContent-Type: text/plain; name=list.txt\n\nlist\n" + html)) ==
        "cbaA");
}

TEST_CASE("delivery report: a part that is called an attachment is shown and listed") {
  const mails::Said said = read(
      "Content-Type: multipart/report; boundary=B\n\n--B\n\nfailed\n--B\nContent-Type: "
      "message/delivery-status\n"
      "Content-Disposition: attachment; filename=details.txt\n\nAction: failed\n--B--\n");
  CHECK(shows(said, "結果: failed"));
  CHECK(roles(said) == "cba");
}

TEST_CASE("delivery report: a line that is no field stands for itself, and the fields go on") {
  const mails::Said said = read(
      "Content-Type: multipart/report; boundary=B\n\n--B\n\nfailed\n--B\nContent-Type: "
      "message/delivery-status\n\n"
      "Action: failed\nDiagnostic-Code: smtp; 550 unknown\n(in reply to RCPT TO command)\nStatus: 5.1.1\n\n"
      "Final-Recipient: rfc822; b@x.example\n--B--\n");
  CHECK(shows(said, "詳細: 550 unknown\n(in reply to RCPT TO command)\n"));
  CHECK(shows(said, "状態: 5.1.1\n"));
  CHECK(shows(said, "宛先: b@x.example"));
}

TEST_CASE("signed: S/MIME's detached signature only frames the text, in DER and in BER") {
  const std::string inner("\x02\x01\x01\x31\x00\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\x31\x00",
                          20);
  const std::string oid("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", 11), end("\0\0", 2);
  const std::string der = std::string("\x30\x23", 2) + oid + std::string("\xa0\x16\x30\x14", 4) + inner;
  const std::string ber = "\x30\x80" + oid + "\xa0\x80\x30\x80" + inner + end + end + end;
  for (const std::string& signature : {der, ber}) {
    const mails::Said said = read(
        "Content-Type: multipart/signed; boundary=B\n\n--B\n\nsigned words\n--B\nContent-Type: "
        "application/x-pkcs7-signature; name=smime.p7s\nContent-Disposition: attachment; filename=smime.p7s\n"
        "Content-Transfer-Encoding: base64\n\n" +
        mails::base64(signature, 76, "\n") + "--B--\n");
    CHECK(said.body.text == "signed words");
    CHECK(roles(said) == "cbf");
  }
}

TEST_CASE("tnef: its text is shown beside another, but not when the other says it") {
  const std::string octets = tnef({{1, kBodyId, "The meeting is on Monday, at ten."},
                                   {2, kRenderId, std::string(14, '\0')},
                                   {2, kTitleId, "a.pdf"},
                                   {2, kDataId, "%PDF-1.4"}});
  const std::string head = "Content-Type: multipart/mixed; boundary=B\n\n";
  const mails::Said footer = read(head + winmail(octets) + "--B\n\n-- \nthe list's footer\n--B--\n");
  CHECK(footer.body.text ==
        "The meeting is on Monday, at ten.\n────────────────────\n-- \nthe list's footer");
  CHECK(roles(footer) == "ccab");
  const mails::Said twice =
      read(head + "--B\n\nThe meeting\n is on MONDAY,\nat ten!\n" + winmail(octets) + "--B--\n");
  CHECK(twice.body.text == "The meeting\n is on MONDAY,\nat ten!");
  CHECK(roles(twice) == "cbca");
}

TEST_CASE("tnef: it is the body of a message, and listed when it holds no file that is") {
  const std::string octets = tnef({{1, kBodyId, "words within"}});
  const std::string message =
      "Subject: inner\nContent-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n\n" +
      mails::base64(octets, 76, "\n");
  CHECK(read(message).body.text == "words within");
  CHECK(roles(read(message)) == "a");
  const mails::Said nested = read(
      "Content-Type: multipart/mixed; boundary=B\n\n--B\n\nouter\n--B\nContent-Type: "
      "message/rfc822\n\n" +
      message + "--B--\n");
  CHECK(shows(nested, "    件名: inner\n\n    words within"));
}

TEST_CASE("tnef: an attached message stands indented, also when the text is said beside it") {
  const std::string inner = tnef({{1, kBodyId, "forwarded words"}});
  const std::string octets = tnef({{1, kBodyId, "Please read this one."},
                                   {2, kRenderId, std::string(14, '\0')},
                                   {2, kTitleId, "topic"},
                                   embedded(inner)});
  const mails::Said said =
      read("Content-Type: multipart/mixed; boundary=B\n\n--B\n\nPlease read this one.\n" + winmail(octets) +
           "--B--\n");
  CHECK(said.body.text ==
        "Please read this one.\n────────────────────\n    件名: topic\n\n    forwarded words\n");
  CHECK(roles(said) == "cbca");
}

TEST_CASE("base64: a footer that was added in plain stands behind the text as it is") {
  const std::string head = "Content-Transfer-Encoding: base64\nContent-Type: text/";
  const std::string footer = "_____\nML mailing list\nhttps://list.example/\n";
  std::string text;
  for (int i = 0; i < 60; ++i) text += "Line " + std::to_string(i) + " of a text.\n";
  for (const std::string& words : {text, text + "a", text + "ab", std::string("A short text, no more.\n")}) {
    const std::string mail = head + "plain\n\n" + mails::base64(words, 76, "\n") + "\n" + footer;
    const std::string shown = read(mail).body.text;
    CHECK(shown.substr(0, words.size()) == words);
    CHECK(shown.find("\n" + footer) != std::string::npos);
  }
  CHECK(shows(read(head + "html\n\n" + mails::base64("<p>short</p>") + "\n" + footer), "ML mailing list"));
  // A single word; another block; nothing but a word.
  CHECK(read(head + "plain\n\n" + mails::base64("Words of a short one", 76, "\n") + "Footer\n").body.text ==
        "Words of a short one\nFooter\n");
  CHECK(read(head + "plain\n\n" + mails::base64("one block, ") + mails::base64("and another block"))
            .body.text == "one block, and another block");
  CHECK(read(head + "plain\n\nDear\nSirs, we write to you.\n").body.text == "Dear\nSirs, we write to you.\n");
}

// Mails that hide a script or a document behind what is said of it: as a signature, as decoration, as a text,
// in a wrapping, behind a bound of ours. Whatever the way: it is listed with its true size and digest, and
// does not stand in the body; or the mail is refused.
#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "tests/unit/sanitizers_mail/mails.h"

using namespace kiyome;

namespace {

const char* const kHead = "From: a@example.jp\r\nTo: b@example.jp\r\nSubject: x\r\nMIME-Version: 1.0\r\n";
const char* const kText = "Content-Type: text/plain\r\n\r\nhello\r\n";

std::string raw(const std::string& rest) { return mails::fill(kHead + rest); }

const std::string kScript = "new ActiveXObject(\"WScript.Shell\").Run(\"calc\");\r\nWScript.Quit();\r\n";

struct File {
  std::string way, mail, payload;
};

// A text, then `part` (header, blank line, content without its last line end), in a multipart of that type.
std::string beside(const std::string& type, const std::string& part) {
  return raw("Content-Type: " + type + "; boundary=B\r\n\r\n--B\r\n" + kText + "--B\r\n" + part +
             "\r\n--B--\r\n");
}

File file_in(const std::string& way, const std::string& type, const std::string& header,
             const std::string& content) {
  return {way, beside(type, header + "\r\n\r\n" + content), content};
}

File encoded_in(const std::string& way, const std::string& type, const std::string& header,
                const std::string& content) {
  return {way,
          beside(type, header + "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + mails::base64(content)),
          content};
}

// Signed data in DER without content.
std::string cms_signature(const std::string& more = {}) {
  const std::string inner("\x02\x01\x01\x31\x00\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\x31\x00",
                          20);
  const std::string sequence = std::string("\x30\x14", 2) + inner;
  const std::string data = std::string("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x16", 13) + sequence;
  return "\x30" + std::string(1, static_cast<char>(data.size())) + data + more;
}

std::vector<File> as_signatures() {
  const std::string begin = "-----BEGIN PGP SIGNATURE-----\r\n", end = "-----END PGP SIGNATURE-----";
  const std::string armour = begin + "\r\niQEzBAEBCgAdFiEE\r\n=abcd\r\n" + end;
  const std::string pgp = "Content-Type: application/pgp-signature",
                    cms = "Content-Type: application/pkcs7-signature";
  return {
      file_in("a script with a signature's first line", "multipart/mixed", pgp + "; name=evil.js",
              "//" + begin + kScript + "//x"),
      file_in("the same as the signature of multipart/signed", "multipart/signed", pgp + "; name=evil.vbs",
              "'" + begin + "x"),
      file_in("the same without a name", "multipart/signed", pgp, "//" + begin + kScript + "//" + end),
      file_in("words within the armour", "multipart/signed", pgp, begin + "\r\n" + kScript + end),
      file_in("words behind the armour", "multipart/signed", pgp, armour + "\r\n" + kScript + "//x"),
      file_in("a true signature under a script's name", "multipart/signed", pgp + "; name=evil.wsf", armour),
      file_in("a true signature under an unknown name", "multipart/signed", pgp + "; name=a.xyz", armour),
      file_in("a true signature that signs nothing", "multipart/mixed", pgp, armour),
      encoded_in("a document behind a small signature", "multipart/signed", cms,
                 cms_signature(std::string(5000, 'd'))),
      encoded_in("a true S/MIME signature under a document's name", "multipart/signed",
                 cms + "; name=report.docm", cms_signature()),
      file_in("a script as the version of a PGP message", "multipart/encrypted",
              "Content-Type: application/pgp-encrypted; name=evil.js", kScript + "//x"),
      file_in("the same without a name", "multipart/encrypted", "Content-Type: application/pgp-encrypted",
              kScript + "//x"),
  };
}

std::vector<File> as_pictures() {
  const auto picture = [](const std::string& way, const std::string& header, const std::string& content) {
    return File{
        way,
        raw("Content-Type: multipart/related; boundary=B\r\n\r\n--B\r\nContent-Type: text/html\r\n\r\n"
            "<p>x<img src=\"cid:x\" width=1 height=1 alt=logo></p>\r\n--B\r\nContent-ID: <x>\r\n" +
            header + "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + mails::base64(content) + "--B--\r\n"),
        content};
  };
  const std::string dot("GIF89a\x01\0\x01\0", 10);
  const std::string polyglot = dot + "<script>" + kScript + "</script>";
  return {
      picture("a picture of one pixel called .hta", "Content-Type: image/gif; name=invoice.hta", polyglot),
      picture("a picture of one pixel called .doc", "Content-Type: image/gif; name=invoice.doc", polyglot),
      picture("a picture of one pixel that bears another name, too",
              "Content-Type: image/gif; name=invoice.hta\r\nContent-Disposition: inline; filename=a.gif",
              polyglot),
      picture("a picture of one pixel declared as a document", "Content-Type: application/msword", polyglot),
      picture("a logo of 200 KB", "Content-Type: image/gif; name=logo.gif", dot + std::string(200000, 'x')),
  };
}

std::vector<File> under_text_types() {
  const std::string attached = "\r\nContent-Disposition: attachment";
  const std::string rtf = "{\\rtf1{\\object\\objdata 0105}}";
  std::string wide = "MZ" + std::string(58, '\0') + "PE" + std::string(900, 'n');
  const std::string calendar =
      "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\n@\r\nEND:VEVENT\r\nEND:VCALENDAR";
  const auto with = [&](const std::string& line) {
    std::string out = calendar;
    return out.replace(out.find('@'), 1, line);
  };
  std::string program = mails::base64(mails::program(), 100000);
  program = program.substr(0, program.find('\r'));
  std::vector<File> out = {
      file_in("a document called a delivery report", "multipart/mixed",
              "Content-Type: message/delivery-status; name=evil.doc" + attached, rtf),
      file_in("the same in a report", "multipart/report",
              "Content-Type: message/delivery-status; name=evil.doc", rtf),
      file_in("a script called a delivery report, without a name", "multipart/mixed",
              "Content-Type: message/delivery-status", kScript),
      file_in("a script called a header, without a name", "multipart/mixed",
              "Content-Type: text/rfc822-headers", kScript),
      file_in("a script behind a header", "multipart/mixed", "Content-Type: text/rfc822-headers",
              "From: a@x.example\r\n\r\n" + kScript),
      file_in("a script called a calendar", "multipart/mixed", "Content-Type: text/calendar; name=evil.js",
              kScript),
      file_in("a script called a calendar, without a name", "multipart/mixed", "Content-Type: text/calendar",
              kScript),
      file_in("HTML called .hta among alternatives", "multipart/alternative",
              "Content-Type: text/html; name=evil.hta", "<p>x</p>"),
      file_in("a script among alternatives", "multipart/alternative",
              "Content-Type: text/plain; name=evil.vbs", kScript),
      file_in("a text file among alternatives", "multipart/alternative",
              "Content-Type: text/plain; name=list.txt", "words"),
      file_in("a form for watches that is called a program", "multipart/alternative",
              "Content-Type: text/watch-html; name=evil.hta", "<p>x</p>"),
      file_in("a form for watches that is no alternative", "multipart/mixed", "Content-Type: text/watch-html",
              "<p>x</p>"),
      {"a script as the whole mail",
       raw("Content-Type: text/plain; name=evil.js\r\nContent-Disposition: inline; filename=evil.js\r\n\r\n" +
           kScript),
       kScript},
      {"two names of the whole mail",
       raw("Content-Type: text/plain; name=evil.js\r\nContent-Disposition: inline; filename=a.txt\r\n\r\n" +
           kScript),
       kScript},
      {"the second of two names", raw("Content-Type: text/plain; name=a.txt; name=evil.js\r\n\r\n" + kScript),
       kScript},
      {"the name in a second Content-Type",
       raw("Content-Type: text/plain\r\nContent-Type: text/plain; name=evil.js\r\n\r\n" + kScript), kScript},
      {"the name in a second Content-Disposition",
       raw("Content-Disposition: inline; filename=a.txt\r\nContent-Disposition: inline; "
           "filename=evil.js\r\n\r\n" +
           kScript),
       kScript},
      {"a program in characters of two octets",
       raw("Content-Type: text/plain; charset=utf-16le\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           mails::base64(wide)),
       wide},
      {"a program in a calendar",
       raw("Content-Type: text/calendar\r\n\r\n" +
           with("ATTACH;FMTTYPE=application/octet-stream;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=evil.exe:" +
                program)),
       mails::program()},
      {"a program in a calendar as data:",
       raw("Content-Type: text/calendar\r\n\r\n" +
           with("ATTACH:data:application/x-msdownload;base64," + program)),
       mails::program()},
      {"a message called a program",
       raw("Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: message/rfc822; "
           "name=evil.js\r\n"
           "\r\nX: /*\r\n\r\n*/\r\n--B--\r\n"),
       "X: /*\r\n\r\n*/"},
      {"a multipart called a document",
       raw("Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: multipart/related; "
           "boundary=I; "
           "name=evil.doc\r\n\r\n--I\r\n\r\nx\r\n--I--\r\n--B--\r\n"),
       "--I\r\n\r\nx\r\n--I--"},
  };
  return out;
}

// Signed data around a file: "a.js.p7m", and what is no mail by its content.
std::vector<File> within_signed_data() {
  const auto signed_file = [](const std::string& way, const std::string& name, const std::string& more) {
    const auto element = [](char tag, const std::string& content) {
      return std::string(1, tag) + static_cast<char>(content.size()) + content;
    };
    const std::string oid("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07", 10);
    const std::string content = element('\x30', oid + '\x01' + element('\xa0', element('\x04', kScript)));
    const std::string all = element(
        '\x30',
        oid + '\x02' + element('\xa0', element('\x30', std::string("\x02\x01\x01\x31\x00", 5) + content)));
    return File{way,
                beside("multipart/mixed", "Content-Type: application/pkcs7-mime; name=" + name +
                                              "\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                                              mails::base64(all + more)),
                more.empty() ? kScript : all + more};
  };
  return {
      signed_file("a signed script", "evil.js.p7m", ""),
      signed_file("a signed script whose name says nothing", "evil.p7m", ""),
      signed_file("a program behind signed data", "smime.p7m", mails::program()),
  };
}

std::vector<File> in_tnef() {
  const auto attribute = [](char level, const std::string& id, const std::string& value) {
    std::uint16_t sum = 0;
    for (const char c : value) sum = static_cast<std::uint16_t>(sum + static_cast<unsigned char>(c));
    std::string length;
    for (int shift = 0; shift < 32; shift += 8) length += static_cast<char>(value.size() >> shift);
    return std::string(1, level) + id + length + value + static_cast<char>(sum & 255) +
           static_cast<char>(sum >> 8);
  };
  const std::string head("\x78\x9f\x3e\x22\x01\x00", 6);
  const std::string code_page =
      attribute(1, std::string("\x07\x90\x06\x00", 4), std::string("\xa4\x03\0\0\0\0\0\0", 8));
  const std::string render("\x02\x90\x06\x00", 4), data("\x0f\x80\x06\x00", 4), title("\x10\x80\x01\x00", 4);
  const auto attachment = [&](char level) {
    return attribute(level, render, std::string(14, '\0')) + attribute(level, title, "evil.exe") +
           attribute(level, data, mails::program());
  };
  const std::string type = "Content-Type: application/ms-tnef; name=winmail.dat";
  const auto mail = [&](const std::string& octets) {
    return beside("multipart/mixed",
                  type + "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + mails::base64(octets));
  };
  const std::string twice = head + code_page + std::string(20, 'j') + head + attachment(2);
  return {
      {"at the level it belongs to", mail(head + code_page + attachment(2)), mails::program()},
      {"at the level of the message", mail(head + code_page + attachment(1)), mails::program()},
      {"in nothing but a code page", mail(head + code_page), head + code_page},
      {"behind junk and a second beginning", mail(twice), twice},
  };
}

// Places that only some readers open; the way into them is a bound of ours or a guess of theirs.
std::vector<File> behind_decoys() {
  const std::string file = std::string("--abc\r\n") + kText + "--abc\r\n" +
                           "Content-Type: application/octet-stream; name=evil.js\r\n\r\n" + kScript +
                           "\r\n--abc--\r\n";
  const std::string multipart = "Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n";
  const auto html = [&](const std::string& way, const std::string& inside) {
    return File{way, raw(multipart + "Content-Type: text/html\r\n\r\n<p>x</p>\r\n" + inside + "--B--\r\n"),
                kScript};
  };
  std::string fields, blocks;
  for (int i = 0; i < 8; ++i) fields += "Content-Type: text/html\r\n";
  for (int i = 0; i < 1000; ++i) blocks += "begin 644 a\r\n`\r\nend\r\n";
  return {
      html("in HTML behind a boundary nobody named", file),
      html("in HTML behind a header that holds nothing",
           "Content-Type: text/plain\r\n\r\nwords\r\n\r\n" + file),
      html("in HTML before a uuencoded file", file + mails::uuencode("words", "a.txt")),
      html("in HTML, uuencoded", mails::uuencode(kScript, "evil.js")),
      html("in HTML, base64",
           "Content-Type: application/octet-stream; name=evil.js\r\nContent-Transfer-Encoding: "
           "base64\r\n\r\n" +
               mails::base64(kScript)),
      {"behind an encoded boundary",
       raw("Content-Type: multipart/mixed; boundary=\"=?us-ascii?Q?abc?=\"\r\n\r\n" + file), kScript},
      {"behind the ninth boundary parameter",
       raw("Content-Type: multipart/mixed; boundary=1; boundary=2; boundary=3; boundary=4; boundary=5; "
           "boundary=6; "
           "boundary=7; boundary=8; boundary=abc\r\n\r\n" +
           file),
       kScript},
      {"behind eight other types", raw(fields + "Content-Type: multipart/mixed; boundary=abc\r\n\r\n" + file),
       kScript},
      {"behind a thousand empty files", raw("\r\n" + blocks + mails::uuencode(kScript, "evil.js")), kScript},
      {"the second of two uuencoded files",
       raw(multipart +
           "Content-Type: application/octet-stream; name=a.txt\r\nContent-Transfer-Encoding: "
           "uuencode\r\n\r\n" +
           mails::uuencode("words", "a.txt") + mails::uuencode(kScript, "evil.js") + "--B--\r\n"),
       kScript},
      {"in the words within a PGP signature",
       raw("\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nwords\r\n" +
           mails::uuencode(kScript, "evil.js") +
           "-----BEGIN PGP SIGNATURE-----\r\n\r\niQEzBAEBCgAdFiEE\r\n=abcd\r\n-----END PGP "
           "SIGNATURE-----\r\n"),
       kScript},
  };
}

void expect_listed(const std::vector<File>& files) {
  for (const File& file : files) {
    CAPTURE(file.way);
    const mails::Said said = mails::read(file.mail);
    CHECK(said.wire_error == "");
    if (said.refused) continue;
    const clean::Part* part = mails::part_of(said, file.payload);
    CHECK_MESSAGE(part != nullptr, "the file is hidden");
    if (part == nullptr) continue;
    const bool listed = part->role == clean::Role::attachment || part->role == clean::Role::inline_image;
    CHECK_MESSAGE(listed, "the file is not listed");
    CHECK_MESSAGE(said.body.text.find("ActiveXObject") == std::string::npos, "the file stands in the body");
    CHECK_MESSAGE(said.body.text.find("begin 644") == std::string::npos, "the file stands in the body");
  }
}

}  // namespace

TEST_CASE("assembly: a file does not pass as a signature") { expect_listed(as_signatures()); }
TEST_CASE("assembly: a file does not pass as decoration") { expect_listed(as_pictures()); }
TEST_CASE("assembly: a file does not pass as a text under a text's type") {
  expect_listed(under_text_types());
}
TEST_CASE("assembly: a signed file is no body") { expect_listed(within_signed_data()); }
TEST_CASE("assembly: a file does not hide in TNEF") { expect_listed(in_tnef()); }
TEST_CASE("assembly: a file does not hide behind decoys and bounds") { expect_listed(behind_decoys()); }

TEST_CASE("scanner: a mail is refused where a field is repeated more often than we look, not before") {
  const auto repeated = [](const std::string& field, int times) {
    std::string head;
    for (int i = 0; i < times; ++i) head += field + "\r\n";
    return mails::read(raw(head + "\r\nwords\r\n"));
  };
  for (const char* const field :
       {"Content-Type: text/plain", "Content-Transfer-Encoding: 7bit", "Content-Disposition: inline"}) {
    CAPTURE(field);
    CHECK(!repeated(field, 8).refused);
    const mails::Said said = repeated(field, 9);
    CHECK(said.refused);
    CHECK(said.refusal == clean::Finding::kLimitHeader);
  }
}

TEST_CASE("assembly: a mail is refused where a text holds more encoded files than we look at, not before") {
  const auto blocks = [](std::size_t count) {
    std::string text = "\r\n";
    for (std::size_t i = 0; i < count; ++i) text += "begin 644 a\r\n`\r\nend\r\n";
    return mails::read(raw(text));
  };
  CHECK(!blocks(limits::kMailEncodedFiles).refused);
  CHECK(blocks(limits::kMailEncodedFiles + 1).refused);
}

TEST_CASE(
    "assembly: a mail is refused where a text looks like a file in more places than we look at, not before") {
  const std::string words = mails::base64(std::string(600, 'w'));
  const auto places = [&](std::size_t count) {
    std::string text = "\r\n";
    for (std::size_t i = 0; i < count; ++i) text += words + "\r\n.\r\n";
    return mails::read(raw(text));
  };
  CHECK(!places(limits::kMailRelics).refused);
  CHECK(places(limits::kMailRelics + 1).refused);
  const auto headers = [](std::size_t count) {
    std::string text = "\r\n";
    for (std::size_t i = 0; i < count; ++i) text += "--x\r\nContent-Type: text/plain\r\n\r\nwords\r\n.\r\n";
    return mails::read(raw("Content-Type: text/html\r\n" + text));
  };
  CHECK(!headers(limits::kMailRelicTries).refused);
  CHECK(headers(limits::kMailRelicTries + 1).refused);
}

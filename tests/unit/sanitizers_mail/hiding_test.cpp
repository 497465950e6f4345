// Mails that hide a program in one of the ways real readers disagree about. Whatever the way: the program
// comes out as a part with its true size and digest.
#include <doctest/doctest.h>

#include "tests/unit/sanitizers_mail/mails.h"

using namespace kiyome;

namespace {

struct Hiding {
  std::string way;
  std::string mail;
};

const char* const kHead = "From: a@example.jp\r\nTo: b@example.jp\r\nSubject: x\r\nMIME-Version: 1.0\r\n";
const char* const kExe =
    "Content-Type: application/octet-stream; name=\"setup.exe\"\r\nContent-Transfer-Encoding: base64\r\n"
    "Content-Disposition: attachment; filename=\"setup.exe\"\r\n\r\n@B@";
const char* const kText = "Content-Type: text/plain\r\n\r\nhello\r\n";

// A multipart with the given Content-Type line(s); boundary lines of `open` and `close`.
std::string multipart(const std::string& type, const std::string& open, const std::string& close) {
  return mails::fill(std::string(kHead) + type + "\r\n\r\n" + open + kText + open + kExe + close);
}

std::string mixed(const std::string& type) { return multipart(type, "--B\r\n", "--B--\r\n"); }
std::string raw(const std::string& rest) { return mails::fill(kHead + rest); }

std::vector<Hiding> boundary_lines() {
  const std::string type = "Content-Type: multipart/mixed; boundary=B";
  const std::string longer = "Content-Type: multipart/mixed; boundary=----=_Part_4711";
  return {
      {"nothing hidden at all", mixed(type)},
      {"white space after the boundary", multipart(type, "--B \t \r\n", "--B--  \r\n")},
      {"junk behind the boundary",
       multipart(longer, "------=_Part_4711; junk\r\n", "------=_Part_4711--\r\n")},
      {"letters behind the boundary",
       multipart(longer, "------=_Part_4711abc\r\n", "------=_Part_4711--\r\n")},
      {"junk behind a short boundary", multipart(type, "--Bjunk\r\n", "--B--\r\n")},
      {"NUL behind the boundary", multipart(type, std::string("--B\0\r\n", 6), "--B--\r\n")},
      {"closing boundary with junk", multipart(type, "--B\r\n", "--B--junk\r\n")},
      {"no closing boundary", multipart(type, "--B\r\n", "")},
      {"boundary in mid-line", raw(type + "\r\n\r\n--B\r\n\r\nhello --B\r\n" + kExe + "--B--\r\n")},
      {"white space before the boundary",
       raw(type + "\r\n\r\n--B\r\n\r\nhello\r\n --B\r\n" + kExe + "--B--\r\n")},
      {"repeated boundary lines", multipart(type, "--B\r\n--B\r\n--B\r\n", "--B--\r\n")},
      {"behind the closing boundary",
       raw(type + "\r\n\r\n--B\r\n" + kText + "--B--\r\n--B\r\n" + kExe + "--B--\r\n")},
      {"in the preamble behind another boundary",
       raw(type + "\r\n\r\n--X\r\n" + kExe + "--X--\r\n--B\r\n" + kText + "--B--\r\n")},
      {"in the epilogue behind another boundary",
       raw(type + "\r\n\r\n--B\r\n" + kText + "--B--\r\n--X\r\n" + kExe + "--X--\r\n")},
      {"in the preamble without a boundary",
       raw(type + "\r\n\r\n" + kExe + "\r\n--B\r\n" + kText + "--B--\r\n")},
      {"base64 alone in the preamble", raw(type + "\r\n\r\n@B@\r\n--B\r\n" + kText + "--B--\r\n")},
      {"uuencode in the preamble", raw(type + "\r\n\r\n@U@\r\n--B\r\n" + kText + "--B--\r\n")},
      {"base64 alone in the epilogue", raw(type + "\r\n\r\n--B\r\n" + kText + "--B--\r\n\r\n@B@\r\n")},
      {"the boundary of an inner multipart that an outer boundary ended",
       raw(type + "\r\n\r\n--B\r\nContent-Type: multipart/mixed; boundary=I\r\n\r\n--I\r\n" + kText +
           "--B\r\n" + kText + "--I\r\n" + kExe + "--B--\r\n")},
      {"unterminated inner multipart",
       raw(type + "\r\n\r\n--B\r\nContent-Type: multipart/alternative; boundary=I\r\n\r\n--I\r\n" + kText +
           "--B\r\n" + kExe + "--B--\r\n")},
      {"inner multipart with the same boundary",
       raw(type + "\r\n\r\n--B\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n" + kText +
           "--B\r\n" + kExe + "--B--\r\n--B--\r\n")},
      {"inner boundary that begins like the outer",
       raw(type + "\r\n\r\n--B\r\nContent-Type: multipart/mixed; boundary=B1\r\n\r\n--B1\r\n" + kText +
           "--B1\r\n" + kExe + "--B1--\r\n--B--\r\n")},
  };
}

std::vector<Hiding> boundary_parameters() {
  return {
      {"folded Content-Type", mixed("Content-Type: multipart/mixed;\r\n\tboundary=B")},
      {"Content-Type folded at once", mixed("Content-Type:\r\n multipart/mixed;\r\n boundary\r\n =\r\n B")},
      {"comments in Content-Type",
       mixed("Content-Type: multipart/mixed (a \\) comment); (and) boundary=B (too)")},
      {"comment within the type", mixed("Content-Type: multipart(x)/(y)mixed; boundary=B")},
      {"spaces around the slash", mixed("Content-Type: multipart / mixed ; boundary = \"B\"")},
      {"quoted boundary with a semicolon",
       multipart("Content-Type: multipart/mixed; boundary=\"a;b\"", "--a;b\r\n", "--a;b--\r\n")},
      {"quoted boundary with a quoted quote",
       multipart("Content-Type: multipart/mixed; boundary=\"a\\\"b\"", "--a\"b\r\n", "--a\"b--\r\n")},
      {"backslashes that another reader keeps",
       multipart("Content-Type: multipart/mixed; boundary=\"a\\bc\"", "--a\\bc\r\n", "--a\\bc--\r\n")},
      {"backslashes that another reader drops",
       multipart("Content-Type: multipart/mixed; boundary=\"a\\bc\"", "--abc\r\n", "--abc--\r\n")},
      {"missing closing quote",
       multipart("Content-Type: multipart/mixed; boundary=\"abc", "--abc\r\n", "--abc--\r\n")},
      {"unquoted boundary with specials", multipart("Content-Type: multipart/mixed; boundary=a=b/c?d:e",
                                                    "--a=b/c?d:e\r\n", "--a=b/c?d:e--\r\n")},
      {"unquoted boundary with a space",
       multipart("Content-Type: multipart/mixed; boundary=ab cd", "--ab cd\r\n", "--ab cd--\r\n")},
      {"boundary that ends in a space",
       multipart("Content-Type: multipart/mixed; boundary=\"abc \"", "--abc\r\n", "--abc--\r\n")},
      {"RFC 2231 boundary",
       multipart("Content-Type: multipart/mixed; boundary*=us-ascii'en'a%62c", "--abc\r\n", "--abc--\r\n")},
      {"RFC 2231 boundary in pieces",
       multipart("Content-Type: multipart/mixed; boundary*1=bc; boundary*0=\"a\"", "--abc\r\n",
                 "--abc--\r\n")},
      {"two boundary parameters, the first used",
       mixed("Content-Type: multipart/mixed; boundary=B; boundary=C")},
      {"two boundary parameters, the second used",
       mixed("Content-Type: multipart/mixed; boundary=C; boundary=B")},
      {"missing boundary parameter", mixed("Content-Type: multipart/mixed")},
      {"empty boundary parameter", mixed("Content-Type: multipart/mixed; boundary=\"\"")},
      {"empty boundary used",
       multipart("Content-Type: multipart/mixed; boundary=\"\"", "--\r\n", "----\r\n")},
      {"a boundary that never comes", mixed("Content-Type: multipart/mixed; boundary=never")},
      {"missing semicolon", mixed("Content-Type: multipart/mixed boundary=B")},
      {"type without subtype", mixed("Content-Type: multipart; boundary=B")},
      {"unknown multipart", mixed("Content-Type: multipart/x-whatever; boundary=B")},
      {"another type with a boundary", mixed("Content-Type: text/plain; boundary=B")},
      {"no type but a boundary", mixed("Content-Type: boundary=B")},
      {"capitals", mixed("CONTENT-TYPE: MULTIPART/MIXED; BOUNDARY=B")},
  };
}

std::vector<Hiding> headers() {
  const std::string type = "Content-Type: multipart/mixed; boundary=B";
  const std::string body = std::string("\r\n\r\n--B\r\n") + kText + "--B\r\n" + kExe + "--B--\r\n";
  return {
      {"duplicate Content-Type, the first a text", mixed("Content-Type: text/plain\r\n" + type)},
      {"duplicate Content-Type, the second a text", mixed(type + "\r\nContent-Type: text/plain")},
      {"duplicate Content-Type with other boundaries",
       mixed("Content-Type: multipart/mixed; boundary=A\r\n" + type)},
      {"no Content-Type at all", raw("Subject: y" + body)},
      {"byte order mark", mails::fill("\xEF\xBB\xBF" + std::string(kHead) + type + body)},
      {"From line",
       mails::fill("From a@example.jp Sat Jan  1 00:00:00 2024\r\n" + std::string(kHead) + type + body)},
      {">From line",
       mails::fill(">From a@example.jp Sat Jan  1 00:00:00 2024\r\n" + std::string(kHead) + type + body)},
      {">From line within the header", raw(">From a@example.jp\r\n" + type + body)},
      {"junk line before the header", mails::fill("this is no field\r\n" + std::string(kHead) + type + body)},
      {"junk line within the header", raw("this is no field\r\n" + type + body)},
      {"blank lines before the header", mails::fill("\r\n\r\n" + std::string(kHead) + type + body)},
      {"white space before the colon", raw("Content-Type : multipart/mixed; boundary=B" + body)},
      {"a line of white space within the header", raw("X-A: b\r\n \r\n" + type + body)},
      {"junk in a part's header", raw(type + "\r\n\r\n--B\r\njunk here\r\n" + kExe + "--B--\r\n")},
      {"much junk in a part's header", raw(type + "\r\n\r\n--B\r\n" + std::string(400, 'j') + "\r\n" +
                                           [] {
                                             std::string s;
                                             for (int i = 0; i < 100; ++i) s += "junk junk\r\n";
                                             return s;
                                           }() +
                                           kExe + "--B--\r\n")},
      {"part header behind a blank line", raw(type + "\r\n\r\n--B\r\n\r\n" + kExe + "--B--\r\n")},
      {"part without a blank line",
       raw(type + "\r\n\r\n--B\r\nContent-Type: application/octet-stream; "
                  "name=setup.exe\r\nContent-Transfer-Encoding: base64\r\n@B@--B--\r\n")},
      {"byte order mark before a part's header",
       raw(type + "\r\n\r\n--B\r\n\xEF\xBB\xBF" + kExe + "--B--\r\n")},
      {"bare LF",
       [&] {
         std::string s = raw(type + body), o;
         for (const char c : s)
           if (c != '\r') o += c;
         return o;
       }()},
      {"bare CR",
       [&] {
         std::string s = raw(type + body), o;
         for (const char c : s)
           if (c != '\n') o += c;
         return o;
       }()},
      {"mixed line ends", raw(type + "\n\n--B\r\n\r\nx\r--B\n" + kExe + "--B--\r\n")},
      {"CR CR LF",
       [&] {
         std::string s = raw(type + body), o;
         for (const char c : s) {
           if (c == '\n') o += '\r';
           o += c;
         }
         return o;
       }()},
  };
}

std::vector<Hiding> encodings() {
  const std::string open = "Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n";
  const std::string type = "Content-Type: application/octet-stream; name=setup.exe\r\n";
  const auto encoded = [&](const std::string& field, const std::string& content) {
    return raw(open + type + field + "\r\n\r\n" + content + "\r\n--B--\r\n");
  };
  const std::string one = mails::program();
  std::string joined = mails::base64(one.substr(0, 100)) + mails::base64(one.substr(100));
  std::string unpadded = mails::base64(one);
  while (unpadded.back() == '\n' || unpadded.back() == '\r' || unpadded.back() == '=') unpadded.pop_back();
  std::string junk = mails::base64(one, 40);
  for (std::size_t i = 30; i < junk.size(); i += 97) junk.insert(i, "!*\xFF");
  return {
      {"base 64", encoded("Content-Transfer-Encoding: base 64", "@B@")},
      {"quotes around base64", encoded("Content-Transfer-Encoding: \"base64\"", "@B@")},
      {"a comment behind base64", encoded("Content-Transfer-Encoding: base64 (yes)", "@B@")},
      {"a comment before base64", encoded("Content-Transfer-Encoding: (no) BASE64;", "@B@")},
      {"x-base64", encoded("Content-Transfer-Encoding: x-base64", "@B@")},
      {"unknown encoding over base64", encoded("Content-Transfer-Encoding: whatever", "@B@")},
      {"no encoding over base64", encoded("X-A: b", "@B@")},
      {"7bit over base64", encoded("Content-Transfer-Encoding: 7bit", "@B@")},
      {"duplicate encoding, the second base64",
       encoded("Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64", "@B@")},
      {"duplicate encoding, the first base64",
       encoded("Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: quoted-printable", "@B@")},
      {"folded encoding", encoded("Content-Transfer-Encoding:\r\n base64", "@B@")},
      {"concatenated base64", encoded("Content-Transfer-Encoding: base64", joined)},
      {"base64 without padding", encoded("Content-Transfer-Encoding: base64", unpadded)},
      {"base64 with junk", encoded("Content-Transfer-Encoding: base64", junk)},
      {"base64 on one line", encoded("Content-Transfer-Encoding: base64", mails::base64(one, 100000))},
      {"base64 in lines of odd length",
       encoded("Content-Transfer-Encoding: base64", mails::base64(one, 4, "\r\n \r\n"))},
      {"quoted-printable", encoded("Content-Transfer-Encoding: quoted-printable", "@Q@")},
      {"quoted printable", encoded("Content-Transfer-Encoding: quoted printable", "@Q@")},
      {"binary", encoded("Content-Transfer-Encoding: binary", "@R@")},
      {"uuencode as transfer encoding", encoded("Content-Transfer-Encoding: x-uuencode", "@U@")},
      {"uue as transfer encoding", encoded("Content-Transfer-Encoding: uue", "@U@")},
      {"uuencode in a text", raw("\r\nhello\r\n\r\n@U@\r\nbye\r\n")},
      {"uuencode in a text part", raw(open + "Content-Type: text/plain\r\n\r\nhello\r\n@U@--B--\r\n")},
      {"uuencode in an attachment that says nothing of it", raw(open + type + "\r\n@U@--B--\r\n")},
      {"base64 in a text", raw("\r\nhello\r\n\r\n@B@\r\nbye\r\n")},
      {"a whole body part in a text", raw("\r\nhello\r\n\r\n--X\r\n" + std::string(kExe) + "--X--\r\n")},
      {"a program as the whole mail",
       raw("Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n@B@")},
      {"a program called text/plain",
       raw(open + "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n@B@--B--\r\n")},
      {"a program called text/html",
       raw(open + "Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n@B@--B--\r\n")},
  };
}

std::vector<Hiding> nested() {
  const std::string open = "Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n";
  const std::string inner = mails::fill(std::string("From: c@example.jp\r\nSubject: inner\r\nContent-Type: "
                                                    "multipart/mixed; boundary=I\r\n\r\n--I\r\n") +
                                        kText + "--I\r\n" + kExe + "--I--\r\n");
  const std::string multi = mails::fill(std::string("--I\r\n") + kText + "--I\r\n" + kExe + "--I--\r\n");
  return {
      {"message/rfc822", raw(open + "Content-Type: message/rfc822\r\n\r\n" + inner + "--B--\r\n")},
      {"message/rfc822 in base64",
       raw(open + "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           mails::base64(inner) + "--B--\r\n")},
      {"message/rfc822 in quoted-printable",
       raw(open + "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
           mails::quoted_printable(inner) + "\r\n--B--\r\n")},
      {"message/rfc822 that only says base64",
       raw(open + "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + inner +
           "--B--\r\n")},
      {"message/global", raw(open + "Content-Type: message/global\r\n\r\n" + inner + "--B--\r\n")},
      {"message/news", raw(open + "Content-Type: message/news\r\n\r\n" + inner + "--B--\r\n")},
      {"multipart/digest",
       raw("Content-Type: multipart/digest; boundary=B\r\n\r\n--B\r\n\r\n" + inner + "--B--\r\n")},
      {"multipart in base64",
       raw(open + "Content-Type: multipart/mixed; boundary=I\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           mails::base64(multi) + "--B--\r\n")},
      {"message in message in message",
       raw(open +
           "Content-Type: message/rfc822\r\n\r\nSubject: 1\r\nContent-Type: message/rfc822\r\n\r\nSubject: "
           "2\r\nContent-Type: message/rfc822\r\n\r\n" +
           inner + "--B--\r\n")},
      {"base64 message in base64 message",
       raw("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           mails::base64("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                         mails::base64(inner)))},
      {"within multipart/alternative", raw("Content-Type: multipart/alternative; boundary=B\r\n\r\n--B\r\n" +
                                           std::string(kText) + "--B\r\n" + kExe + "--B--\r\n")},
      {"within multipart/related, never referred to",
       raw("Content-Type: multipart/related; boundary=B\r\n\r\n--B\r\nContent-Type: "
           "text/html\r\n\r\n<p>x</p>\r\n--B\r\n" +
           std::string(kExe) + "--B--\r\n")},
      {"as the signature of multipart/signed",
       raw("Content-Type: multipart/signed; boundary=B\r\n\r\n--B\r\n" + std::string(kText) +
           "--B\r\nContent-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: "
           "base64\r\n\r\n@B@--B--\r\n")},
      {"as a picture that a HTML text shows",
       raw("Content-Type: multipart/related; boundary=B\r\n\r\n--B\r\nContent-Type: text/html\r\n\r\n<img "
           "src=\"cid:x\" width=1 height=1>\r\n--B\r\n"
           "Content-Type: image/png\r\nContent-ID: <x>\r\nContent-Transfer-Encoding: "
           "base64\r\n\r\n@B@--B--\r\n")},
      {"as the resource fork of multipart/appledouble",
       raw("Content-Type: multipart/appledouble; boundary=B\r\n\r\n--B\r\nContent-Type: "
           "application/applefile\r\nContent-Transfer-Encoding: base64\r\n\r\n@B@--B\r\n" +
           std::string(kText) + "--B--\r\n")},
  };
}

void expect_found(const std::vector<Hiding>& ways) {
  for (const Hiding& hiding : ways) {
    CAPTURE(hiding.way);
    const mails::Said said = mails::read(hiding.mail);
    CHECK(said.wire_error == "");
    if (said.refused) continue;
    const clean::Part* part = mails::part_of(said, mails::program());
    CHECK_MESSAGE(part != nullptr, "the program is hidden");
    if (part != nullptr) {
      const bool listed = part->role == clean::Role::attachment || part->role == clean::Role::inline_image;
      CHECK_MESSAGE(listed, "the program is not listed");
    }
  }
}

}  // namespace

TEST_CASE("scanner: a program does not hide behind boundary lines") { expect_found(boundary_lines()); }
TEST_CASE("scanner: a program does not hide behind a boundary parameter") {
  expect_found(boundary_parameters());
}
TEST_CASE("scanner: a program does not hide behind a header") { expect_found(headers()); }
TEST_CASE("assembly: a program does not hide behind a transfer encoding") { expect_found(encodings()); }
TEST_CASE("assembly: a program does not hide in a nested message or a role") { expect_found(nested()); }

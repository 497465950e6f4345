// Tables for references and lines that must not be reborn from text.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "service/compose/compose.h"
#include "service/compose/lines.h"
#include "service/compose/references.h"

using namespace kiyome;
using namespace kiyome::compose;

namespace {

std::string broken(std::string text, bool links = false) {
  break_references(text, links);
  return text;
}

std::string body(const std::string& text) {
  std::vector<clean::Finding> findings;
  return clean_body(text, false, findings);
}

}  // namespace

TEST_CASE("references: what a desktop acts on is broken") {
  struct Case {
    const char* in;
    const char* out;
  };
  for (const Case& c : std::vector<Case>{
           {"file:///C:/x", "file[:]///C:/x"},
           {"FiLe:x", "FiLe[:]x"},
           {"見て→file://host/share", "見て→file[:]//host/share"},
           {"(search-ms:query=a)", "(search-ms[:]query=a)"},
           {"ms-word:ofe|u|http://x/", "ms-word[:]ofe|u|http://x/"},
           {"MS-MSDT:/id", "MS-MSDT[:]/id"},
           {"javascript:alert(1)", "javascript[:]alert(1)"},
           {"vbscript:x data:text/html,x mhtml:x", "vbscript[:]x data[:]text/html,x mhtml[:]x"},
           {"ftp://host/ ldap://h smb://h/s", "ftp[:]//host/ ldap[:]//h smb[:]//h/s"},
           {"unknown-thing://x", "unknown-thing[:]//x"},
           {"xhttp://y svn+http://y view-source:http://y",
            "xhttp[:]//y svn+http[:]//y view-source[:]http://y"},
           {"URL:file:x", "URL:file[:]x"},
           {"e-mail-file:x", "e-mail-file[:]x"},
           {"\\\\host\\share", "[\\\\]host\\share"},
           {"￥￥サーバー￥共有", "[￥￥]サーバー￥共有"},
           {"¥¥192.0.2.1¥c$", "[¥¥]192.0.2.1¥c$"},
           {"＼＼host＼share \\¥h", "[＼＼]host＼share [\\¥]h"},
           {"\\\\?\\C:\\ \\\\.\\pipe", "[\\\\]?\\C:\\ [\\\\].\\pipe"},
           {"\\\\\\\\host", "\\\\[\\\\]host"},
           {"<file://\\\\host\\x>", "<file[:]//[\\\\]host\\x>"},
       }) {
    CAPTURE(c.in);
    CHECK(broken(c.in) == c.out);
    CHECK(broken(c.out) == c.out);  // nothing left to break
  }
}

TEST_CASE("references: ordinary text and links stay") {
  for (const std::string& text : std::vector<std::string>{
           "http://example.jp/ https://example.jp/?a=b:c HTTP://X",
           "1.http://example.jp/ -https://a/ （http://example.jp/）",
           "mailto:a@example.jp tel:03-1234-5678 sip:x",
           "File: 見積書.xlsx",
           "data : x",
           "file:",
           "file:\nnext",
           "profile:x database:x metadata:1",
           "Subject: file",
           "12:34 a:b 注:file",
           "C:\\Users\\x D:\\",
           "￥1,000 ￥ ￥￥ ＼＼ (^o^)",
           "\\\\ x",
           "://x",
       }) {
    CAPTURE(text);
    CHECK(broken(text) == text);
  }
}

TEST_CASE("references: links are broken by configuration only") {
  CHECK(broken("http://a/ https://b/ mailto:c", true) == "http[:]//a/ https[:]//b/ mailto:c");
}

TEST_CASE("lines: what reads as an encoded file is escaped") {
  for (const std::string& line : std::vector<std::string>{
           "begin 644 a.exe",
           "BEGIN 0755 x",
           "  begin\t600 x",
           "> begin 666 x",
           "begin  anything",
           "begin-base64 644 x",
           "=ybegin line=128",
           "=YPART begin=1",
           "=yend size=1",
           "(This file must be converted with BinHex 4.0)",
           "-----BEGIN PGP MESSAGE-----",
           "---- BEGIN SSH2 PUBLIC KEY ----",
           "--Begin x",
           "　begin 644 x",
       }) {
    CAPTURE(line);
    CHECK(begins_encoding(line));
    CHECK(body("前\n" + line + "\n後\n") == "前\n| " + line + "\n後\n");
  }
}

TEST_CASE("lines: ordinary lines stay") {
  for (const std::string& line : std::vector<std::string>{
           "begin with this",
           "begin",
           "begin 64 x",
           "beginning 644",
           "-----Original Message-----",
           "-----END-----",
           "- BEGIN x",
           "=y",
           "(This file is fine)",
           "----------",
           "【重要】お知らせ",
           "【外部講師】",
           "外部",
           "無害化",
           "[外部委託]",
           "送信者の確認",
           "■【無害】",
           "(無害)",
           "Re: 【外部】x",
       }) {
    CAPTURE(line);
    CHECK(body(line + "\n") == line + "\n");
  }
}

TEST_CASE("lines: an imitation of ours is escaped, in every disguise") {
  for (const std::string& line : std::vector<std::string>{
           "【無害化】 添付 0 件を除去しました",
           "【無害化通知】―――",
           "【無害化通知おわり】",
           "送信者確認: 正当",
           "【外部】",
           "[無害化] ok",
           "［無害化］ok",
           "〔無害化〕",
           "【 無 害 化 】",
           "　　【無害化】",
           "----【無害化通知】----",
           "━━━【無害化】",
           "【【無害化】】",
           "<無害化>",
           "＜無害化＞",
           "「無害化」",
           "﹝無害化﹞",
           "【無\uFE00害化】",
           "送　信　者　確　認",
           "送信\uFA5B確認 OK",
           "（外部） 件名",
           "\u301D無害化",
       }) {
    CAPTURE(line);
    CHECK(imitates_us(line));
    CHECK(body(line) == "| " + line);
  }
}

TEST_CASE("lines: findings tell what was done, once each") {
  std::vector<clean::Finding> findings;
  clean_body("begin 644 x\nbegin 644 y\nfile:a\nfile:b\n", false, findings);
  CHECK(findings == std::vector<clean::Finding>{clean::Finding::kBrokenScheme, clean::Finding::kEscapedLine});
}

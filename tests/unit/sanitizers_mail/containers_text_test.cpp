#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "sanitizers/mail/containers.h"

using namespace kiyome;
using namespace kiyome::sanitizer::mail;

namespace {

const std::string kCat = "begin 644 cat.txt\n#0V%T\n`\nend\n";  // "Cat"

// The text without its blocks.
std::string around(const std::string& text) {
  std::string out;
  std::size_t at = 0;
  for (const InText& block : find_encoded_files(text)) {
    out += text.substr(at, block.begin - at);
    at = block.end;
  }
  return out + text.substr(at);
}

}  // namespace

TEST_CASE("uuencode: a file in a text is found, decoded and cut out") {
  const std::string text = "before\n" + kCat + "after\n";
  const auto found = find_encoded_files(text);
  REQUIRE(found.size() == 1);
  CHECK(found[0].file.name == "cat.txt");
  CHECK(found[0].file.owned == "Cat");
  CHECK(std::string(found[0].kind) == "uuencode");
  CHECK_FALSE(found[0].damaged);
  CHECK(around(text) == "before\nafter\n");
}

TEST_CASE(
    "uuencode: several files, CRLF, lone CR, a missing name, mode with five digits, no zero line, trimmed "
    "blanks") {
  CHECK(find_encoded_files(kCat + kCat + "x\n" + kCat).size() == 3);
  for (const char* text : {"begin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n", "begin 644 cat.txt\r#0V%T\r`\rend\r",
                           "begin 100644 cat.txt\n#0V%T\n`\nend\n", "begin 644 cat.txt\n#0V%T\nend\n",
                           "begin 644 cat.txt\n#0V%T\n\nend\n", "begin 644 cat.txt\n#0V%T\n \nend",
                           "begin 644 \n#0V%T\n`\nend\n", "begin 644\n#0V%T\n`\nend\n"}) {
    const auto found = find_encoded_files(text);
    const bool six_digits = std::string_view(text).substr(6, 6) == "100644";
    REQUIRE(found.size() == (six_digits ? 0 : 1));
    if (six_digits) continue;
    CHECK(found[0].file.owned == "Cat");
    CHECK_FALSE(found[0].damaged);
  }
  const auto zeros = find_encoded_files("begin 644 z\n&0V%T    \n&0V%T\n`\nend\n");
  REQUIRE(zeros.size() == 1);
  CHECK(zeros[0].file.owned == std::string("Cat\0\0\0Cat\0\0\0", 12));
}

TEST_CASE("uuencode: what ends early is given and said") {
  const auto found = find_encoded_files("begin 644 cat.txt\n#0V%T\nand then a person writes\n");
  REQUIRE(found.size() == 1);
  CHECK(found[0].file.owned == "Cat");
  CHECK(found[0].damaged);
  CHECK(around("begin 644 cat.txt\n#0V%T\nand then a person writes\n") == "and then a person writes\n");
}

TEST_CASE("uuencode: prose about it stays prose") {
  for (const char* text :
       {"begin 644 of something\nand so on\n", "begin with 644 words\n", "begin 64 x\n#0V%T\n",
        "beginning 644 x\n#0V%T\n", " begin 644 x\n#0V%T\n`\nend\n", "begin 644 x", "begin 644 x\n",
        "begin 644 x\n\n", "begin 888 x\n#0V%T\n`\nend\n", "begin 644 x\nTHIS IS PROSE\n"})
    CHECK(find_encoded_files(text).empty());
}

TEST_CASE("uuencode: the base64 form of POSIX, with and without its end") {
  const auto whole = find_encoded_files("begin-base64 644 a.bin\nQ2F0\nQ2F0\n====\nafter\n");
  REQUIRE(whole.size() == 1);
  CHECK(whole[0].file.owned == "CatCat");
  CHECK_FALSE(whole[0].damaged);
  const auto cut = find_encoded_files("begin-base64 644 a.bin\nQ2F0\nand so on\n");
  REQUIRE(cut.size() == 1);
  CHECK(cut[0].file.owned == "Cat");
  CHECK(cut[0].damaged);
  CHECK(find_encoded_files("begin-base64 644 a.bin\nand so on\n").empty());
}

TEST_CASE("xxencode: is listed with its name and not decoded") {
  const std::string text =
      "a\nbegin 644 x.exe\nhG2Jmd4JmRnBmdsVodCJm65Fq65Jj64Jj65Jj64Jj65Jj64Jj65Jj64Jj65Jj\n+\nend\nb\n";
  const auto found = find_encoded_files(text);
  REQUIRE(found.size() == 1);
  CHECK(std::string(found[0].kind) == "xxencode");
  CHECK(found[0].file.name == "x.exe");
  CHECK_FALSE(found[0].file.octets.empty());
  CHECK(around(text) == "a\nb\n");
}

TEST_CASE("yenc: a file is found and decoded, escapes and parts too") {
  std::string body;
  for (const char c : std::string("Cat\0=\n", 6)) {
    const char coded = static_cast<char>(c + 42);
    if (coded == '\0' || coded == '\n' || coded == '\r' || coded == '=') {
      body += '=';
      body += static_cast<char>(coded + 64);
    } else {
      body += coded;
    }
  }
  const std::string text = "x\n=ybegin part=1 line=128 size=6 name=a file.bin\n=ypart begin=1 end=6\n" +
                           body + "\n=yend size=6\ny\n";
  const auto found = find_encoded_files(text);
  REQUIRE(found.size() == 1);
  CHECK(found[0].file.name == "a file.bin");
  CHECK(found[0].file.owned == std::string("Cat\0=\n", 6));
  CHECK_FALSE(found[0].damaged);
  CHECK(around(text) == "x\ny\n");
  CHECK(find_encoded_files("=ybegin line=128 size=6 name=x\n" + body)[0].damaged);
  CHECK(find_encoded_files("=ybegin of nothing\n").empty());
}

TEST_CASE("binhex: a file is found, decoded, runs and all") {
  // Made of: name "a", a data fork of "Cat" and 20 times "x".
  const auto encode = [](const std::string& octets) {
    const std::string alphabet = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";
    std::string out;
    unsigned bits = 0;
    int count = 0;
    for (const char c : octets) {
      bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xffff;
      for (count += 8; count >= 6; count -= 6) out += alphabet[bits >> (count - 6) & 63];
    }
    if (count > 0) out += alphabet[bits << (6 - count) & 63];
    return out;
  };
  std::string octets =
      std::string("\x01") + "a" + '\0' + "TEXTttxt" + std::string("\0\0\0\0\0\x17", 6) + std::string(6, '\0');
  octets += "Catx\x90\x14";
  octets += std::string(4, '\0');
  const std::string text =
      "(This file must be converted with BinHex 4.0)\n\n:" + encode(octets) + ":\nafter\n";
  const auto found = find_encoded_files(text);
  REQUIRE(found.size() == 1);
  CHECK(found[0].file.name == "a");
  CHECK(found[0].file.owned == "Cat" + std::string(20, 'x'));
  CHECK_FALSE(found[0].damaged);
  CHECK(around(text) == "after\n");
  CHECK(find_encoded_files("(This file must be converted with BinHex 4.0)\n\n:abc~")[0].damaged);
  CHECK(find_encoded_files("(This file must be converted with BinHex 4.0)\nor not\n").empty());
}

TEST_CASE("encoded files: their number is bounded") {
  std::string text;
  for (std::size_t i = 0; i < limits::kMailEncodedFiles + 2; ++i) text += kCat;
  CHECK(find_encoded_files(text).size() == limits::kMailEncodedFiles + 1);
}

TEST_CASE("pgp: an encrypted message is a block, the text around it is not") {
  const std::string block =
      "-----BEGIN PGP MESSAGE-----\nVersion: x\n\nhQEMA\nabc+/=\n=abcd\n-----END PGP MESSAGE-----\n";
  const std::string text = "Hello\n" + block + "Bye\n";
  const auto found = find_pgp_blocks(text);
  REQUIRE(found.size() == 1);
  CHECK(found[0].kind == PgpBlock::Kind::message);
  CHECK(text.substr(found[0].begin, found[0].end - found[0].begin) == block);
}

TEST_CASE("pgp: signed text comes back without its dashes") {
  const std::string text =
      "a\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n本文\n- -----BEGIN PGP MESSAGE-----\n- - "
      "item\n-----BEGIN PGP SIGNATURE-----\n\n"
      "iQEz\n=aaaa\n-----END PGP SIGNATURE-----\nb\n";
  const auto found = find_pgp_blocks(text);
  REQUIRE(found.size() == 1);
  CHECK(found[0].kind == PgpBlock::Kind::cleartext_signed);
  CHECK(found[0].cleartext == "本文\n-----BEGIN PGP MESSAGE-----\n- item\n");
  CHECK(text.substr(found[0].end) == "b\n");
  CHECK(found[0].begin == 2);
}

TEST_CASE("pgp: signatures and keys are told apart") {
  const auto kind = [](const std::string& title) {
    const auto found =
        find_pgp_blocks("-----BEGIN PGP " + title + "-----\n\nabcd\n-----END PGP " + title + "-----\n");
    REQUIRE(found.size() == 1);
    return found[0].kind;
  };
  CHECK(kind("SIGNATURE") == PgpBlock::Kind::signature);
  CHECK(kind("PUBLIC KEY BLOCK") == PgpBlock::Kind::key);
  CHECK(kind("PRIVATE KEY BLOCK") == PgpBlock::Kind::key);
  CHECK(kind("MESSAGE, PART 1/2") == PgpBlock::Kind::message);
}

TEST_CASE("pgp: a block without its end swallows nothing that a person wrote") {
  const std::string text = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\nThis is not armour.\n";
  const auto found = find_pgp_blocks(text);
  REQUIRE(found.size() == 1);
  CHECK(text.substr(found[0].end) == "This is not armour.\n");
  CHECK(find_pgp_blocks("-----BEGIN PGP SIGNED MESSAGE-----\n\ntext without a signature\n").empty());
  CHECK(find_pgp_blocks("> -----BEGIN PGP MESSAGE-----\n").empty());
  CHECK(find_pgp_blocks("-----BEGIN PGP -----\n").empty());
}

TEST_CASE(
    "encoded files: lines and runs that give more than they are stop at the bound of all files together") {
  std::string lines = "begin 644 a\n#0V%T\n";
  for (int i = 0; i < 500000; ++i) lines += "_\n";  // 63 octets each
  std::string uu;
  for (int i = 0; i < 3; ++i) uu += lines + "end\n";
  std::size_t taken = 0;
  const auto found = find_encoded_files(uu);
  REQUIRE(found.size() == 3);
  for (const InText& block : found) taken += block.file.owned.size();
  CHECK(taken <= limits::kMailDecoded + uu.size() + 64);
  CHECK_FALSE(found[0].damaged);
  CHECK(found[2].damaged);
}

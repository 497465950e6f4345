#include <doctest/doctest.h>

#include "proto/base/bytes.h"
#include "proto/base/limits.h"
#include "sanitizers/mail/containers.h"

using namespace kiyome;
using namespace kiyome::sanitizer::mail;

namespace {

std::string attribute(std::uint8_t level, std::uint32_t id, const std::string& value) {
  ByteWriter w;
  w.u8(level);
  w.u32(id);
  w.counted(value);
  std::uint16_t sum = 0;
  for (const char c : value) sum = static_cast<std::uint16_t>(sum + static_cast<unsigned char>(c));
  w.u16(sum);
  return w.take();
}

std::string stream(std::initializer_list<std::string> attributes) {
  ByteWriter w;
  w.u32(0x223e9f78);
  w.u16(1);
  for (const std::string& each : attributes) w.raw(each);
  return w.take();
}

std::string property(std::uint16_t type, std::uint16_t id, const std::string& value) {
  ByteWriter w;
  w.u16(type);
  w.u16(id);
  w.u32(1);
  w.counted(value);
  w.raw(std::string((4 - value.size() % 4) % 4, '\0'));
  return w.take();
}

std::string number(std::uint16_t id, std::uint32_t value) {
  ByteWriter w;
  w.u16(0x0003);
  w.u16(id);
  w.u32(value);
  return w.take();
}

std::string properties(std::initializer_list<std::string> each) {
  ByteWriter w;
  w.u32(static_cast<std::uint32_t>(each.size()));
  for (const std::string& one : each) w.raw(one);
  return w.take();
}

std::string utf16(std::u16string_view text) {
  std::string out;
  for (const char16_t c : text) {
    out += static_cast<char>(c & 255);
    out += static_cast<char>(c >> 8);
  }
  return out + std::string(2, '\0');
}

const std::string kCodePage = attribute(1, 0x00069007, std::string("\xa4\x03\0\0\0\0\0\0", 8));  // 932
const std::string kRender = attribute(2, 0x00069002, std::string(14, '\0'));
std::string title(const std::string& name) { return attribute(2, 0x00018010, name + '\0'); }
std::string data(const std::string& octets) { return attribute(2, 0x0006800f, octets); }

}  // namespace

TEST_CASE("tnef: files come with their names, in order") {
  const std::string octets =
      stream({kCodePage, kRender, title("a.doc"), data("AAAA"), kRender, title("\x83\x5c.txt"), data("BB"),
              attribute(2, 0x00069005,
                        properties({property(0x001f, 0x3707, utf16(u"見積😀.xlsx")),
                                    property(0x001e, 0x370e, "application/x-y\0"),
                                    property(0x001e, 0x3704, "SHORT.XLS")}))});
  const Tnef tnef = read_tnef(octets);
  CHECK_FALSE(tnef.damaged);
  REQUIRE(tnef.files.size() == 2);
  CHECK(tnef.files[0].name == "a.doc");
  CHECK(tnef.files[0].name_charset == "cp932");
  CHECK(tnef.files[0].octets == "AAAA");
  CHECK(tnef.files[1].name == "見積😀.xlsx");
  CHECK(tnef.files[1].name_charset == "utf-8");
  CHECK(tnef.files[1].declared_type == "application/x-y");
  CHECK(tnef.files[1].octets == "BB");
}

TEST_CASE("tnef: a name stands in its code page when it has no Unicode form") {
  const std::string octets = stream({kCodePage, kRender, title("\x83\x5c.txt"), data("x")});
  const Tnef tnef = read_tnef(octets);
  REQUIRE(tnef.files.size() == 1);
  CHECK(tnef.files[0].name == "\x83\x5c.txt");
  CHECK(tnef.files[0].name_charset == "cp932");
}

TEST_CASE(
    "tnef: an attachment without a rendering attribute, without octets or without a name is still listed") {
  CHECK(read_tnef(stream({title("x.exe"), data("MZ")})).files.size() == 1);
  CHECK(read_tnef(stream({kRender, title("x.exe")})).files.size() == 1);
  CHECK(read_tnef(stream({kRender, data("MZ")})).files.size() == 1);
  const std::string in_properties =
      stream({kRender, attribute(2, 0x00069005, properties({property(0x0102, 0x3701, "MZ")}))});
  const Tnef tnef = read_tnef(in_properties);
  REQUIRE(tnef.files.size() == 1);
  CHECK(tnef.files[0].octets == "MZ");
}

TEST_CASE("tnef: two different contents of one attachment are two files, the same said twice is one") {
  const std::string two = stream({kRender, title("x"), data("one"),
                                  attribute(2, 0x00069005, properties({property(0x0102, 0x3701, "two")}))});
  CHECK(read_tnef(two).files.size() == 2);
  const std::string one = stream({kRender, title("x"), data("one"),
                                  attribute(2, 0x00069005, properties({property(0x0102, 0x3701, "one")}))});
  CHECK(read_tnef(one).files.size() == 1);
}

TEST_CASE("tnef: an embedded message is a TNEF stream behind the id of its interface") {
  const std::string inner = stream({kRender, title("inner.exe"), data("MZ")});
  const std::string octets = stream(
      {kRender, title("message"),
       attribute(2, 0x00069005,
                 properties({property(0x000d, 0x3701, std::string(16, 'i') + inner), number(0x3705, 5)}))});
  const Tnef tnef = read_tnef(octets);
  REQUIRE(tnef.files.size() == 1);
  CHECK(tnef.files[0].embedded_message);
  CHECK(tnef.files[0].octets == inner);
  const Tnef within = read_tnef(tnef.files[0].octets);
  REQUIRE(within.files.size() == 1);
  CHECK(within.files[0].name == "inner.exe");
}

TEST_CASE("tnef: bodies, the Unicode one first, and they outlive moves and copies") {
  const auto with = [](std::initializer_list<std::string> all) {
    return stream({kCodePage, attribute(1, 0x00069003, properties(all))});
  };
  const std::string unicode =
      with({property(0x001f, 0x1000, utf16(u"短い")), property(0x0102, 0x1013, "<p>x")});
  Tnef tnef = read_tnef(unicode);
  const Tnef moved = std::move(tnef);
  const Tnef copied = moved;  // NOLINT(performance-unnecessary-copy-initialization)
  CHECK(copied.body_plain == "短い");
  CHECK(copied.charset == "utf-8");
  CHECK(copied.body_html == "<p>x");

  const std::string plain = with({property(0x001e, 0x1000, std::string("\x93\xfa\0", 3))});
  CHECK(read_tnef(plain).body_plain == "\x93\xfa");
  CHECK(read_tnef(plain).charset == "cp932");

  const std::string html = with({property(0x0102, 0x1013, "<p>x"), number(0x3fde, 65001)});
  CHECK(read_tnef(html).body_html == "<p>x");
  CHECK(read_tnef(html).charset == "utf-8");

  const std::string attribute_body = stream({kCodePage, attribute(1, 0x0002800c, std::string("text\0", 5))});
  CHECK(read_tnef(attribute_body).body_plain == "text");
}

TEST_CASE("tnef: named and multiple properties are passed over") {
  ByteWriter named;
  named.u16(0x001f);
  named.u16(0x8001);
  named.raw(std::string(16, 'g'));
  named.u32(1);
  named.counted(utf16(u"name"));  // 10 octets and 2 of padding
  named.u16(0);
  named.u32(1);
  named.counted("ab");
  named.u16(0);
  ByteWriter many;
  many.u16(0x1003);
  many.u16(0x7000);
  many.u32(3);
  for (std::uint32_t i = 0; i < 3; ++i) many.u32(i);
  ByteWriter strings;
  strings.u16(0x101e);
  strings.u16(0x7001);
  strings.u32(2);
  strings.counted("abcde");
  strings.raw(std::string(3, '\0'));
  strings.counted("f");
  strings.raw(std::string(3, '\0'));
  const std::string octets = stream({kRender, attribute(2, 0x00069005,
                                                        properties({named.take(), many.take(), strings.take(),
                                                                    property(0x0102, 0x3701, "MZ")}))});
  const Tnef tnef = read_tnef(octets);
  CHECK_FALSE(tnef.damaged);
  REQUIRE(tnef.files.size() == 1);
  CHECK(tnef.files[0].octets == "MZ");
}

TEST_CASE("tnef: cut anywhere, what is whole is given and the damage is said") {
  const std::string first = stream({kRender, title("a.doc"), data("AAAA")});
  const std::string octets = first + kRender + title("b.doc") + data("BBBBBBBB");
  for (std::size_t size = 6; size < octets.size(); ++size) {
    const Tnef tnef = read_tnef(std::string_view(octets).substr(0, size));
    if (size >= first.size()) {
      REQUIRE_FALSE(tnef.files.empty());
      CHECK(tnef.files[0].octets == "AAAA");
    }
    if (size > octets.size() - 8) CHECK((tnef.files.size() == 2 && tnef.damaged));
  }
  const std::string cut = octets.substr(0, octets.size() - 6);  // within the last file
  const Tnef tnef = read_tnef(cut);
  REQUIRE(tnef.files.size() == 2);
  CHECK(tnef.files[1].octets == "BBBB");
}

TEST_CASE(
    "tnef: a wrong sum, a lying length and an unknown level are damage; a line end behind the stream is "
    "not") {
  std::string octets = stream({kRender, title("a"), data("AAAA")});
  CHECK_FALSE(read_tnef(octets + "\r\n").damaged);
  CHECK(read_tnef(octets + "x").damaged);
  CHECK(read_tnef(octets + std::string(9, '\3')).damaged);
  octets.back() = 'x';
  CHECK(read_tnef(octets).damaged);
  CHECK(read_tnef(octets).files.size() == 1);
  CHECK(read_tnef("").damaged);
  CHECK_FALSE(looks_like_tnef("x"));
  CHECK(read_tnef(
            stream({kRender, attribute(2, 0x00069005,
                                       std::string("\xff\xff\xff\xff\x1e\x00\x01\x30\xff\xff\xff\xff", 12))}))
            .damaged);
}

TEST_CASE("tnef: the number of files is bounded") {
  const std::string one = kRender + data("x");
  for (const std::size_t extra : {0u, 1u}) {
    std::string octets = stream({});
    for (std::size_t i = 0; i < limits::kMailParts + extra; ++i) octets += one;
    const Tnef tnef = read_tnef(octets);
    CHECK(tnef.files.size() == limits::kMailParts);
    CHECK(tnef.damaged == (extra == 1));
  }
}

TEST_CASE("compressed rtf: the examples of MS-OXRTFCP") {
  const std::string simple(
      "\x2d\x00\x00\x00\x2b\x00\x00\x00\x4c\x5a\x46\x75\xf1\xc5\xc7\xa7\x03\x00\x0a\x00\x72\x63\x70\x67\x31"
      "\x32\x35\x42\x32\x0a\xf3"
      "\x20\x68\x65\x6c\x09\x00\x20\x62\x77\x05\xb0\x6c\x64\x7d\x0a\x80\x0f\xa0",
      49);
  bool damaged = false;
  CHECK(decompress_rtf(simple, damaged) == "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
  CHECK_FALSE(damaged);
  const std::string crossing(
      "\x1a\x00\x00\x00\x1c\x00\x00\x00\x4c\x5a\x46\x75\xe2\xd4\x4b\x51\x41\x00\x04\x20\x57\x58\x59\x5a\x0d"
      "\x6e\x7d\x01\x0e\xb0",
      30);
  CHECK(decompress_rtf(crossing, damaged) == "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}");
  CHECK_FALSE(damaged);
  const std::string plain = std::string("\x0f\x00\x00\x00\x03\x00\x00\x00MELA\0\0\0\0", 16) + "abc";
  CHECK(decompress_rtf(plain, damaged) == "abc");
  CHECK_FALSE(damaged);
  for (std::size_t size = 1; size < simple.size(); ++size) {
    damaged = false;
    decompress_rtf(std::string_view(simple).substr(0, size), damaged);
    CHECK(damaged);
  }
}

TEST_CASE("code pages: numbers become names of charsets") {
  CHECK(code_page_charset(932) == "cp932");
  CHECK(code_page_charset(65001) == "utf-8");
  CHECK(code_page_charset(50220) == "iso-2022-jp");
  CHECK(code_page_charset(51932) == "euc-jp");
  CHECK(code_page_charset(1252) == "windows-1252");
  CHECK(code_page_charset(437) == "cp437");
  CHECK(code_page_charset(0).empty());
}

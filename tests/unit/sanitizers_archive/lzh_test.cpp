// LZH of all header levels, with the names Japanese programs give.
#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "sanitizers/archive/lzh_header.h"
#include "tests/unit/sanitizers_archive/archives.h"

using namespace archive_test;
namespace limits = kiyome::limits;
using kiyome::sanitizer::archive::lzh_crc;

namespace {

const std::string kTable = "\x95\x5c.txt";  // 表.txt in CP932

std::string with_sum(std::string header) {
  unsigned sum = 0;
  for (const char c : header.substr(2)) sum += static_cast<unsigned char>(c);
  header[1] = static_cast<char>(sum);
  return header;
}

std::string base(const std::string& method, std::size_t packed, std::size_t size, unsigned level) {
  return "-" + method + "-" + le(packed, 4) + le(size, 4) + le(0, 4) + "\x20" + le(level, 1);
}

std::string level_0(const std::string& name, const std::string& content, const std::string& method = "lh0",
                    std::string extension = {}) {
  const std::string rest = base(method, content.size(), content.size(), 0) + le(name.size(), 1) + name +
                           le(lzh_crc(0, content), 2) + extension;
  return with_sum(le(rest.size(), 1) + le(0, 1) + rest) + content;
}

std::string extended(unsigned type, const std::string& data, unsigned width = 2) {
  return le(type, 1) + data + le(0, width);
}

// The sizes of the chain are put in behind the one before.
std::string chained(std::string head, const std::vector<std::string>& headers, unsigned width = 2) {
  for (const std::string& one : headers) {
    head.replace(head.size() - width, width, le(one.size(), width));
    head += one;
  }
  return head;
}

std::string level_1(const std::string& name, const std::string& content,
                    const std::vector<std::string>& headers) {
  std::size_t more = 0;
  for (const std::string& one : headers) more += one.size();
  const std::string rest = base("lh0", content.size() + more, content.size(), 1) + le(name.size(), 1) + name +
                           le(lzh_crc(0, content), 2) + "M" + le(headers.empty() ? 0 : headers[0].size(), 2);
  return chained(with_sum(le(rest.size(), 1) + le(0, 1) + rest), headers) + content;
}

std::string level_2(const std::string& content, const std::vector<std::string>& headers) {
  std::string head = chained(
      le(0, 2) + base("lh0", content.size(), content.size(), 2) + le(lzh_crc(0, content), 2) + "M" + le(0, 2),
      headers);
  head.replace(0, 2, le(head.size(), 2));
  return head + content;
}

std::string level_3(const std::string& content, const std::vector<std::string>& headers) {
  std::string head = chained(le(4, 2) + base("lh0", content.size(), content.size(), 3) +
                                 le(lzh_crc(0, content), 2) + "M" + le(0, 4) + le(0, 4),
                             headers, 4);
  head.replace(24, 4, le(head.size(), 4));
  return head + content;
}

Said lzh(const std::string& octets) { return said(octets, as("application/x-lzh-compressed")); }

}  // namespace

TEST_CASE("lzh: every level of header, names in CP932 with a backslash within") {
  const std::string folder = "\x83\x5c\x83\x74\x83\x67\xff";  // ソフト, and the separator of LZH
  const Said s = lzh(level_0("\x83\x5c\\" + kTable, "0") + level_1(kTable, "1", {extended(2, folder)}) +
                     level_2("2", {extended(1, kTable), extended(2, folder)}) +
                     level_3("3", {extended(1, kTable, 4), extended(2, "3\xff", 4)}) + std::string(1, '\0'));
  REQUIRE(s.accepted);
  CHECK(s.names() == "ソ/表.txt|ソフト/表.txt|ソフト/表 (2).txt|3/表.txt");
  CHECK(s.parts[0].findings.empty());
  for (std::uint32_t i = 1; i <= 4; ++i) CHECK(s.contents.at(i) == std::to_string(i - 1));
}

TEST_CASE("lzh: names in UTF-16 are taken before the others") {
  const std::string wide("a\0\x42\x30.\0t\0", 8), folder("d\0\xff\xff", 4);
  CHECK(lzh(level_2("x", {extended(1, "a_.t"), extended(0x44, wide), extended(0x45, folder)})).names() ==
        "d/aあ.t");
}

TEST_CASE("lzh: a header's own CRC has to fit") {
  std::string head = level_2("", {extended(0, le(0, 2)), extended(1, "a.txt")});
  CHECK(lzh(head).refusal == Finding::kDamagedPart);
  head.replace(27, 2, le(lzh_crc(0, head), 2));
  CHECK(lzh(head).names() == "a.txt");
}

TEST_CASE("lzh: folders are no parts, links are held, paths are looked at") {
  const std::string unix = "U" + le(0, 5) + le(0120777, 2) + le(0, 4);
  const Said s = lzh(level_0("d\\", "", "lhd") + level_0("link|/etc/passwd", "", "lhd") +
                     level_0("l", "x", "lh0", unix) + level_0("..\\a", "x") + level_0("a", "x"));
  REQUIRE(s.accepted);
  CHECK(s.parts.size() == 5);
  CHECK(s.has(1, Finding::kLinkEntry));
  CHECK(s.has(2, Finding::kLinkEntry));
  CHECK(s.has(3, Finding::kUnsafePath));
  CHECK(s.contents.size() == 1);
  CHECK(s.contents.at(4) == "x");
}

TEST_CASE("lzh: cut, changed, of an unknown method") {
  const std::string whole = level_0("a", "hello") + level_0("b", "hello");
  const Said cut = lzh(whole.substr(0, whole.size() - 1));
  CHECK(cut.contents.at(1) == "hello");
  CHECK(cut.has(2, Finding::kDamagedPart));
  CHECK(cut.has(0, Finding::kBrokenStructure));
  CHECK(lzh(level_0("a", "hello") + "trailing words").has(0, Finding::kBrokenStructure));
  const std::string end(3, '\0');
  CHECK_FALSE(lzh(whole + end).has(0, Finding::kAmbiguousStructure));
  CHECK(lzh(level_0("a", "hello") + end + level_0("b", "hello")).has(0, Finding::kAmbiguousStructure));
  std::string changed = whole;
  changed[whole.find("hello")] = 'j';
  const Said damaged = lzh(changed);
  CHECK(damaged.has(1, Finding::kDamagedPart));
  CHECK(damaged.contents.at(2) == "hello");
  CHECK(lzh(level_0("a", "hello", "lh9")).has(1, Finding::kUnsupportedType));
  CHECK(lzh("no archive at all, though long enough").refusal == Finding::kDamagedPart);
}

TEST_CASE("lzh: bounds of extended headers") {
  const auto accepted = [](std::size_t count) {
    std::vector<std::string> headers(count - 1, extended(0x3f, "c"));
    headers.push_back(extended(1, "a"));
    return !lzh(level_1("b", "x", headers)).refusal.has_value();
  };
  CHECK(accepted(limits::kArchiveLzhHeaders - 1));
  CHECK(accepted(limits::kArchiveLzhHeaders));
  CHECK_FALSE(accepted(limits::kArchiveLzhHeaders + 1));
}

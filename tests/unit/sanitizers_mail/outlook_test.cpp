// Outlook's .msg files, built here as compound files of small streams.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "sanitizers/mail/compound.h"
#include "sanitizers/mail/outlook.h"
#include "sanitizers/mail/run.h"

namespace clean = kiyome::clean;
namespace limits = kiyome::limits;
using namespace kiyome::sanitizer::mail;
using clean::Finding;

namespace {

std::string le(std::uint64_t value, unsigned octets) {
  std::string out;
  for (unsigned i = 0; i < octets; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

std::string wide(std::u16string_view text) {
  std::string out;
  for (const char16_t c : text) out += le(c, 2);
  return out;
}

struct Item {
  std::string name, octets;
  std::vector<Item> items;  // of a storage
  bool storage = false;
};
Item stream(std::string name, std::string octets) { return {std::move(name), std::move(octets), {}, false}; }
Item storage(std::string name, std::vector<Item> items) {
  return {std::move(name), {}, std::move(items), true};
}

// [MS-CFB] with everything in the mini stream; siblings hang to the right of each other.
class Maker {
 public:
  std::string make(const std::vector<Item>& items) {
    entry("Root Entry", 5, 0, 0);
    link(0, items);
    const std::uint32_t mini_sectors = static_cast<std::uint32_t>((mini_.size() + 511) / 512);
    directory_.replace(116, 8, le(mini_sectors == 0 ? 0xfffffffe : 0, 4) + le(mini_.size(), 4));
    mini_.resize(std::size_t{mini_sectors} * 512);
    while (directory_.size() % 512 != 0) directory_ += '\0';
    while (mini_table_.size() % 512 != 0) mini_table_ += '\xff';
    const auto directory = static_cast<std::uint32_t>(directory_.size() / 512);
    const auto mini_table = static_cast<std::uint32_t>(mini_table_.size() / 512);
    std::string table;
    const auto chain = [&table](std::uint32_t count) {
      for (std::uint32_t i = 0; i < count; ++i)
        table += le(i + 1 == count ? 0xfffffffe : table.size() / 4 + 1, 4);
    };
    chain(mini_sectors);
    chain(directory);
    chain(mini_table);
    const std::size_t tables = table.size() / 4 / 127 + 1;
    const std::uint32_t first_table = mini_sectors + directory + mini_table;
    table.resize(tables * 512, '\xff');
    std::string header = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + std::string(16, '\0') + le(0x3e, 2) + le(3, 2) +
                         le(0xfffe, 2) + le(9, 2) + le(6, 2) + std::string(10, '\0') + le(tables, 4) +
                         le(mini_sectors, 4) + le(0, 4) + le(4096, 4) + le(mini_sectors + directory, 4) +
                         le(mini_table, 4) + le(0xfffffffe, 4) + le(0, 4);
    for (std::uint32_t i = 0; i < 109; ++i) header += le(i < tables ? first_table + i : 0xffffffff, 4);
    return header + mini_ + directory_ + mini_table_ + table;
  }

 private:
  std::uint32_t entry(const std::string& name, unsigned kind, std::uint32_t start, std::size_t size) {
    std::string stored;
    for (const char c : name) stored += le(static_cast<unsigned char>(c), 2);
    stored.resize(64);
    directory_ += stored + le(name.size() * 2 + 2, 2) + le(kind, 1) + le(1, 1) + le(0xffffffff, 4) +
                  le(0xffffffff, 4) + le(0xffffffff, 4) + std::string(36, '\0') + le(start, 4) + le(size, 8);
    return static_cast<std::uint32_t>(directory_.size() / 128 - 1);
  }
  void link(std::uint32_t parent, const std::vector<Item>& items) {
    std::size_t place = parent * 128 + 76;  // of the child, then of the right siblings
    for (const Item& item : items) {
      std::uint32_t start = 0xfffffffe;
      if (!item.octets.empty()) {
        start = static_cast<std::uint32_t>(mini_.size() / 64);
        mini_ += item.octets;
        while (mini_.size() % 64 != 0) mini_ += '\0';
        while (mini_table_.size() / 4 < mini_.size() / 64)
          mini_table_ += le(
              mini_table_.size() / 4 + 1 == mini_.size() / 64 ? 0xfffffffe : mini_table_.size() / 4 + 1, 4);
      }
      const std::uint32_t index = entry(item.name, item.storage ? 1 : 2, start, item.octets.size());
      directory_.replace(place, 4, le(index, 4));
      place = index * 128 + 72;
      if (item.storage) link(index, item.items);
    }
  }

  std::string mini_, mini_table_, directory_;
};

Item fixed(std::size_t head, std::vector<std::pair<std::uint32_t, std::uint64_t>> values = {}) {
  std::string octets(head, '\0');
  for (const auto& [tag, value] : values) octets += le(tag, 4) + le(6, 4) + le(value, 8);
  return stream("__properties_version1.0", octets);
}
Item text(const std::string& id, std::u16string_view value) {
  return stream("__substg1.0_" + id + "001F", wide(value));
}

Item file(const std::string& number, std::u16string_view name, const std::string& octets) {
  return storage("__attach_version1.0_#0000000" + number,
                 {fixed(8), text("3707", name), stream("__substg1.0_37010102", octets)});
}

const std::vector<Item> kMessage = {
    fixed(32, {{0x00390040, 133444736000000000}}),  // 2023-11-14T22:13:20Z
    text("0037", u"見積書の件"),
    text("0C1A", u"山田 太郎"),
    text("5D01", u"yamada@example.jp"),
    text("1000", u"お世話になります。"),
    storage("__recip_version1.0_#00000000",
            {fixed(8, {{0x0c150003, 1}}), text("3001", u"佐藤"), text("39FE", u"sato@example.jp")}),
    storage("__recip_version1.0_#00000001",
            {fixed(8, {{0x0c150003, 2}}), text("3001", u"c@example.jp"), text("39FE", u"c@example.jp")}),
};

struct Told {
  bool accepted = false;
  clean::MailHeader header;
  std::string body;
  std::vector<clean::Part> parts;
  std::optional<Finding> refusal;
  const clean::Part* named(std::string_view name) const {
    const auto found =
        std::find_if(parts.begin(), parts.end(), [&](const clean::Part& p) { return p.name == name; });
    return found == parts.end() ? nullptr : &*found;
  }
};

Told told(const std::string& octets) {
  static const bool warm = (warm_up(), true);
  (void)warm;
  clean::JobOptions options;
  options.any_file = true;
  std::string answer;
  for (const clean::Message& message : read_mail(octets, options).messages) clean::encode(message, answer);
  clean::AnswerReader reader(octets.size());
  Told out;
  out.accepted = reader.feed(answer).has_value() && reader.complete();
  if (reader.refusal()) out.refusal = reader.refusal()->finding;
  clean::MailAnswer told = reader.take_answer();
  out.header = std::move(told.header);
  out.body = std::move(told.body.text);
  out.parts = std::move(told.parts);
  return out;
}

bool has(const clean::Part& part, Finding finding) {
  return std::find(part.findings.begin(), part.findings.end(), finding) != part.findings.end();
}

std::vector<Item> with(std::vector<Item> items, std::vector<Item> more) {
  items.insert(items.end(), more.begin(), more.end());
  return items;
}

}  // namespace

TEST_CASE("outlook: header and text of a message") {
  const std::string octets = Maker().make(kMessage);
  const Told t = told(octets);
  REQUIRE(t.accepted);
  CHECK(t.header.subject == "見積書の件");
  REQUIRE(t.header.from.size() == 1);
  CHECK(t.header.from[0].display == "山田 太郎");
  CHECK(t.header.from[0].address == "yamada@example.jp");
  REQUIRE(t.header.to.size() == 1);
  CHECK(t.header.to[0].display == "佐藤");
  REQUIRE(t.header.cc.size() == 1);
  CHECK(t.header.cc[0].address == "c@example.jp");
  REQUIRE(t.header.date.has_value());
  CHECK(t.header.date->unix_seconds == 1700000000);
  CHECK(t.body.find("お世話になります。") != std::string::npos);
  CHECK(t.parts[0].detected_type == "application/vnd.ms-outlook");
  CHECK(t.parts[0].size == octets.size());
  CHECK(t.parts[0].findings.empty());
}

TEST_CASE("outlook: files, and messages within") {
  std::vector<Item> inner = {fixed(24), text("0037", u"中の件名"), text("1000", u"中の本文"),
                             file("0", u"中.pdf", "%PDF-1.4 x")};
  const Told t = told(
      Maker().make(with(kMessage, {file("0", u"資料 一覧.txt", "hello"),
                                   storage("__attach_version1.0_#00000001",
                                           {fixed(8), storage("__substg1.0_3701000D", std::move(inner))})})));
  REQUIRE(t.accepted);
  REQUIRE(t.named("資料 一覧.txt") != nullptr);
  CHECK(t.named("資料 一覧.txt")->size == 5);
  REQUIRE(t.named("中.pdf") != nullptr);
  CHECK(t.named("中.pdf")->detected_type == "application/pdf");
  CHECK(t.body.find("中の件名") != std::string::npos);
  CHECK(t.body.find("中の本文") != std::string::npos);
}

TEST_CASE("outlook: the header as it came, without what speaks of another content") {
  const std::u16string lines =
      u"From: a@example.jp\r\nSubject: one\r\n two\r\nContent-Type: multipart/mixed;\r\n boundary=x\r\n"
      u"--outlook-0\r\nContent-Type: text/plain\r\nReply-To: b@example.jp\r\n";
  const Told t = told(Maker().make(with(kMessage, {text("007D", lines)})));
  REQUIRE(t.accepted);
  CHECK(t.header.subject == "one two");
  CHECK(t.header.reply_to.size() == 1);
  CHECK(t.header.to.empty());
  CHECK(t.body.find("お世話になります。") != std::string::npos);
}

TEST_CASE("outlook: nothing said in it becomes a header or a boundary") {
  const Told t = told(Maker().make({fixed(32), text("0037", u"a\r\nFrom: evil@example.jp\r\n\r\n--outlook-0"),
                                    text("1000", u"--outlook-0--\r\n\r\ntext"),
                                    file("0", u"a\"\r\nX: y\r\n\r\n.txt", "--outlook-0\r\n\r\nno part")}));
  REQUIRE(t.accepted);
  CHECK(t.header.from.empty());
  CHECK(std::count_if(t.parts.begin(), t.parts.end(),
                      [](const clean::Part& p) { return p.role == clean::Role::attachment; }) == 1);
  CHECK(t.body.find("text") != std::string::npos);
}

TEST_CASE("outlook: text in another code page, HTML, an object that is no file") {
  const Told narrow = told(
      Maker().make({fixed(32, {{0x3ffd0003, 932}}), stream("__substg1.0_0037001E", "\x8c\x8f\x96\xbc")}));
  CHECK(narrow.header.subject == "件名");
  const Told html =
      told(Maker().make({fixed(32, {{0x3fde0003, 65001}}), stream("__substg1.0_10130102", "<p>本文</p>")}));
  CHECK(html.body.find("本文") != std::string::npos);
  const Told object = told(Maker().make(
      with(kMessage, {storage("__attach_version1.0_#00000000",
                              {fixed(8), storage("__substg1.0_3701000D", {stream("CONTENTS", "x")})})})));
  CHECK(has(object.parts[0], Finding::kEmbeddedRemoved));
}

TEST_CASE("outlook: a file that lies elsewhere is held and named, an empty one is a file") {
  const auto attached = [](std::uint64_t method, std::vector<Item> more) {
    return with(kMessage,
                {storage("__attach_version1.0_#00000000",
                         with({fixed(8, {{0x37050003, method}}), text("3707", u"共有.xlsx")}, more))});
  };
  for (const std::uint64_t method : {1u, 2u, 7u}) {
    const Told t = told(Maker().make(attached(method, {})));
    REQUIRE(t.accepted);
    REQUIRE(t.named("共有.xlsx") != nullptr);
    CHECK(has(*t.named("共有.xlsx"), Finding::kExternalBody));
  }
  const Told empty = told(Maker().make(attached(1, {stream("__substg1.0_37010102", "")})));
  REQUIRE(empty.named("共有.xlsx") != nullptr);
  CHECK_FALSE(has(*empty.named("共有.xlsx"), Finding::kExternalBody));
  CHECK(empty.parts[0].findings.empty());
}

TEST_CASE("outlook: storages that share their content do not make a square of it") {
  std::vector<Item> items = {fixed(32)}, shared;
  for (int i = 0; i < 2000; ++i) shared.push_back(stream("__substg1.0_0037001F", ""));
  for (int i = 0; i < 2000; ++i) items.push_back(storage("__attach_version1.0_#00000000", {}));
  items.push_back(storage("shared", std::move(shared)));
  std::string octets = Maker().make(items);
  const std::string child = octets.substr(octets.find(wide(u"shared")) + 76, 4);
  for (std::size_t at = 0; (at = octets.find(wide(u"__attach_"), at)) != std::string::npos; ++at)
    octets.replace(at + 76, 4, child);
  Compound compound(octets);
  std::size_t told_of = 0;
  for (const std::uint32_t entry : compound.children(Compound::kRoot))
    told_of += compound.children(entry).size();
  CHECK(told_of < limits::kOleLooks * limits::kOleStreams);
  CHECK(compound.damaged());
  CHECK(outlook_as_mail(octets).damaged);
}

TEST_CASE("outlook: cut anywhere it still gives an answer") {
  const std::string whole = Maker().make(with(kMessage, {file("0", u"a.txt", std::string(3000, 'x'))}));
  for (std::size_t size = 1024; size < whole.size(); size += 100) CHECK(told(whole.substr(0, size)).accepted);
}

TEST_CASE("outlook: how deep messages may lie, and a tree that leads back into itself") {
  const auto nested = [](std::size_t depth) {
    std::vector<Item> items = {fixed(24), text("0037", u"deepest")};
    for (std::size_t i = 0; i < depth; ++i)
      items = {fixed(i + 1 == depth ? 32 : 24),
               storage("__attach_version1.0_#00000000",
                       {fixed(8), storage("__substg1.0_3701000D", std::move(items))})};
    return outlook_as_mail(Maker().make(items));
  };
  CHECK_FALSE(nested(limits::kOutlookDepth - 1).limit.has_value());
  CHECK_FALSE(nested(limits::kOutlookDepth).limit.has_value());
  CHECK(nested(limits::kOutlookDepth + 1).limit == Finding::kLimitDepth);
  // The embedded message's storage is given the root's children again.
  std::string octets =
      Maker().make({fixed(32), storage("__attach_version1.0_#00000000",
                                       {fixed(8), storage("__substg1.0_3701000D", {fixed(24)})})});
  const std::size_t name = octets.find(wide(u"__substg1.0_3701000D"));
  const std::size_t root = octets.find(wide(u"Root Entry"));
  octets.replace(name + 76, 4, octets.substr(root + 76, 4));
  const OutlookMail mail = outlook_as_mail(octets);
  CHECK(mail.damaged);
  CHECK(mail.octets.size() < 10000);
}

TEST_CASE("compound: large streams, their end, and chains that loop") {
  std::string octets = Maker().make({stream("a", "small")});
  Compound whole(octets);
  const auto root = whole.children(Compound::kRoot);
  REQUIRE(root.size() == 1);
  CHECK(whole.at(root[0]).name == "a");
  CHECK(whole.read(root[0]) == "small");
  CHECK_FALSE(whole.damaged());
  // The same stream, said to be as long as the file can be: its chain ends first.
  const std::size_t entry = octets.find(wide(u"a") + std::string(60, '\0'));
  octets.replace(entry + 120, 4, le(5000, 4));
  octets.replace(entry + 116, 4, le(0, 4));
  Compound longer(octets);
  CHECK(longer.read(longer.children(Compound::kRoot).at(0)).size() == 512);
  CHECK(longer.damaged());
  CHECK(Compound("").damaged());
  CHECK(Compound("").children(Compound::kRoot).empty());
}

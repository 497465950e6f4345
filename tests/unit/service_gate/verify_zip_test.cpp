// Clean ZIP (compose/PDF.md): each refusal stands beside its accepting twin.
#include <doctest/doctest.h>

#include <string>

#include "proto/base/limits.h"
#include "service/gate/verify.h"
#include "tests/unit/service_gate/pdf_sample.h"
#include "tests/unit/service_gate/png_sample.h"
#include "tests/unit/service_gate/verify_sample.h"
#include "tests/unit/service_gate/zip_sample.h"

using namespace kiyome;
using namespace kiyome::zip_sample;
using namespace std::string_literals;

namespace {

std::string verdict(const std::string& zip) {
  const auto violation = gate::verify_zip(zip);
  if (violation) CHECK(violation->offset <= zip.size());
  return violation ? "offset " + std::to_string(violation->offset) + ": " + violation->reason : "ok";
}
std::string verdict(const Zip& zip) { return verdict(zip.zip()); }
std::string named(const std::string& name) { return verdict(of({{name, "x\r\n"}})); }
std::string names(const std::string& one, const std::string& other) {
  return verdict(of({{one, "x\r\n"}, {other, "y\r\n"}}));
}
std::string clean_pdf() { return pdf_sample::with_page(pdf_sample::Page::words()).pdf(); }

Zip sample() {
  return of({{"a.txt", "Hello.\r\n"},
             {"資料/第 1 回/議事録.pdf", clean_pdf()},
             {"資料/図.png", png_sample::Png::palette().png()},
             {"mail.eml", verify_sample::Sample::small().mail()},
             {"empty.txt", ""}});
}

}  // namespace

TEST_CASE("verify ZIP: entries of each kind are clean") {
  CHECK(verdict(sample()) == "ok");
  CHECK(!gate::verify_file(sample().zip()));
  CHECK(verdict(Zip()) != "ok");  // no entry
  CHECK(verdict("") != "ok");
}

TEST_CASE("verify ZIP: one bit anywhere, one octet more or less, cut off anywhere") {
  const std::string zip = of({{"f/a.txt", "Hi.\r\n"}, {"b.txt", ""}}).zip();
  REQUIRE(verdict(zip) == "ok");
  for (std::size_t at = 0; at < zip.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string altered = zip;
      altered[at] = static_cast<char>(altered[at] ^ (1 << bit));
      CHECK_MESSAGE(gate::verify_zip(altered), at);
    }
    std::string altered = zip;
    altered.erase(at, 1);
    CHECK(gate::verify_zip(altered));
    altered = zip;
    altered.insert(at, 1, '\0');
    CHECK(gate::verify_zip(altered));
    CHECK(gate::verify_zip(zip.substr(0, at)));
  }
  CHECK(verdict(zip + "\0"s) != "ok");
  CHECK(verdict(zip + zip) != "ok");
}

TEST_CASE("verify ZIP: nothing before, between, behind, and no comment") {
  for (const std::string& octets : {"x"s, "\0"s, "PK\x03\x04"s, "MZ"s}) {
    for (std::string Zip::*place : {&Zip::before, &Zip::between, &Zip::comment}) {
      Zip zip = sample();
      zip.*place = octets;
      CHECK(verdict(zip) != "ok");
    }
  }
}

TEST_CASE("verify ZIP: entries have one form") {
  const auto with = [](auto member, std::uint32_t value) {
    Entry entry{"a.txt", "x\r\n"};
    entry.*member = value;
    return verdict(of({entry}));
  };
  CHECK(with(&Entry::version, 20) == "ok");
  CHECK(with(&Entry::version, 45) != "ok");
  CHECK(with(&Entry::version, 10) != "ok");
  for (const unsigned flags : {0u, 0x0801u, 0x0808u, 0x0840u, 0x2800u})
    CHECK(with(&Entry::flags, flags) != "ok");
  for (const unsigned method : {8u, 12u, 99u}) CHECK(with(&Entry::method, method) != "ok");
  CHECK(with(&Entry::time, 1) != "ok");
  CHECK(with(&Entry::date, 0) != "ok");
  CHECK(with(&Entry::crc_change, 1) != "ok");
  for (const std::uint32_t change : {1u, 0xFFFFFFFFu, 0xFFFFFFFCu, 0x7FFFFFFFu}) {
    CHECK(with(&Entry::size_change, change) != "ok");
    CHECK(with(&Entry::packed_change, change) != "ok");
    Entry both{"a.txt", "x\r\n"};
    both.size_change = both.packed_change = change;
    CHECK(verdict(of({both})) != "ok");
  }
  Entry extra{"a.txt", "x\r\n"};
  extra.extra = "\x75\x70\0\0"s;
  CHECK(verdict(of({extra})) != "ok");
}

TEST_CASE("verify ZIP: central records say what the local ones say") {
  const Zip good = sample();
  for (const auto member : {&Zip::made_by, &Zip::disk, &Zip::internal}) {
    Zip zip = good;
    zip.*member += 1;
    CHECK(verdict(zip) != "ok");
  }
  for (const auto member : {&Zip::offset_change, &Zip::count_change, &Zip::size_change, &Zip::start_change}) {
    for (const std::uint64_t change : {std::uint64_t{1}, std::uint64_t{0xFFFFFFFF}}) {
      Zip zip = good;
      zip.*member = change;
      CHECK(verdict(zip) != "ok");
    }
  }
  for (const std::uint32_t external : {0u, 0xA1FF0000u, 0x41ED0000u, 0x81A40001u, 0x89A40000u}) {
    Zip zip = good;
    zip.external = external;
    CHECK(verdict(zip) != "ok");
  }
  Zip zip = good;
  zip.records = good.entries;
  CHECK(verdict(zip) == "ok");
  zip.records[0].name = "b.txt";
  CHECK(verdict(zip) != "ok");
  zip.records = good.entries;
  zip.records[0].content = "Hallo.\r\n";
  CHECK(verdict(zip) != "ok");
  zip.records = good.entries;
  std::swap(zip.records[0], zip.records[1]);
  CHECK(verdict(zip) != "ok");
  zip.records = good.entries;
  zip.records.pop_back();
  CHECK(verdict(zip) != "ok");
  zip.records = good.entries;
  zip.records.push_back(good.entries[0]);
  CHECK(verdict(zip) != "ok");
}

TEST_CASE("verify ZIP: names are those of clean files in clean folders") {
  for (const char* good : {"a.txt", "f/a.txt", "資料/第１回/議事録.txt", "a b/c d.txt", "f.{1}.d/a.{1}.txt",
                           "{1}/a.txt", "f{1}/a.txt", "f.x{1}/a.txt", "1/2/3/4/5/6/7/8/a.txt"})
    CHECK_MESSAGE(named(good) == "ok", good);
  for (const char* bad : {"",
                          "a",
                          "a.TXT",
                          "a.exe",
                          "a.zip",
                          "a.txt.exe",
                          ".txt",
                          "/a.txt",
                          "a.txt/",
                          "f//a.txt",
                          "../a.txt",
                          "f/../a.txt",
                          "./a.txt",
                          "f/./a.txt",
                          "f\\a.txt",
                          "c:/a.txt",
                          "c:a.txt",
                          "a\n.txt",
                          "f /a.txt",
                          "f./a.txt",
                          " f/a.txt",
                          "-f/a.txt",
                          "~/a.txt",
                          "NUL/a.txt",
                          "con.txt",
                          "COM1.d/a.txt",
                          "f/aux.txt",
                          "\xFF.txt",
                          "\xE2\x80\xAEtxt.txt",
                          "e\xCC\x81.txt",
                          "a?.txt",
                          "a*.txt",
                          "f|/a.txt",
                          "1/2/3/4/5/6/7/8/9/a.txt",
                          "￥a.txt",
                          "f.{ED7BA470-8E54-465E-825C-99712043E01C}/a.txt",
                          "g/f.{/a.txt",
                          "f/ａ：.txt"})
    CHECK_MESSAGE(named(bad) != "ok", bad);
  CHECK(named("a\0.txt"s) != "ok");
  CHECK(named(std::string(196, 'x') + ".txt") == "ok");
  CHECK(named(std::string(197, 'x') + ".txt") != "ok");
  CHECK(named(std::string(200, 'x') + "/a.txt") == "ok");
  CHECK(named(std::string(201, 'x') + "/a.txt") != "ok");
}

TEST_CASE("verify ZIP: no two names alike, no file that is a folder") {
  CHECK(names("a.txt", "b.txt") == "ok");
  CHECK(names("a.txt", "f/a.txt") == "ok");
  CHECK(names("f/a.txt", "f/b.txt") == "ok");
  CHECK(names("F/a.txt", "f/b.txt") == "ok");
  CHECK(names("a.txt", "a.txt") != "ok");
  CHECK(names("a.txt", "A.txt") != "ok");
  CHECK(names("F/a.txt", "f/A.txt") != "ok");
  CHECK(names("a.txt", "a.txt/b.txt") != "ok");
  CHECK(names("A.txt/b.txt", "a.txt") != "ok");
  CHECK(names("f/a.txt/b.txt", "f/a.txt") != "ok");
}

TEST_CASE("verify ZIP: each entry is clean by the kind of its name") {
  const auto entry = [](const std::string& name, const std::string& content) {
    return verdict(of({{name, content}}));
  };
  const std::string pdf = clean_pdf(), png = png_sample::Png().png(),
                    mail = verify_sample::Sample::small().mail(), text = "Hi.\r\n",
                    zip = of({{"a.txt", text}}).zip();
  CHECK(entry("a.pdf", pdf) == "ok");
  CHECK(entry("a.png", png) == "ok");
  CHECK(entry("a.eml", mail) == "ok");
  CHECK(entry("a.txt", text) == "ok");
  CHECK(entry("a.txt", pdf) != "ok");
  CHECK(entry("a.pdf", png) != "ok");
  CHECK(entry("a.pdf", text) != "ok");
  CHECK(entry("a.png", pdf) != "ok");
  CHECK(entry("a.eml", text) != "ok");
  CHECK(entry("a.eml", pdf) != "ok");
  CHECK(entry("a.zip", zip) != "ok");
  CHECK(entry("a.pdf", zip) != "ok");
  CHECK(entry("a.txt", "lone\n") != "ok");
  CHECK(entry("a.pdf", pdf + "\n") != "ok");
  CHECK(entry("a.pdf", "") != "ok");
  const Zip two = of({{"a.txt", text}, {"b.pdf", pdf.substr(0, pdf.size() - 1)}});
  CHECK(gate::verify_zip(two.zip())->offset == two.zip().find("PK\x01\x02"));
}

TEST_CASE("verify ZIP: no ZIP within a ZIP, not in a mail within either") {
  using namespace verify_sample;
  const auto mail_with = [](const std::string& zip) {
    return Sample::with_parts(kBodyPart + attachment_of("application/zip", "a.zip", zip) + kClose).mail();
  };
  const std::string inner = of({{"a.txt", "Hi.\r\n"}}).zip();
  CHECK(!gate::verify_mail(mail_with(inner)));
  CHECK(verdict(of({{"a.eml", Sample::small().mail()}})) == "ok");
  CHECK(verdict(of({{"a.eml", mail_with(inner)}})) != "ok");
  CHECK(!gate::verify_mail(mail_with(of({{"a.eml", Sample::small().mail()}}).zip())));
  CHECK(gate::verify_mail(mail_with(of({{"a.eml", mail_with(inner)}}).zip())));
}

TEST_CASE("verify ZIP: entries are counted") {
  Zip zip;
  for (std::size_t i = 0; i < limits::kCleanZipEntries; ++i)
    zip.entries.push_back({std::to_string(i) + "x.txt", ""});
  CHECK(verdict(zip) == "ok");
  zip.entries.push_back({"one-more.txt", ""});
  CHECK(verdict(zip) != "ok");
}

TEST_CASE("verify: a mail carries PDF, PNG and ZIP in base64, each named as what it is") {
  using namespace verify_sample;
  const std::string pdf = clean_pdf(), png = png_sample::Png().png(), zip = of({{"a.txt", "Hi.\r\n"}}).zip();
  const auto mail = [](const std::string& parts) {
    const std::string octets = Sample::with_parts(kBodyPart + parts + kClose).mail();
    const auto violation = gate::verify_mail(octets);
    if (violation) CHECK(violation->offset <= octets.size());
    return violation ? violation->reason : "ok"s;
  };
  CHECK(mail(attachment_of("application/pdf", "a.pdf", pdf)) == "ok");
  CHECK(mail(attachment_of("image/png", "a.png", png)) == "ok");
  CHECK(mail(attachment_of("application/zip", "a.zip", zip)) == "ok");
  CHECK(mail(attachment_of("application/pdf", "a.pdf", pdf) + attachment("a.txt") +
             attachment_of("application/pdf", "b.pdf", pdf)) == "ok");
  for (const char* name : {"a.png", "a.txt", "a.PDF", "a", "a.pdf.exe", ".pdf", "pdf"})
    CHECK_MESSAGE(mail(attachment_of("application/pdf", name, pdf)) != "ok", name);
  CHECK(mail(attachment_of("image/png", "a.png", pdf)) != "ok");
  CHECK(mail(attachment_of("application/pdf", "a.pdf", pdf + "\n")) != "ok");
  CHECK(mail(attachment_of("application/pdf; charset=UTF-8", "a.pdf", pdf)) != "ok");
  CHECK(mail(attachment_of("text/plain; charset=UTF-8", "a.txt", pdf)) != "ok");
  CHECK(mail(attachment_of("application/octet-stream", "a.pdf", pdf)) != "ok");
  CHECK(mail(attachment_of("image/jpeg", "a.jpg", jpeg_sample::kGray)) != "ok");
  CHECK(mail(attachment_of("application/pdf", "a.pdf", pdf) +
             attachment_of("application/pdf", "A.pdf", pdf)) != "ok");
  std::string seven = attachment_of("application/pdf", "a.pdf", pdf);
  seven.replace(seven.find("base64"), 6, "7bit");
  CHECK(mail(seven) == "attachment that is no text and not in base64");
  std::string inline_part = attachment_of("application/pdf", "a.pdf", pdf);
  inline_part.replace(inline_part.find("attachment;"), 11, "inline;");
  CHECK(mail(inline_part) != "ok");
  // The body is text, always.
  Sample alone = Sample::small();
  alone.type = "Content-Type: application/pdf\r\n";
  alone.encoding = "Content-Transfer-Encoding: base64\r\n";
  alone.content = base64_lines(pdf);
  CHECK(gate::verify_mail(alone.mail()));
}

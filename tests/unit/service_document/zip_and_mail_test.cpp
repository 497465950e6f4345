// What is made of the entries of an archive and of a mail within one.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "proto/base/limits.h"
#include "service/document/mail_text.h"
#include "service/document/zip_of_entries.h"
#include "service/gate/verify.h"

using namespace kiyome;
using namespace kiyome::document;

namespace {

Entry text_entry(std::string name) {
  Entry out;
  out.part.name = name;
  out.made.action = Action::text;
  out.made.files.push_back({std::move(name), "text/plain", "words\n", 0});
  return out;
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string out;
  while (times-- > 0) out += text;
  return out;
}

}  // namespace

TEST_CASE("zip of entries: files of one long name get numbers, and the verifier takes them") {
  std::vector<Entry> entries;
  const std::string name = repeated("長", 100);
  for (int i = 0; i < 40; ++i) entries.push_back(text_entry("文書/" + name));
  entries.push_back(text_entry("文書/" + name + ".txt/中"));
  entries.push_back(text_entry("CON/AUX.d/. ./x"));
  entries.push_back(text_entry("f.{1}/g.{x.{y/.{2}/h.{3}.d/x.{4}"));
  std::vector<clean::Finding> findings;
  const auto zip = zip_of(entries, {"all", false}, findings);
  REQUIRE(zip);
  const auto violation = gate::verify_zip(zip->octets);
  CHECK_MESSAGE(!violation, (violation ? violation->reason : ""));
  for (const Entry& entry : entries) CHECK(entry.made.files.empty());
}

TEST_CASE("zip of entries: what lies too deep goes by itself") {
  std::vector<Entry> entries;
  entries.push_back(text_entry(repeated("a/", limits::kCleanZipDepth) + "in"));
  entries.push_back(text_entry(repeated("a/", limits::kCleanZipDepth + 1) + "out"));
  std::vector<clean::Finding> findings;
  const auto zip = zip_of(entries, {"all", false}, findings);
  REQUIRE(zip);
  CHECK_FALSE(gate::verify_zip(zip->octets));
  CHECK(entries[0].made.files.empty());
  CHECK(entries[1].made.files.size() == 1);
}

TEST_CASE("zip of entries: a thousand files of one name take no square of time") {
  std::vector<Entry> entries;
  for (int i = 0; i < 1500; ++i) entries.push_back(text_entry("same"));
  std::vector<clean::Finding> findings;
  const auto zip = zip_of(entries, {"all", false}, findings);
  REQUIRE(zip);
  CHECK(zip->octets.find("same (1500).txt") != std::string::npos);
}

TEST_CASE("mail text: the time is the writer's, wherever we are") {
  const char* const before = std::getenv("TZ");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TZ", "Asia/Tokyo", 1);
  ::tzset();
  clean::MailAnswer answer;
  answer.header.date = clean::Date{1'700'000'000, 9 * 60};  // 2023-11-14 22:13:20 UTC
  const std::string text = mail_text(answer);
  answer.header.date = clean::Date{-62167219200, -30};
  const std::string oldest = mail_text(answer);
  kept.empty() ? ::unsetenv("TZ") : ::setenv("TZ", kept.c_str(), 1);
  ::tzset();
  CHECK(text.find("2023-11-15 07:13:20 +0900") != std::string::npos);
  CHECK(oldest.find("23:30:00 -0030") != std::string::npos);
}

#include <doctest/doctest.h>

#include <chrono>
#include <set>
#include <string>

#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "proto/clean/findings.h"
#include "proto/clean/job.h"

using namespace kiyome;
using namespace kiyome::clean;

namespace {

// RFC 3629 without any rule about which characters, also for surrogates and beyond U+10FFFF.
std::string utf8(unsigned c) {
  std::string out;
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
  return out;
}

bool allowed(unsigned c) {
  if (c < 0x20) return c == '\t' || c == '\n';
  if (c >= 0x80 && c < 0xa0) return false;
  if (c >= 0xd800 && c < 0xe000) return false;
  if ((c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe) return false;
  return c <= 0x10ffff;
}

}  // namespace

TEST_CASE("clean text: every character of Unicode is judged by the rule, at every place of a word") {
  for (unsigned c = 0; c < 0x120000; ++c) {
    const std::string character = utf8(c);
    const std::string text = std::string(c % 11, 'x') + character + std::string(c % 7, 'y');
    if (is_clean_text(text) != allowed(c)) FAIL("U+" << c);
    if (is_clean_line(text) != (allowed(c) && c != '\n')) FAIL("line, U+" << c);
  }
}

TEST_CASE("clean text: overlong, cut and stray octets are refused") {
  for (const char* bad :
       {"\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
        "\xf5\x80\x80\x80", "\xff", "\xfe", "\x80", "a\xbf", "\xc2", "\xe3\x81", "\xf0\x9f\x98",
        "\xe3\x81"
        "a",
        "\xc2"
        "a",
        "\xf0\x9f"
        "aa",
        "\xed\xa0\x80"})
    CHECK_FALSE(is_clean_text(bad));
  CHECK(is_clean_text(""));
  CHECK(is_clean_text("日本語😀é"));
}

TEST_CASE("clean text: no prefix of a character passes") {
  const std::string text = "あいう漢字";
  for (std::size_t size = 0; size < text.size(); ++size)
    CHECK(is_clean_text(text.substr(0, size)) == (size % 3 == 0));
}

TEST_CASE("clean text: 5 KB of Japanese takes microseconds") {
  std::string text;
  while (text.size() < 5000) text += "本日はお世話になっております。 meeting 10:00-11:00\n";
  const auto start = std::chrono::steady_clock::now();
  bool clean = true;
  for (int i = 0; i < 1000; ++i) clean = is_clean_text(text) && clean;
  const auto spent = std::chrono::steady_clock::now() - start;
  CHECK(clean);
  const double microseconds = std::chrono::duration<double, std::micro>(spent).count() / 1000;
  MESSAGE(microseconds << " µs for " << text.size() << " octets");
  CHECK(microseconds < 500);  // far above what any build needs, also under a sanitizer
}

TEST_CASE("findings: codes and slugs name each other") {
  std::set<std::string_view> slugs;
  int count = 0;
  for (unsigned code = 0; code < 0x10000; ++code) {
    const auto finding = finding_of_code(static_cast<std::uint16_t>(code));
    if (!finding) continue;
    ++count;
    const FindingInfo& about = info(*finding);
    CHECK(static_cast<unsigned>(*finding) == code);
    CHECK(about.finding == *finding);
    CHECK(finding_of_slug(about.slug) == finding);
    CHECK(slug(*finding) == about.slug);
    CHECK(slugs.insert(about.slug).second);
    CHECK(about.slug.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos);
    CHECK(is_clean_line(about.japanese));
    CHECK_FALSE(about.english.empty());
  }
  CHECK(count > 40);
  CHECK_FALSE(finding_of_slug(""));
  CHECK_FALSE(finding_of_slug("Encrypted"));
  CHECK(finding_of_slug("encrypted") == Finding::kEncrypted);
  CHECK(info(Finding::kEncrypted).effect == Effect::part);
}

TEST_CASE("job: messages come back, cut and lengthened ones do not") {
  JobRequest request;
  request.job = 0x0123456789abcdef;
  request.cpu_seconds = 20;
  request.memory_bytes = 1u << 30;
  request.options.part_texts = true;
  request.options.show_hidden = request.options.fit_width = true;
  request.options.first_page = 3;
  for (const JobMessage& message :
       std::vector<JobMessage>{request, JobRequest{}, JobKill{7}, Ready{}, JobEnded{7, 0, 0},
                               JobEnded{7, 255, 0}, JobEnded{7, -1, 9}}) {
    const std::string octets = encode_job(message);
    const auto decoded = decode_job(octets);
    REQUIRE(decoded);
    CHECK(*decoded == message);
    for (std::size_t size = 0; size < octets.size(); ++size) CHECK_FALSE(decode_job(octets.substr(0, size)));
    CHECK_FALSE(decode_job(octets + '\0'));
  }
}

TEST_CASE("job: fields that cannot be are refused") {
  CHECK_FALSE(decode_job(encode_job(Ready{2})));
  CHECK_FALSE(decode_job(encode_job(JobEnded{1, 256, 0})));
  CHECK_FALSE(decode_job(encode_job(JobEnded{1, -1, 0})));
  CHECK_FALSE(decode_job(encode_job(JobEnded{1, 0, 9})));
  CHECK(decode_job(encode_job(JobEnded{1, -1, 64})));
  CHECK_FALSE(decode_job(encode_job(JobEnded{1, -1, 65})));
  std::string options = encode_job(JobRequest{});
  options.back() = 4;
  CHECK_FALSE(decode_job(options));
  JobRequest request;
  for (const std::uint32_t page : {0u, limits::kDocumentPages + 1}) {
    request.options.first_page = page;
    CHECK_FALSE(decode_job(encode_job(request)));
  }
  request.options.first_page = limits::kDocumentPages;
  CHECK(decode_job(encode_job(request)));
  std::string flags = encode_job(JobRequest{});
  REQUIRE(flags[22] == 0);  // behind the kind, u64, u32 and u64: the flags
  REQUIRE(flags[21] == 0);
  flags[21] = flags[22] = '\x02';  // one of both is not the language's
  CHECK_FALSE(decode_job(flags));
  CHECK_FALSE(decode_job(std::string(1, '\0')));
  CHECK_FALSE(decode_job(std::string(1, '\5')));
}

// What the overview, the self-check and the monthly report say of facts that are given to them.
#include "service/cleaner/review/overview.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "service/cleaner/review/report_month.h"
#include "service/cleaner/review/report_pages.h"
#include "service/cleaner/review/self_check.h"

using namespace kiyome;
using namespace kiyome::cleaner;

namespace {

// An installation where all is well.
Evidence good() {
  Evidence out;
  out.now_ms = 1'764'000'000'000;
  out.gate_connected = true;
  out.same_host = false;
  out.sanitizers = out.sanitizers_up = 5;
  out.acts_tried = out.acts_stopped = 60;
  out.selftest_ms = out.audit_verified_ms = out.now_ms;
  out.audit_entries = 1000;
  out.audit_intact = true;
  out.last_checkpoint_ms = out.last_witnessed_ms = out.now_ms;
  out.looked_at = 1;
  out.key_is_private = true;
  return out;
}

Config strict() {
  Config out;
  out.tls_certificate = "/etc/kiyome/cert.pem";
  out.scan.clamd = "/run/clamd.sock";
  return out;
}

Answer said(const char* code, const Config& config, const Evidence& facts) {
  for (const Clause& each : self_check(config, facts))
    if (each.code == code) {
      CHECK_FALSE(each.evidence_ja.empty());
      CHECK_FALSE(each.evidence_en.empty());
      return each.ok;
    }
  FAIL("no such clause: " << code);
  return Answer::no;
}

}  // namespace

TEST_CASE("self-check: where all is well every clause but the backup, which nobody here can see, is a yes") {
  for (const Clause& each : self_check(strict(), good())) {
    CAPTURE(each.code);
    CHECK(each.ok == (each.code == "backup" ? Answer::attention : Answer::yes));
  }
}

TEST_CASE("self-check: each clause follows its fact") {
  struct Case {
    const char* code;
    Answer then;
    void (*change)(Config&, Evidence&);
  };
  const Case cases[] = {
      {"split-paths", Answer::attention, [](Config&, Evidence& facts) { facts.same_host = true; }},
      {"split-paths", Answer::attention, [](Config&, Evidence& facts) { facts.same_host.reset(); }},
      {"split-paths", Answer::attention, [](Config&, Evidence& facts) { facts.gate_connected = false; }},
      {"attachments", Answer::attention, [](Config&, Evidence& facts) { facts.sanitizers_up = 4; }},
      {"encrypted", Answer::attention, [](Config&, Evidence& facts) { facts.sanitizers_up = 4; }},
      {"isolation", Answer::no, [](Config&, Evidence& facts) { facts.acts_stopped = 59; }},
      {"isolation", Answer::attention, [](Config&, Evidence& facts) { facts.selftest_ms = 0; }},
      {"verified", Answer::attention, [](Config&, Evidence& facts) { facts.refused_by_gate = 1; }},
      {"access", Answer::attention, [](Config& config, Evidence&) { config.tls_certificate.clear(); }},
      {"second-factor", Answer::no,
       [](Config& config, Evidence&) { config.auth.second_factor = {"sender"}; }},
      {"second-factor", Answer::attention,
       [](Config& config, Evidence&) {
         config.auth.second_factor = {"staff", "approver", "reviewer", "auditor", "administrator"};
       }},
      {"logs", Answer::attention, [](Config& config, Evidence&) { config.audit.days = 30; }},
      {"log-integrity", Answer::no,
       [](Config&, Evidence& facts) {
         facts.audit_intact = false;
         facts.audit_fault = 17;
       }},
      {"log-integrity", Answer::attention, [](Config&, Evidence& facts) { facts.audit_intact.reset(); }},
      {"log-integrity", Answer::attention, [](Config&, Evidence& facts) { facts.last_witnessed_ms = 0; }},
      {"audit", Answer::attention, [](Config&, Evidence& facts) { facts.looked_at = 0; }},
      {"retention", Answer::attention,
       [](Config&, Evidence& facts) { facts.oldest_original_ms = facts.now_ms - 90LL * 86'400'000; }},
      {"originals", Answer::no, [](Config&, Evidence& facts) { facts.key_is_private = false; }},
      {"two-people", Answer::no, [](Config& config, Evidence&) { config.console.second_person = false; }},
      {"two-people", Answer::attention, [](Config&, Evidence& facts) { facts.alone = 1; }},
      {"fail-closed", Answer::attention, [](Config& config, Evidence&) { config.scan.optional = true; }},
      {"malware", Answer::attention, [](Config& config, Evidence&) { config.scan.clamd.clear(); }},
      {"malware", Answer::no, [](Config&, Evidence& facts) { facts.clamd_trouble = "no answer"; }},
  };
  for (const Case& each : cases) {
    CAPTURE(each.code);
    Config config = strict();
    Evidence facts = good();
    CHECK(said(each.code, config, facts) == Answer::yes);
    each.change(config, facts);
    CHECK(said(each.code, config, facts) == each.then);
  }
}

TEST_CASE("table: a cell that a spreadsheet takes for a formula gets an apostrophe, quotes are doubled") {
  CHECK(csv_line({"2026-11-22", "12", "総務課"}) == "2026-11-22,12,総務課\r\n");
  CHECK(csv_line({"=cmd|' /C calc'!A0"}) == "'=cmd|' /C calc'!A0\r\n");
  CHECK(csv_line({"+1", "-2", "@x", "\tx", "a-b"}) == "'+1,'-2,'@x,'\tx,a-b\r\n");
  CHECK(csv_line({"a,b", "say \"x\"", "two\r\nlines", ""}) ==
        "\"a,b\",\"say \"\"x\"\"\",\"two\r\nlines\",\r\n");
  CHECK(csv_line({"=1,2"}) == "\"'=1,2\"\r\n");
}

TEST_CASE("months: their first and last days, and the one before") {
  const std::optional<Month> february = month_of("2028-02");
  REQUIRE(february);
  CHECK(review::day_text(february->first) == "2028-02-01");
  CHECK(review::day_text(february->last) == "2028-02-29");
  CHECK(month_before(*february).name == "2028-01");
  CHECK(month_before(*month_of("2026-01")).name == "2025-12");
  for (const char* none : {"2026-13", "2026-00", "2026-1", "202611", "../../x", "2026-1a", "1969-12", ""}) {
    CAPTURE(none);
    CHECK_FALSE(month_of(none));
  }
}

TEST_CASE("report: hostile text stays text, and every day has its bar") {
  ReportFacts facts;
  facts.month = "2026-10";
  facts.authority = "甲市 <情報政策課>";
  facts.made_ms = 1'793'500'000'000;
  for (int i = 0; i < 31; ++i) {
    facts.figures.days.emplace_back();
    facts.figures.days.back().day = 20'727 + i;
    facts.figures.days.back().items = facts.figures.days.back().clean = 10 + i;
  }
  facts.figures.senders_held = {{"</text:p><draw:object xlink:href=\"file:///etc/passwd\"/>", 3, 0}};
  facts.clauses = self_check(strict(), good());
  const std::string pages = report_pages(facts);
  CHECK(pages.find("<draw:object") == std::string::npos);
  CHECK(pages.find("&lt;/text:p&gt;&lt;draw:object") != std::string::npos);
  CHECK(pages.find("甲市 &lt;情報政策課&gt;") != std::string::npos);
  CHECK(pages.find("無害化報告書 2026年10月") != std::string::npos);
  for (const DayFigures& day : facts.figures.days)
    CHECK(pages.find(review::day_text(day.day)) != std::string::npos);
  std::size_t bars = 0;
  for (std::size_t at = 0; (at = pages.find("draw:style-name=\"clean\"", at)) != std::string::npos; ++at)
    ++bars;
  CHECK(bars == 1 + 31 + 1);  // legend, days, senders
}

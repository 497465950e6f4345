// Rules: which decides, and globs.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "service/policy/one_policy.h"
#include "service/policy/policy.h"

using namespace kiyome;
using namespace kiyome::policy;

namespace {

PolicyRule rule(std::string from, std::string to, std::string type, std::optional<std::uint64_t> size_over,
                PolicyActions actions) {
  PolicyRule made;
  made.from = std::move(from);
  made.to = std::move(to);
  made.type = std::move(type);
  made.size_over = size_over;
  made.actions = actions;
  return made;
}

clean::Part part(std::string detected, std::uint64_t size, std::string declared = "") {
  clean::Part made;
  made.detected_type = std::move(detected);
  made.declared_type = std::move(declared);
  made.size = size;
  return made;
}

constexpr std::nullopt_t kUnset = std::nullopt;

}  // namespace

TEST_CASE("globs: a table") {
  struct Case {
    const char* pattern;
    const char* text;
    bool matches;
  };
  for (const Case& c : std::vector<Case>{
           {"*@supplier.example", "a@supplier.example", true},
           {"*@supplier.example", "a@SUPPLIER.Example", true},
           {"*@supplier.example", "a@sub.supplier.example", false},
           {"*@supplier.example", "a@supplier.example.evil", false},
           {"*@*.example", "a@b.example", true},
           {"a?c", "abc", true},
           {"a?c", "ac", false},
           {"a?c", "aあc", true},
           {"a??c", "aあc", false},
           {"*", "", true},
           {"?*", "", false},
           {"", "", true},
           {"", "a", false},
           {"**a**b**", "xxaxxbxx", true},
           {"*a*b", "ab", true},
           {"*a*b", "ba", false},
           {"*ab", "aab", true},
           {"abc", "abc", true},
           {"abc", "abcd", false},
           {"山*@例.jp", "山田@例.jp", true},
           {"image/*", "image/png", true},
       }) {
    CAPTURE(c.pattern);
    CAPTURE(c.text);
    CHECK(glob_match(c.pattern, c.text) == c.matches);
  }
}

TEST_CASE("globs: a pattern of many stars over a long text stays cheap") {
  const std::string text(1000000, 'a');
  const auto before = std::chrono::steady_clock::now();
  CHECK_FALSE(glob_match("*a*a*a*a*a*a*a*a*a*b", text));
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(1));
}

TEST_CASE("globs meet where some text matches both") {
  for (const auto& [one, other] :
       std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                        {"*", ""},
                                                        {"a", "A"},
                                                        {"?", "x"},
                                                        {"*@town.example", "soumu*"},
                                                        {"*@*.town.example", "a@b*"},
                                                        {"a*c", "*b*"},
                                                        {"*a", "b*"}}) {
    const std::string pair = one + " / " + other;
    CHECK_MESSAGE(globs_meet(one, other), pair);
    CHECK_MESSAGE(globs_meet(other, one), pair);
  }
  for (const auto& [one, other] :
       std::vector<std::pair<std::string, std::string>>{{"", "a"},
                                                        {"?", ""},
                                                        {"a*", "b*"},
                                                        {"*@town.example", "*@village.example"},
                                                        {"*@town.example", "*@sub.town.example"},
                                                        {"a?c", "ac"}}) {
    const std::string pair = one + " / " + other;
    CHECK_MESSAGE(!globs_meet(one, other), pair);
    CHECK_MESSAGE(!globs_meet(other, one), pair);
  }
  const std::string stars(200, '*'), letters(200, 'a');
  CHECK(globs_meet(stars, letters));
}

TEST_CASE("policy: without rules the defaults decide") {
  const Decision decision = decide({}, "a@b", "c@d", 1);
  CHECK(decision.verdict == Verdict::clean);
  CHECK(decision.verdict_rule == -1);
  const PartDecision of_part = decide_part({}, "a@b", "c@d", 1, part("application/pdf", 1));
  CHECK(of_part.action == Action::strip);
  CHECK(of_part.rule == -1);
}

TEST_CASE("policy: for each key the first rule that matches and sets it decides") {
  PolicyConfig policy;
  policy.rules = {
      rule("*@x.example", "", "", kUnset, {kUnset, kUnset, Action::text}),
      rule("*@x.example", "", "", kUnset, {Verdict::held, kUnset, Action::hold}),
      rule("", "chief@*", "", kUnset, {Verdict::rejected, kUnset, kUnset}),
      rule("", "", "", kUnset, {kUnset, Action::text, kUnset}),
  };
  const Decision first = decide(policy, "a@x.example", "chief@city.example", 1);
  CHECK(first.verdict == Verdict::held);
  CHECK(first.verdict_rule == 1);
  CHECK(first.body_rule == 3);
  CHECK(decide_part(policy, "a@x.example", "c@d", 1, part("text/csv", 1)).action == Action::text);
  const Decision other = decide(policy, "a@y.example", "chief@city.example", 1);
  CHECK(other.verdict == Verdict::rejected);
  CHECK(other.verdict_rule == 2);
  CHECK(decide_part(policy, "a@y.example", "c@d", 1, part("text/csv", 1)).rule == -1);
}

TEST_CASE("policy: a rule with a type speaks of parts only, and its size is the part's") {
  PolicyConfig policy;
  policy.rules = {
      rule("", "", "image/*", 1000, {Verdict::held, kUnset, Action::hold}),
      rule("", "", "text/*", kUnset, {kUnset, kUnset, Action::text}),
      rule("", "", "", 5000, {kUnset, kUnset, Action::flatten}),
  };
  CHECK(decide(policy, "a@b", "c@d", 9999).verdict == Verdict::clean);
  CHECK(decide_part(policy, "", "", 1, part("image/png", 1000)).action == Action::strip);
  CHECK(decide_part(policy, "", "", 1, part("image/png", 1001)).action == Action::hold);
  CHECK(decide_part(policy, "", "", 5000, part("application/pdf", 9999)).action == Action::strip);
  CHECK(decide_part(policy, "", "", 5001, part("application/pdf", 1)).action == Action::flatten);
  CHECK(decide_part(policy, "", "", 1, part("", 1, "text/csv")).action == Action::text);
  CHECK(decide_part(policy, "", "", 1, part("application/pdf", 1, "text/csv")).action == Action::strip);
}

TEST_CASE("policy explain: names each rule, why, and the outcome; hostile names are escaped") {
  PolicyConfig policy;
  policy.rules = {rule("*@x.example", "", "", kUnset, {kUnset, kUnset, Action::text}),
                  rule("*@y.example", "", "", kUnset, {Verdict::held, kUnset, kUnset})};
  policy.rules[0].line = 12;
  policy.rules[1].line = 17;
  clean::MailAnswer answer;
  answer.parts.push_back(part("text/csv", 42));
  answer.parts.back().name = "a\x1B[31m.csv";
  Config config;
  config.policy = policy;
  const std::string text = explain(config, "a@x.example", "c@d", 100, answer);
  CHECK(text.find("from=\"*@x.example\" → attachments=text\n    一致 / matched\n") != std::string::npos);
  CHECK(text.find("不一致 / not matched: from が一致しません") != std::string::npos);
  CHECK(text.find("42 B: text (規則 1、12 行目 / rule 1, line 12)") != std::string::npos);
  CHECK(text.find("verdict: clean (既定 / default)") != std::string::npos);
  CHECK(text.find('\x1B') == std::string::npos);
}

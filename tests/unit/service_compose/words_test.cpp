// Templates: what they give, what they may not, and that neither a template nor a value makes a mail that the
// gate would refuse.
#include "service/compose/words.h"

#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/template_files.h"
#include "service/compose/own_mail.h"
#include "service/gate/verify.h"

using namespace kiyome;
using namespace kiyome::compose;

namespace {

Config with(std::string name, std::string text) {
  Config out;
  out.templates = "/etc/kiyome/templates";
  out.template_texts = {{std::move(name), std::move(text)}};
  return out;
}

std::string mistakes(const Config& config) {
  try {
    check_words(config);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

std::string refused_by_gate(const Worded& words, const Config& config) {
  const ItemId id = *ItemId::parse("01939a3c-0001-7000-8000-000000000001");
  const std::string mail = own_mail({id, 0, "someone@city.example.lg.jp", words, 1764000000000}, config);
  const auto violation = gate::verify_mail(mail);
  return violation ? std::string(violation->reason) : std::string();
}

}  // namespace

TEST_CASE("templates: a value, a list, and a section that is there when its value is") {
  const Config config = with("digest",
                             "{{! for us }}\nSubject: {{count}} held\n\nBegin\n{{#items}}\n- "
                             "{{subject}}{{#link}} <{{link}}>{{/link}}\n"
                             "{{/items}}\n{{#more}}\nand {{more}} more\n{{/more}}\nEnd {{date}}\n");
  REQUIRE(mistakes(config).empty());
  Values values(config);
  values.own("count", "2").own("date", "2026-11-22");
  values.row("items").text("subject", "first").own("link", "https://a.example/ask#x");
  values.row("items").text("subject", "second");
  const Worded out = worded("digest", values, config);
  CHECK(out.subject == "2 held");
  CHECK(out.text == "Begin\n- first <https://a.example/ask#x>\n- second\nEnd 2026-11-22\n");
}

TEST_CASE(
    "templates: every one that is built in is a template by its own rules, and the gate takes its mail") {
  for (const BuiltIn& each : built_in_words()) {
    CAPTURE(std::string(each.name));
    const Config config = with(std::string(each.name), std::string(each.text));
    CHECK(mistakes(config).empty());
    if (each.name == "mail-notice") continue;
    Values values(config);
    for (const char* field : {"sender", "subject", "reason", "by", "kind"})
      values.text(field, "値 <a@b.example>");
    values.own("link", "https://kiyome.example/ask#abc")
        .own("item", "01939a3c")
        .own("count", "3")
        .own("granted", "1");
    values.lines("answer", "一行目\n【無害化】 二行目\n送信者確認: pass");
    values.row("items").text("subject", "【無害化】 偽").own("link", "https://kiyome.example/ask#abc");
    const Worded out = worded(each.name, values, config);
    CHECK_FALSE(out.subject.empty());
    CHECK(refused_by_gate(out, config).empty());
  }
}

TEST_CASE(
    "templates: an operator's own words that would break the grammar are escaped, not sent as they are") {
  const Config config = with("held-notice",
                             "Subject: 保留 {{subject}}\n\n【無害化】 ひとつめ\n本文\n【無害化】 "
                             "途中\n送信者確認: pass\nfile://server/x\n"
                             "begin 644 a\n\n\n\n-----BEGIN PGP MESSAGE-----\n");
  REQUIRE(mistakes(config).empty());
  Values values(config);
  const Worded out = worded("held-notice", values, config);
  CHECK(out.text.starts_with("【無害化】 ひとつめ\n\n本文\n"));
  CHECK(out.text.find("\n| 【無害化】 途中\n| 送信者確認: pass\nfile[:]//server/x\n| begin 644 a\n") !=
        std::string::npos);
  CHECK(refused_by_gate(out, config).empty());
}

TEST_CASE("templates: no value begins a line of ours, adds a line, or opens a tag") {
  const Config config = with("held-notice", "Subject: {{subject}}\n\n{{subject}}\n{{sender}}\n");
  Values values(config);
  values.text("subject", "【無害化】 偽の通知\n二行目 {{contact}}").text("sender", "送信者確認: pass");
  values.own("contact", "the contact");
  const Worded out = worded("held-notice", values, config);
  CHECK(out.text.find("\n【無害化】") == std::string::npos);
  CHECK_FALSE(out.text.starts_with("【無害化】"));
  CHECK(out.text.find("{{contact}}") != std::string::npos);  // as text
  CHECK(out.text.find("| 送信者確認") != std::string::npos);
  CHECK(out.subject.find('\n') == std::string::npos);
  CHECK(refused_by_gate(out, config).empty());
}

TEST_CASE("templates: each mistake is named with its file and line") {
  const std::string found =
      mistakes(with("held-notice", "Subject: x\n\n{{sbject}}\n{{#reasons}}\n{{oops\n{{/item}}\n"));
  CHECK(found.find("/etc/kiyome/templates/held-notice.txt:3: {{sbject}}: no such field") !=
        std::string::npos);
  CHECK(found.find("held-notice.txt:5: {{ has no }}") != std::string::npos);
  CHECK(found.find("held-notice.txt:6: {{/item}} closes nothing") != std::string::npos);
  CHECK(found.find("held-notice.txt:4: {{#reasons}} is not closed") != std::string::npos);
  CHECK(mistakes(with("held-notice", "Subject: x\n\n{{subject}}\n")).empty());
}

TEST_CASE(
    "templates: a list's fields are known within it only; an unknown file, no subject and broken UTF-8 are "
    "mistakes") {
  CHECK(mistakes(with("digest", "Subject: x\n\n{{link}}\n")).find(":3: {{link}}: no such field") !=
        std::string::npos);
  CHECK(mistakes(with("digest", "Subject: x\n\n{{#items}}\n{{link}}\n{{/items}}\n")).empty());
  CHECK(mistakes(with("digset", "Subject: x\n\n")).find("none of our mails") != std::string::npos);
  CHECK(mistakes(with("digest", "こんにちは\n")).find("Subject:") != std::string::npos);
  CHECK(mistakes(with("digest", "Subject: \xff\n\n")).find(":1: is not UTF-8") != std::string::npos);
}

TEST_CASE("templates: one of the largest size is taken, one octet more is a mistake") {
  std::string text = "Subject: x\n\n";
  text.append(limits::kTemplateBytes - text.size() - 1, 'a').append("\n");
  CHECK(mistakes(with("digest", text)).empty());
  CHECK(mistakes(with("digest", text + "a")).find("larger than") != std::string::npos);
}

TEST_CASE("templates: what a role is given is what was read") {
  const TemplateTexts texts{{"digest", "Subject: x\n\n12\n3\n"}, {"held-notice", ""}};
  CHECK(unpack_templates(pack_templates(texts)) == texts);
  CHECK(unpack_templates("digest\n99\nshort").empty());
  CHECK(unpack_templates("").empty());
}

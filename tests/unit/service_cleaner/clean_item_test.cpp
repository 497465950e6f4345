#include "service/cleaner/clean_item.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "service/cleaner/report.h"

using namespace kiyome;
using clean::Finding;
using clean::Role;

namespace {

clean::Part part(std::uint32_t index, Role role, std::string type, std::string name = "") {
  clean::Part out;
  out.index = index;
  out.parent = index == 0 ? -1 : 0;
  out.role = role;
  out.declared_type = out.detected_type = std::move(type);
  out.name = std::move(name);
  out.size = 10;
  return out;
}

clean::MailAnswer answer_with(std::vector<clean::Part> parts) {
  clean::MailAnswer out;
  out.header.from = {{"送信者", "a@outside.example"}};
  out.header.subject = "件名";
  out.body.text = "本文\n";
  out.parts = std::move(parts);
  return out;
}

store::Envelope envelope(std::vector<std::string> recipients) {
  store::Envelope out;
  out.id = ItemId::make(1'700'000'000'000, {1, 2, 3});
  out.sender = "a@outside.example";
  out.client_address = "192.0.2.1";
  out.client_helo = "outside.example";
  out.protocol = "ESMTP";
  for (std::string& address : recipients)
    out.recipients.push_back({static_cast<std::uint32_t>(out.recipients.size()), std::move(address), 0, ""});
  return out;
}

std::vector<cleaner::Group> cleaned(const clean::MailAnswer& answer, const store::Envelope& to,
                                    const Config& config) {
  cleaner::Request request;
  request.envelope = &to;
  request.answer = &answer;
  request.bytes = 1000;
  return cleaner::clean_item(request, config);
}

bool has(const std::vector<Finding>& findings, Finding finding) {
  return std::find(findings.begin(), findings.end(), finding) != findings.end();
}

const std::vector<clean::Part> kWithPdf{part(0, Role::container, "multipart/mixed"),
                                        part(1, Role::body, "text/plain"),
                                        part(2, Role::attachment, "application/pdf", "請求書.pdf")};

}  // namespace

TEST_CASE("clean item: by default an attachment is stripped and told, the mail is clean") {
  const auto groups = cleaned(answer_with(kWithPdf), envelope({"b@city.example", "c@city.example"}), {});
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].verdict == Verdict::clean);
  CHECK(groups[0].recipients == std::vector<std::size_t>{0, 1});
  REQUIRE(groups[0].parts.size() == 2);
  CHECK(groups[0].parts[0].action == Action::text);
  CHECK(groups[0].parts[1].action == Action::strip);
  CHECK(has(groups[0].parts[1].reasons, Finding::kPolicyStrip));
  CHECK(groups[0].mail.octets.find("X-Kiyome-Id: " + envelope({}).id.text() + "\r\n") != std::string::npos);
}

TEST_CASE("clean item: a wish that cannot be met holds the part and never passes it on") {
  Config config;
  config.policy.attachments = Action::flatten;
  const auto flattened = cleaned(answer_with(kWithPdf), envelope({"b@city.example"}), config);
  CHECK(flattened[0].parts[1].action == Action::hold);
  CHECK(has(flattened[0].reasons, Finding::kUnsupportedType));
  config.policy.attachments = Action::text;  // and no words of it were said
  CHECK(cleaned(answer_with(kWithPdf), envelope({"b@city.example"}), config)[0].parts[1].action ==
        Action::hold);
}

TEST_CASE("clean item: the words of an attachment go along where policy says so") {
  Config config;
  config.policy.attachments = Action::text;
  clean::MailAnswer answer =
      answer_with({part(0, Role::container, "multipart/mixed"), part(1, Role::body, "text/plain"),
                   part(2, Role::attachment, "text/csv", "名簿.csv")});
  answer.part_texts.push_back({2, "氏名,年齢\n"});
  const auto groups = cleaned(answer, envelope({"b@city.example"}), config);
  CHECK(groups[0].parts[1].action == Action::text);
  REQUIRE(groups[0].mail.outputs.size() == 1);
  CHECK(groups[0].mail.outputs[0].name == "名簿.csv.txt");
  // An executable's words are no use to anyone.
  answer.parts[2].findings = {Finding::kExecutable};
  CHECK(cleaned(answer, envelope({"b@city.example"}), config)[0].parts[1].action == Action::hold);
}

TEST_CASE("clean item: recipients who are treated differently get mails of their own") {
  Config config;
  PolicyRule rule;
  rule.to = "boss@*";
  rule.actions.verdict = Verdict::held;
  config.policy.rules.push_back(rule);
  const auto groups = cleaned(answer_with(kWithPdf),
                              envelope({"b@city.example", "boss@city.example", "c@city.example"}), config);
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].recipients == std::vector<std::size_t>{0, 2});
  CHECK(groups[1].verdict == Verdict::held);
  CHECK(has(groups[1].reasons, Finding::kPolicyVerdictHeld));
  CHECK(groups[1].mail.octets.empty());
}

TEST_CASE("clean item: a release counts against a policy hold, not against a refusal") {
  Config config;
  config.policy.rules.push_back({});
  config.policy.rules[0].actions.verdict = Verdict::held;
  const clean::MailAnswer answer = answer_with(kWithPdf);
  const store::Envelope to = envelope({"b@city.example"});
  cleaner::Request request;
  request.envelope = &to;
  request.answer = &answer;
  std::map<std::size_t, cleaner::Standing> standings;
  standings[0].released = true;
  request.standings = &standings;
  CHECK(cleaner::clean_item(request, config)[0].verdict == Verdict::clean);
  config.policy.rules[0].actions.verdict = Verdict::rejected;
  CHECK(cleaner::clean_item(request, config)[0].verdict == Verdict::rejected);
}

TEST_CASE("clean item: a claim of decoration, framing or alternative counts only where the type agrees") {
  CHECK_FALSE(cleaner::is_listed(part(1, Role::decoration, "image/gif")));
  CHECK(cleaner::is_listed(part(1, Role::decoration, "application/x-dosexec")));
  CHECK_FALSE(cleaner::is_listed(part(1, Role::alternative, "text/html")));
  CHECK(cleaner::is_listed(part(1, Role::alternative, "application/zip")));
  CHECK_FALSE(cleaner::is_listed(part(1, Role::framing, "application/pkcs7-signature")));
  CHECK(cleaner::is_listed(part(1, Role::framing, "application/x-dosexec")));
  CHECK(cleaner::is_listed(part(1, Role::inline_image, "image/png")));
}

TEST_CASE("clean item: what runs is listed, whatever else it is said to be") {
  for (const auto& [role, type] : {std::pair{Role::decoration, "image/gif"},
                                   {Role::alternative, "text/html"},
                                   {Role::framing, "text/plain"}}) {
    clean::Part one = part(1, role, type);
    CHECK_FALSE(cleaner::is_listed(one));
    one.findings = {Finding::kExecutable};
    CHECK(cleaner::is_listed(one));
  }
}

TEST_CASE("clean item: findings that hold the whole item are found wherever they stand") {
  clean::MailAnswer answer = answer_with(kWithPdf);
  CHECK(cleaner::item_holds(answer).empty());
  answer.parts[2].findings = {Finding::kLimitSize};
  CHECK(cleaner::item_holds(answer) == std::vector<Finding>{Finding::kLimitSize});
  answer.parts[2].findings = {Finding::kEncrypted};  // holds the part only
  CHECK(cleaner::item_holds(answer).empty());
}

TEST_CASE("report: names of the sender's choosing cannot break the JSON line") {
  clean::MailAnswer answer = answer_with(kWithPdf);
  answer.parts[2].name = "a\"b\\c\nd\xE2\x80\xAE.pdf";
  const auto groups = cleaned(answer, envelope({"b@city.example"}), {});
  const std::string json = cleaner::parts_json(answer, groups[0]);
  CHECK(json.find('\n') == std::string::npos);
  CHECK(json.find("\xE2\x80\xAE") == std::string::npos);
  CHECK(json.find(R"("name":"a\"b\\c)") != std::string::npos);
}

TEST_CASE("clean item: a mail of more parts than the gate takes is held with its reason") {
  const auto groups_with = [](std::size_t files) {
    clean::MailAnswer answer = answer_with(kWithPdf);
    document::Made made;
    made.action = Action::image;
    for (std::size_t i = 0; i < files; ++i) made.files.push_back({"page", "image/png", "x", 1});
    cleaner::Documents documents;
    documents.emplace(cleaner::DocumentWish{answer.parts.back().index, Action::flatten}, std::move(made));
    const store::Envelope to = envelope({"b@inside.example"});
    cleaner::Request request;
    request.envelope = &to;
    request.answer = &answer;
    request.documents = &documents;
    Config config;
    config.policy.attachments = Action::flatten;
    return cleaner::clean_item(request, config);
  };
  const cleaner::Group many = groups_with(limits::kCleanMailParts).front();
  CHECK(many.verdict == Verdict::held);
  CHECK(has(many.reasons, Finding::kLimitParts));
  CHECK(many.mail.octets.empty());
  CHECK(groups_with(limits::kCleanMailParts - 1).front().verdict == Verdict::clean);
}

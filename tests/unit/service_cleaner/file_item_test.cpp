#include "service/cleaner/file_item.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "proto/base/limits.h"
#include "proto/transfer/bundle.h"
#include "service/compose/compose.h"

using namespace kiyome;
using clean::Finding;

namespace {

store::Original original(std::vector<std::string> recipients = {"a@in.example", "b@in.example"}) {
  store::Original out;
  out.envelope.id = ItemId::make(1'700'000'000'000, {1, 2, 3});
  out.envelope.sender = "s@out.example";
  for (std::string& each : recipients)
    out.envelope.recipients.push_back(
        {static_cast<std::uint32_t>(out.envelope.recipients.size()), std::move(each), 0, ""});
  store::Drop& drop = out.envelope.drop.emplace();
  drop.submission = ItemId::make(1'700'000'000'000, {4, 5, 6});
  drop.sender_name = "佐藤";
  drop.file_name = "資料/計画.docx";
  drop.title = "資料";
  drop.message = "一\n二";
  drop.importance = "重要";
  out.size = 1000;
  return out;
}

clean::Part part(std::string type, std::uint64_t size = 1000) {
  clean::Part out;
  out.detected_type = std::move(type);
  out.size = size;
  out.name = "計画.docx";
  return out;
}

cleaner::CleanedFile cleaned(std::vector<compose::CleanFile> files,
                             std::vector<document::Entry> entries = {}) {
  cleaner::CleanedFile out;
  out.part = part("application/x");
  out.made.action = Action::flatten;
  out.made.files = std::move(files);
  out.made.entries = std::move(entries);
  return out;
}

document::Entry entry(std::string name, std::string type = "text/plain") {
  document::Entry out;
  out.part.name = name;
  out.made.action = Action::text;
  out.made.files.push_back({std::move(name), std::move(type), "x", 1});
  return out;
}

std::vector<std::string> names_of(cleaner::CleanedFile file) {
  std::vector<std::string> out;
  for (const document::OutputFile& each : cleaner::outcome_of(file, {}).files) out.push_back(each.name);
  return out;
}

PolicyRule rule(std::string to, std::optional<Verdict> verdict, std::optional<Action> attachments) {
  PolicyRule out;
  out.to = std::move(to);
  out.actions.verdict = verdict;
  out.actions.attachments = attachments;
  return out;
}

// Whether the gate would take it.
bool crosses(const transfer::DropBundle& bundle) {
  const auto decoded = transfer::decode_forward(transfer::encode(transfer::AnyBundle(bundle)).substr(4));
  return decoded && std::get<transfer::DropBundle>(*decoded) == bundle;
}

}  // namespace

TEST_CASE("file item: of several recipients the strictest counts, and strip means flatten") {
  const auto treat = [](std::vector<PolicyRule> rules, bool released = false) {
    Config config;
    config.policy.rules = std::move(rules);
    cleaner::Standing standing;
    standing.released = released;
    const auto out = cleaner::treat_drop(config, original().envelope, part("application/pdf"), standing);
    return std::pair(out.verdict, out.action);
  };
  using std::pair;
  CHECK(treat({}) == pair(Verdict::clean, Action::flatten));
  CHECK(treat({rule("a@*", {}, Action::image)}) == pair(Verdict::clean, Action::flatten));
  CHECK(treat({rule("", {}, Action::image)}) == pair(Verdict::clean, Action::image));
  CHECK(treat({rule("b@*", {}, Action::text)}) == pair(Verdict::clean, Action::text));
  CHECK(treat({rule("a@*", {}, Action::text), rule("b@*", {}, Action::hold)}) ==
        pair(Verdict::clean, Action::hold));
  CHECK(treat({rule("b@*", Verdict::held, {})}).first == Verdict::held);
  CHECK(treat({rule("a@*", Verdict::held, {}), rule("b@*", Verdict::rejected, {})}).first ==
        Verdict::rejected);
  // A person's release counts against what policy holds, not against what it rejects.
  CHECK(treat({rule("b@*", Verdict::held, Action::hold)}, true) == pair(Verdict::clean, Action::flatten));
  CHECK(treat({rule("b@*", Verdict::rejected, {})}, true).first == Verdict::rejected);
}

TEST_CASE("file item: recipients of two tenants share one file, so the strictest of all policies counts") {
  Config config;
  config.policy.attachments = Action::image;
  const auto treat = [&] {
    return cleaner::treat_drop(config, original().envelope, part("application/pdf"));
  };
  CHECK(treat().action == Action::image);
  TenantConfig& tenant = config.tenants.emplace_back();
  tenant.name = "乙市";
  const std::string second = original().envelope.recipients[1].address;
  tenant.domains = {second.substr(second.find('@') + 1)};
  tenant.policy = PolicyConfig{Action::text, Action::flatten, {}};
  CHECK(treat().action == Action::flatten);
  OrganisationConfig& organisation = tenant.organisations.emplace_back();
  organisation.addresses = {second};
  organisation.policy.rules = {rule("", Verdict::held, Action::text)};
  CHECK(treat().action == Action::text);
  CHECK(treat().verdict == Verdict::held);
  CHECK(cleaner::wish_for(config, "", second, part("application/pdf")) == Action::text);
}

TEST_CASE("file item: what an operator released says so, and rules that ask for it ask") {
  Config config;
  config.approvals.emplace_back().name = "解除";
  config.approvals[0].released = true;
  const auto made = [&](bool released) {
    cleaner::CleanedFile file = cleaned({{"a.docx", "text/plain", "x", 1}});
    return cleaner::drop_bundle(original(), 2, cleaner::outcome_of(file, config), released, config);
  };
  CHECK(made(false).approval.empty());
  CHECK(made(true).approval == std::vector<std::string>{"解除"});
  CHECK(made(false).findings.empty());
  CHECK(made(true).findings == std::vector<std::uint16_t>{static_cast<std::uint16_t>(Finding::kReleased)});
  CHECK(crosses(made(true)));
}

TEST_CASE("file item: clean files are named after the file, and each name stands once whatever its case") {
  CHECK(names_of(cleaned({{"計画.docx", "application/pdf", "x", 1}})) ==
        std::vector<std::string>{"計画.docx.pdf"});
  CHECK(names_of(cleaned({{"計画.docx-1", "image/png", "x", 1}, {"計画.docx-2", "image/png", "x", 1}})) ==
        std::vector<std::string>{"計画.docx-1.png", "計画.docx-2.png"});
  CHECK(names_of(cleaned({}, {entry("a/x.txt"), entry("b/X.TXT"), entry("c/x.txt"), entry("x (2).txt")})) ==
        std::vector<std::string>{"x.txt", "X (2).txt", "x (3).txt", "x (2) (2).txt"});
  CHECK(names_of(cleaned({}, {entry("CON"), entry(".."), entry("a\\..\\b")})) ==
        std::vector<std::string>{"_CON.txt", "添付.txt", "b.txt"});
  const std::string large(400, 'x');
  const auto names = names_of(cleaned({}, {entry(large), entry(large), entry(large)}));
  for (const std::string& name : names) CHECK(name.size() <= limits::kCleanFileName);
  CHECK(names[0] != names[1]);
  CHECK(names[2].ends_with(" (3).txt"));
}

TEST_CASE("file item: what crosses is what the gate takes, also of the longest texts") {
  store::Original from = original();
  store::Drop& drop = *from.envelope.drop;
  cleaner::CleanedFile file = cleaned({{"計画.docx", "text/plain", "一行\n", 1}});
  const auto bundle = cleaner::drop_bundle(from, 3, cleaner::outcome_of(file, {}), false, {});
  CHECK(crosses(bundle));
  CHECK(bundle.part == 3);
  CHECK(bundle.files[0].content == "一行\r\n");
  CHECK(bundle.name == "資料/計画.docx");
  CHECK(bundle.message == "一\n二");
  // NFC makes some characters longer (U+0958 becomes two), and bidi controls go.
  for (std::string* text :
       {&drop.title, &drop.file_name, &drop.importance, &drop.sender_name, &drop.message}) {
    text->clear();
    const std::size_t max = text == &drop.title         ? limits::kCrossingTitle
                            : text == &drop.file_name   ? limits::kCrossingFileName
                            : text == &drop.importance  ? limits::kCrossingImportance
                            : text == &drop.sender_name ? limits::kCrossingPerson
                                                        : limits::kCrossingMessage;
    while (text->size() + 6 <= max) *text += "\u0958\u202e";
  }
  CHECK(store::is_sound(drop));
  cleaner::CleanedFile other = cleaned({{"計画.docx", "text/plain", "x", 1}});
  const auto longest = cleaner::drop_bundle(from, 1, cleaner::outcome_of(other, {}), false, {});
  CHECK(crosses(longest));
  CHECK(longest.title.find("\u202e") == std::string::npos);
}

TEST_CASE("file item: a text that is cut behind a joiner loses it, for the gate takes none at an end") {
  bool was_cut = false;
  for (std::size_t before = 0; before < 12; ++before) {
    store::Original from = original();
    store::Drop& drop = *from.envelope.drop;
    // Each U+0958 becomes twice as long; a conjunct with ZERO WIDTH JOINER takes twelve octets.
    drop.title = std::string(before, 'a');
    for (int i = 0; i < 20; ++i) drop.title += "\u0958";
    while (drop.title.size() + 12 <= limits::kCrossingTitle) drop.title += "\u0915\u094d\u200d\u0937";
    drop.message = drop.title;
    while (drop.message.size() + drop.title.size() + 1 <= limits::kCrossingMessage)
      drop.message += "\n" + drop.title;
    CHECK(store::is_sound(drop));
    cleaner::CleanedFile file = cleaned({{"x", "text/plain", "x", 1}});
    const auto bundle = cleaner::drop_bundle(from, 1, cleaner::outcome_of(file, {}), false, {});
    std::vector<Finding> changes;
    CHECK(compose::clean_line(bundle.title, changes) == bundle.title);
    CHECK(compose::clean_text(bundle.message, changes) == bundle.message);
    CHECK(changes.empty());
    was_cut = was_cut || bundle.title.size() + 3 < limits::kCrossingTitle;
    CHECK(bundle.title.size() + 12 > limits::kCrossingTitle);
  }
  CHECK(was_cut);
}

TEST_CASE("file item: nothing, or too much, is held with a reason") {
  cleaner::CleanedFile none = cleaned({});
  auto outcome = cleaner::outcome_of(none, {});
  CHECK(outcome.verdict == Verdict::held);
  CHECK_FALSE(outcome.reasons.empty());
  std::vector<document::Entry> entries;
  for (std::size_t i = 0; i < limits::kCrossingCleanFiles; ++i) entries.push_back(entry(std::to_string(i)));
  cleaner::CleanedFile all = cleaned({}, entries);
  CHECK(cleaner::outcome_of(all, {}).verdict == Verdict::clean);
  entries.push_back(entry("one more"));
  cleaner::CleanedFile many = cleaned({}, entries);
  outcome = cleaner::outcome_of(many, {});
  CHECK(outcome.verdict == Verdict::held);
  CHECK(outcome.reasons == std::vector<Finding>{Finding::kLimitEntries});
  const auto bundle = cleaner::drop_bundle(original(), 1, std::move(outcome), false, {});
  CHECK(crosses(bundle));
  CHECK(bundle.verdict == transfer::DropVerdict::held);
}

TEST_CASE("file item: approvals are asked for what is clean, under names that cross") {
  Config config;
  config.approvals.emplace_back().name = "規則\n" + std::string(300, 'x');
  config.approvals.emplace_back().name = "";
  cleaner::CleanedFile file = cleaned({{"x", "text/plain", "x", 1}});
  const auto bundle = cleaner::drop_bundle(original(), 1, cleaner::outcome_of(file, config), false, config);
  CHECK(bundle.approval.size() == 2);
  CHECK(crosses(bundle));
  cleaner::CleanedFile none = cleaned({});
  CHECK(
      cleaner::drop_bundle(original(), 1, cleaner::outcome_of(none, config), false, config).approval.empty());
}

TEST_CASE("file item: a mail is one file, and what holds it holds the file") {
  clean::MailAnswer mail;
  mail.header.subject = "件名";
  mail.parts.resize(2);
  document::Content content;
  content.append("octets");
  content.seal();
  CHECK_FALSE(cleaner::is_one_file(mail));
  clean::Part whole = cleaner::part_of_file(content, mail, "x.eml");
  CHECK(whole.detected_type == "message/rfc822");
  CHECK(whole.size == 6);
  CHECK(whole.sha256 == content.sha256());
  CHECK(whole.findings.empty());
  mail.parts[1].findings = {Finding::kLimitParts};
  CHECK(cleaner::part_of_file(content, mail, "x.eml").findings == std::vector<Finding>{Finding::kLimitParts});
  clean::MailAnswer file;
  file.parts.push_back(part("application/pdf"));
  CHECK(cleaner::is_one_file(file));
  CHECK(cleaner::part_of_file(content, file, "a.pdf").detected_type == "application/pdf");
}

TEST_CASE("file item: a name is the last piece of what the browser gave") {
  store::Drop drop;
  const auto name = [&](const char* text) {
    drop.file_name = text;
    return cleaner::drop_name(drop);
  };
  CHECK(name("a/b/c.docx") == "c.docx");
  CHECK(name("c.docx") == "c.docx");
  CHECK(name("..\\..\\c.docx") == "c.docx");
  CHECK(name("") == "");
  CHECK(name("a/") == "a/");
}

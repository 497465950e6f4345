// A file that may only be looked at: held, with pictures of its pages.
#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "proto/transfer/bundle.h"
#include "service/cleaner/file_item.h"

using namespace kiyome;
using clean::Finding;

namespace {

// As clean_file() leaves it.
cleaner::CleanedFile viewed(std::size_t pages, const std::string& name = "計画.docx") {
  cleaner::CleanedFile out;
  out.part.name = name;
  out.part.detected_type = "application/x";
  out.made.action = Action::view;
  for (std::size_t i = 1; i <= pages; ++i) out.made.pictures.pages.push_back("page " + std::to_string(i));
  out.made.reasons = out.reasons = {Finding::kViewOnly};
  return out;
}

store::Original original() {
  store::Original out;
  out.envelope.id = ItemId::make(1'700'000'000'000, {1, 2, 3});
  out.envelope.sender = "s@out.example";
  out.envelope.recipients = {{0, "a@in.example", 0, ""}};
  out.envelope.drop.emplace().submission = ItemId::make(1'700'000'000'000, {4, 5, 6});
  return out;
}

}  // namespace

TEST_CASE("view: the file is held, its pages cross as pictures in their order, and can ask for an approval") {
  Config config;
  config.approvals.emplace_back().name = "上長";
  cleaner::CleanedFile file = viewed(12);
  cleaner::DropOutcome outcome = cleaner::outcome_of(file, config);
  CHECK(outcome.verdict == Verdict::held);
  CHECK(outcome.reasons == std::vector{Finding::kViewOnly});
  CHECK(outcome.previews.empty());
  const transfer::DropBundle bundle = cleaner::drop_bundle(original(), 1, std::move(outcome), false, config);
  CHECK(bundle.verdict == transfer::DropVerdict::held);
  CHECK(bundle.findings == std::vector<std::uint16_t>{transfer::kViewOnly});
  CHECK(bundle.approval == std::vector<std::string>{"上長"});
  REQUIRE(bundle.files.size() == 12);
  for (std::size_t i = 0; i < 12; ++i) {
    const std::string number = std::to_string(i + 1);
    CHECK(bundle.files[i].name == "計画.docx " + number + ".png");
    CHECK(bundle.files[i].type == transfer::CleanFileType::png);
    CHECK(bundle.files[i].content == "page " + number);
  }
  const auto decoded = transfer::decode_forward(transfer::encode(transfer::AnyBundle(bundle)).substr(4));
  REQUIRE(decoded);
  CHECK(std::get<transfer::DropBundle>(*decoded) == bundle);
}

TEST_CASE("view: names of pages stay apart and bounded, however long the file's is") {
  cleaner::CleanedFile file = viewed(limits::kViewPages, std::string(3000, 'x') + ".png");
  const cleaner::DropOutcome outcome = cleaner::outcome_of(file, {});
  REQUIRE(outcome.files.size() == limits::kViewPages);
  for (const document::OutputFile& each : outcome.files) {
    CHECK(each.name.size() <= limits::kCleanFileName);
  }
  CHECK(outcome.files[0].name.ends_with("x 1.png"));
  CHECK(outcome.files.back().name.ends_with("x 200.png"));
}

TEST_CASE("view: what was clean keeps its previews, and they do not cross") {
  cleaner::CleanedFile file = viewed(3);
  file.made.action = Action::flatten;
  file.made.files.push_back({"計画.docx", "application/pdf", "%PDF", 3});
  file.made.reasons = file.reasons = {};
  const cleaner::DropOutcome outcome = cleaner::outcome_of(file, {});
  CHECK(outcome.verdict == Verdict::clean);
  CHECK(outcome.previews == std::vector<std::string>{"page 1", "page 2", "page 3"});
  REQUIRE(outcome.files.size() == 1);
  CHECK(outcome.files[0].type == "application/pdf");
}

TEST_CASE(
    "view: who only views is held back more than who gets words, and an operator's release gives pages") {
  Config config;
  config.policy.attachments = Action::view;
  clean::Part part;
  part.detected_type = "application/x";
  const store::Original from = original();
  CHECK(cleaner::treat_drop(config, from.envelope, part).action == Action::view);
  cleaner::Standing released;
  released.released = true;
  CHECK(cleaner::treat_drop(config, from.envelope, part, released).action == Action::flatten);
  config.policy.attachments = Action::text;
  PolicyRule rule;
  rule.to = "a@in.example";
  rule.actions.attachments = Action::view;
  config.policy.rules = {rule};
  store::Envelope two = from.envelope;
  two.recipients.push_back({1, "b@in.example", 0, ""});
  CHECK(cleaner::treat_drop(config, two, part).action == Action::view);
}

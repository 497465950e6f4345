#include "service/base/config_policy.h"

namespace kiyome::config_reading {
namespace {

template <class Into>
void read_attachments(Section& section, Into& into) {
  section.choice<Action>("attachments", into,
                         {{"strip", Action::strip},
                          {"text", Action::text},
                          {"flatten", Action::flatten},
                          {"image", Action::image},
                          {"hold", Action::hold},
                          {"view", Action::view}});
}

void read_rule(Section section, const toml::table& table, PolicyRule& rule) {
  rule.line = line_of(table);
  section.text("from", rule.from, values::glob_trouble);
  section.text("to", rule.to, values::glob_trouble);
  section.text("type", rule.type, values::glob_trouble);
  if (section.find("size_over") != nullptr)
    section.whole("size_over", rule.size_over.emplace(), 0, std::uint64_t{1} << 50);
  section.choice<Verdict>(
      "verdict", rule.actions.verdict,
      {{"clean", Verdict::clean}, {"held", Verdict::held}, {"rejected", Verdict::rejected}});
  section.choice<Action>("mail_body", rule.actions.mail_body, {{"text", Action::text}});
  read_attachments(section, rule.actions.attachments);
  // Said here rather than passed over in silence: someone relies on the hold that never comes.
  for (const char* key : {"verdict", "mail_body"})
    if (section.has("type") && section.has(key))
      section.wrong(*section.find(key), key,
                    "a rule with type speaks of parts and sets attachments only (\"hold\" holds the part)");
  section.done();
}

}  // namespace

void read_policy(Mistakes& mistakes, Section section, const std::string& name, PolicyConfig& into) {
  section.choice<Action>("mail_body", into.mail_body, {{"text", Action::text}});
  read_attachments(section, into.attachments);
  // Read once without a table too, so that the names of its keys are known to did_you_mean.
  const toml::table none;
  PolicyRule unused;
  read_rule({mistakes, nullptr, name + ".rule"}, none, unused);
  each_table(mistakes, section, "rule", name + ".rule", [&](Section one, const toml::table& table) {
    read_rule(std::move(one), table, into.rules.emplace_back());
  });
  section.done();
}

void read_retention(Section section, RetentionConfig& into) {
  section.real("originals_days", into.originals_days, kLongestDays);
  section.real("held_days", into.held_days, kLongestDays);
  section.real("records_days", into.records_days, kLongestDays);
  section.done();
}

}  // namespace kiyome::config_reading

#include "service/base/config_review.h"

#include "service/base/config_drop.h"

namespace kiyome::config_reading {
namespace {

constexpr double kLongestHours = 24 * 365;

std::string label_trouble(std::string_view text) {
  return text.empty() || text.size() > limits::kAccountText ? std::string("must be 1 to 254 octets long")
                                                            : values::line_trouble(text);
}

std::string collector_trouble(std::string_view text) {
  for (const std::string_view scheme : {"tls://", "tcp://"})
    if (text.starts_with(scheme))
      return values::host_port(text.substr(scheme.size())) ? std::string() : "needs a host and a port";
  return "must be tls://HOST:PORT or tcp://HOST:PORT";
}

}  // namespace

void read_console(Mistakes& mistakes, Section section, ConsoleConfig& into) {
  read_http(section, into.http, {"127.0.0.1", 8443});
  section.optional_text("url", into.url, page_trouble);
  section.optional_text("authority", into.authority, values::line_trouble);
  section.yes_or_no("second_person", into.second_person);
  section.real("proposal_hours", into.proposal_hours, kLongestHours);
  section.real("escalation_hours", into.escalation_hours, kLongestHours);
  section.texts("reviewers", into.reviewers, values::address_trouble);
  section.texts("escalate_to", into.escalate_to, values::address_trouble);
  section.texts("originals_to", into.originals_to, values::glob_trouble);
  each_table(mistakes, section, "department", "console.department",
             [&](Section one, const toml::table& table) {
               DepartmentConfig& department = into.departments.emplace_back();
               one.text("name", department.name, label_trouble);
               one.texts("addresses", department.addresses, values::glob_trouble);
               one.done();
               if (!table.contains("name") || !table.contains("addresses"))
                 section.wrong(table, "department", "each needs a name and addresses");
             });
  section.done();
}

void read_request(Section section, RequestConfig& into) {
  section.yes_or_no("links", into.links);
  section.real("days", into.days, kLongestDays);
  section.whole("tries", into.tries, 1, 1000);
  section.done();
}

void read_digest(Section section, DigestConfig& into) {
  section.yes_or_no("recipients", into.recipients);
  section.yes_or_no("reviewers", into.reviewers);
  section.whole("hour", into.hour, 0, 23);
  section.done();
}

void read_audit(Section section, AuditConfig& into, const std::filesystem::path& folder) {
  section.real("days", into.days, kLongestDays);
  section.real("checkpoint_minutes", into.checkpoint_minutes, 24 * 60);
  section.optional_text("syslog", into.syslog, collector_trouble);
  section.file("syslog_ca", into.syslog_ca, folder);
  section.done();
}

}  // namespace kiyome::config_reading

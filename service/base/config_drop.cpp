#include "service/base/config_drop.h"

namespace kiyome::config_reading {
namespace {

constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 40;

std::string role_trouble(std::string_view text) {
  for (const char* role : {"sender", "staff", "approver", "reviewer", "auditor", "administrator"})
    if (text == role) return {};
  return "must be sender, staff, approver, reviewer, auditor or administrator";
}

std::string importance_trouble(std::string_view text) {
  constexpr std::size_t kLongest = 40;  // octets: a label
  return text.empty() || text.size() > kLongest ? std::string("must be 1 to 40 octets long")
                                                : values::line_trouble(text);
}

void read_approval(Section section, ApprovalRule& rule) {
  section.text("name", rule.name);
  section.text("from", rule.from, values::glob_trouble);
  section.text("to", rule.to, values::glob_trouble);
  section.text("type", rule.type, values::glob_trouble);
  section.optional_text("importance", rule.importance, values::line_trouble);
  section.optional_text("finding", rule.finding, values::line_trouble);
  if (section.find("size_over") != nullptr)
    section.whole("size_over", rule.size_over.emplace(), 0, kLargestFile);
  section.text("department", rule.department, values::glob_trouble);
  section.yes_or_no("released", rule.released);
  section.done();
}

std::string url_trouble(std::string_view text) {
  return text.starts_with("ldap://") || text.starts_with("ldaps://")
             ? values::line_trouble(text)
             : std::string("must begin with ldap:// or ldaps://");
}

void read_group(Section section, std::pair<std::string, std::string>& group) {
  section.text("dn", group.first);
  section.text("role", group.second, role_trouble);
  section.done();
}

void read_ldap(Mistakes& mistakes, Section section, LdapConfig& into, const std::filesystem::path& folder) {
  section.optional_text("url", into.url, url_trouble);
  section.file("ca", into.ca, folder);
  section.yes_or_no("start_tls", into.start_tls);
  section.optional_text("bind_dn", into.bind_dn, values::line_trouble);
  section.optional_text("bind_password", into.bind_password, values::line_trouble);
  section.optional_text("base", into.base, values::line_trouble);
  section.text("filter", into.filter);
  if (into.filter.find("{login}") == std::string::npos)
    section.wrong(*section.find("filter"), "filter", "must have {login} in it");
  section.text("mail_attribute", into.mail_attribute);
  section.text("name_attribute", into.name_attribute);
  section.text("department_attribute", into.department_attribute);
  each_table(mistakes, section, "group", "auth.ldap.group", [&](Section one, const toml::table&) {
    read_group(std::move(one), into.groups.emplace_back());
  });
  section.done();
}

}  // namespace

void read_http(Section& section, HttpConfig& into, const HostPort& usual) {
  if (section.present()) into.listen = {usual};
  section.hosts("listen", into.listen);
  section.texts("hosts", into.hosts, values::domain_trouble);
  section.whole("connections_max", into.connections_max, 1, 10'000);
}

std::string page_trouble(std::string_view text) {
  return text.starts_with("https://") || text.starts_with("http://")
             ? values::line_trouble(text)
             : std::string("must begin with https:// or http://");
}

void read_drop_box(Section section, DropBoxConfig& into) {
  read_http(section, into.http, {"127.0.0.1", 8441});
  section.whole("file_bytes_max", into.file_bytes_max, 1, kLargestFile);
  section.whole("files_max", into.files_max, 1, 500);
  section.whole("day_bytes_max", into.day_bytes_max, 1, kLargestFile);
  section.whole("upload_hours", into.upload_hours, 1, 24 * 30);
  section.texts("importances", into.importances, importance_trouble);
  section.real("history_days", into.history_days, kLongestDays);
  section.optional_text("url", into.url, page_trouble);
  section.real("invitation_days", into.invitation_days, 365);
  section.whole("invitation_bytes_max", into.invitation_bytes_max, 1, kLargestFile);
  section.done();
}

void read_pick_up(Section section, PickUpConfig& into) {
  read_http(section, into.http, {"127.0.0.1", 8442});
  section.real("days", into.days, kLongestDays);
  section.optional_text("url", into.url, page_trouble);
  section.optional_text("notify_sender", into.notify_sender, values::address_trouble);
  section.real("approval_hours", into.approval_hours, 24 * 365);
  section.done();
}

void read_approvals(Mistakes& mistakes, Section section, std::vector<ApprovalRule>& into) {
  each_table(mistakes, section, "rule", "approval.rule", [&](Section one, const toml::table& table) {
    ApprovalRule& rule = into.emplace_back();
    read_approval(std::move(one), rule);
    if (rule.name.empty()) section.wrong(table, "rule", "each needs a name, for the approver to read");
  });
  section.done();
}

void read_auth(Mistakes& mistakes, Section section, AuthConfig& into, const std::filesystem::path& folder) {
  section.texts("second_factor", into.second_factor, role_trouble);
  section.whole("idle_minutes", into.idle_minutes, 1, 24 * 60);
  section.whole("absolute_hours", into.absolute_hours, 1, 24 * 30);
  section.whole("tries", into.tries, 1, 100);
  section.whole("lock_minutes", into.lock_minutes, 1, 24 * 60);
  section.whole("password_length_min", into.password_length_min, 8, 128);
  read_ldap(mistakes, section.sub("ldap"), into.ldap, folder);
  section.done();
}

}  // namespace kiyome::config_reading

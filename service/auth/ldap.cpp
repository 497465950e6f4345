#include "service/auth/ldap.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "proto/base/characters.h"
#include "proto/base/limits.h"
#include "service/auth/ldap_connection.h"
#include "service/auth/secrets.h"
#include "service/base/errors.h"

namespace kiyome::auth {
namespace {

constexpr const char* kMemberOf = "memberOf";
// Of nested groups, in Active Directory; others take the rule for one that never matches.
constexpr const char* kInChain = "member:1.2.840.113556.1.4.1941:";

// The first value that may stand with us; what is too long or no line of text is none.
std::string text_of(LdapConnection& directory, LDAPMessage* entry, const std::string& attribute) {
  if (attribute.empty()) return {};
  for (const std::string& value : directory.values(entry, attribute.c_str(), 1))
    if (value.size() <= limits::kAccountText && is_line(value)) return value;
  return {};
}

std::string filter_for(const LdapConfig& config, const std::string& login) {
  constexpr std::string_view kPlace = "{login}";
  std::string out = config.filter;
  const std::string value = filter_value(login);
  for (std::size_t at = 0; (at = out.find(kPlace, at)) != std::string::npos; at += value.size())
    out.replace(at, kPlace.size(), value);
  return out;
}

// By what the person's entry says, else by what the group's says. Asked as bind_dn: people need not see
// groups.
std::set<Role> roles_in(LdapConnection& directory, const LdapConfig& config, LDAPMessage* entry,
                        const std::string& login) {
  std::set<std::string> known;
  for (const std::string& group : directory.values(entry, kMemberOf, limits::kDirectoryValues))
    known.insert(plain_dn(group));
  const std::string person = filter_value(directory.dn(entry));
  const std::string filter = fmt::format("(|(member={0})(uniqueMember={0})(memberUid={1})({2}={0}))", person,
                                         filter_value(login), kInChain);
  std::set<Role> roles;
  std::size_t asked = 0;
  for (const auto& [group, name] : config.groups) {
    const std::optional<Role> role = role_of(name);
    if (!role || roles.contains(*role)) continue;
    if (known.contains(plain_dn(group)) ||
        (++asked <= limits::kDirectoryGroups &&
         !directory.search(group, LDAP_SCOPE_BASE, filter, {LDAP_NO_ATTRS}).entries.empty()))
      roles.insert(*role);
  }
  return roles;
}

}  // namespace

std::string filter_value(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("@._-").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("\\{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string plain_dn(const std::string& dn) {
  LDAPDN parsed = nullptr;
  if (ldap_str2dn(dn.c_str(), &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS || parsed == nullptr) return {};
  char* text = nullptr;
  const int code = ldap_dn2str(parsed, &text, LDAP_DN_FORMAT_LDAPV3);
  const LdapOwned<char> owned(text);
  ldap_dnfree(parsed);
  return code == LDAP_SUCCESS && text != nullptr ? lower(text) : "";
}

std::optional<DirectoryPerson> ask_directory(const LdapConfig& config, const std::string& ca_file,
                                             const std::string& login, const std::string& password) {
  // RFC 4513 section 5.1.2: without a password a bind succeeds and proves nothing.
  if (password.empty()) return std::nullopt;
  LdapConnection directory(config, ca_file);
  if (!config.bind_dn.empty() && config.bind_password.empty())
    throw TemporaryFailure("auth.ldap.bind_password is empty");
  if (const int code = directory.bind(config.bind_dn, config.bind_password); code != LDAP_SUCCESS)
    ldap_trouble("bind_dn", code);
  std::vector<const char*> attributes = {kMemberOf};
  for (const std::string* each :
       {&config.mail_attribute, &config.name_attribute, &config.department_attribute})
    if (!each->empty()) attributes.push_back(each->c_str());
  const LdapConnection::Found found =
      directory.search(config.base, LDAP_SCOPE_SUBTREE, filter_for(config, login), attributes);
  if (found.entries.size() != 1) {
    directory.bind("cn=nobody," + config.base, new_token());  // as long as a wrong password takes
    return std::nullopt;
  }
  LDAPMessage* const entry = found.entries.front();
  DirectoryPerson out;
  out.directory = plain_dn(directory.dn(entry));
  out.mail = lower(text_of(directory, entry, config.mail_attribute));
  out.name = text_of(directory, entry, config.name_attribute);
  out.department = text_of(directory, entry, config.department_attribute);
  out.roles = roles_in(directory, config, entry, login);
  if (out.directory.empty() || directory.bind(directory.dn(entry), password) != LDAP_SUCCESS)
    return std::nullopt;
  return out;
}

}  // namespace kiyome::auth

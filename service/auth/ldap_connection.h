// One connection to a directory with an end that holds whatever the other side does: libldap's own bounds end
// where TLS begins, so a thread of ours cuts the line at the deadline.
#pragma once

#include <ldap.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "service/base/clock.h"
#include "service/base/config.h"
#include "service/base/descriptor.h"

namespace kiyome::auth {

struct LdapFree {
  void operator()(LDAP* ldap) const { ldap_unbind_ext_s(ldap, nullptr, nullptr); }
  void operator()(LDAPMessage* message) const { ldap_msgfree(message); }
  void operator()(LDAPURLDesc* url) const { ldap_free_urldesc(url); }
  void operator()(berval** values) const { ldap_value_free_len(values); }
  void operator()(char* text) const { ldap_memfree(text); }
};
template <class T>
using LdapOwned = std::unique_ptr<T, LdapFree>;

// Whether a password may go there: ldaps, StartTLS, or this machine.
bool may_carry_passwords(const LdapConfig& config);

// One thread. Everything throws TemporaryFailure when the directory cannot be asked.
class LdapConnection {
 public:
  // Connected, and with TLS where the configuration has it. `ca_file`: PEM; empty = the system's.
  LdapConnection(const LdapConfig& config, const std::string& ca_file);
  ~LdapConnection();
  LdapConnection(const LdapConnection&) = delete;
  LdapConnection& operator=(const LdapConnection&) = delete;

  // LDAP_SUCCESS or the directory's refusal.
  int bind(const std::string& dn, const std::string& password);
  struct Found {
    LdapOwned<LDAPMessage> answer;
    std::vector<LDAPMessage*> entries;  // two at most
  };
  Found search(const std::string& base, int scope, const std::string& filter,
               const std::vector<const char*>& attributes);
  std::vector<std::string> values(LDAPMessage* entry, const char* attribute, std::size_t max);
  std::string dn(LDAPMessage* entry);

 private:
  void open(const LdapConfig& config, const std::string& ca_file);
  void set_tls(const std::string& ca_file);
  void cut_at_deadline();
  void stop_cutting();
  template <class Value>
  void set(int option, const Value& value);
  timeval left() const;
  LdapOwned<LDAPMessage> wait(int id, const char* what);
  int code_of(LDAPMessage* message);

  const Steady::time_point deadline_;
  Descriptor line_;  // the socket once more, for the thread
  bool tls_ = false;
  LdapOwned<LDAP> ldap_;
  std::mutex mutex_;
  std::condition_variable over_changed_;
  bool over_ = false;
  std::thread cutter_;
};

// Throws TemporaryFailure.
[[noreturn]] void ldap_trouble(const char* what, int code);

}  // namespace kiyome::auth

#include "service/auth/ldap_connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <lber.h>
#include <netdb.h>
#include <openldap.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "proto/base/limits.h"
#include "service/auth/secrets.h"
#include "service/base/errors.h"
#include "service/base/sockets.h"

namespace kiyome::auth {
namespace {

constexpr ber_len_t kAnswerMax = 4u << 20;  // octets of one message; a person with thousands of groups fits
constexpr unsigned kAddressesMax = 8;       // of one name

bool is_this_machine(const char* host) {
  if (host == nullptr) return false;
  const std::string name = lower(host);
  in_addr four{};
  in6_addr six{};
  if (::inet_pton(AF_INET, name.c_str(), &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
  if (::inet_pton(AF_INET6, name.c_str(), &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six);
  return name == "localhost";
}

LdapOwned<LDAPURLDesc> parsed(const std::string& url) {
  LDAPURLDesc* raw = nullptr;
  const bool fine = ldap_url_parse(url.c_str(), &raw) == LDAP_URL_SUCCESS;
  LdapOwned<LDAPURLDesc> out(raw);
  return fine && out && out->lud_next == nullptr ? std::move(out) : nullptr;
}

bool is_connected(int socket) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

// The resolver has bounds of its own (resolv.conf); each address has what is left of the time.
Descriptor connected(const LDAPURLDesc& url, Steady::time_point deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* raw = nullptr;
  const std::string host = url.lud_host == nullptr ? "" : url.lud_host;
  if (::getaddrinfo(host.c_str(), std::to_string(url.lud_port).c_str(), &hints, &raw) != 0)
    ldap_trouble("no such host", LDAP_CONNECT_ERROR);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found(raw, &::freeaddrinfo);
  unsigned tried = 0;
  for (const addrinfo* one = raw; one != nullptr && ++tried <= kAddressesMax; one = one->ai_next) {
    Descriptor socket(::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) continue;
    const int begun = ::connect(socket.get(), one->ai_addr, one->ai_addrlen);
    if (begun != 0 && (errno != EINPROGRESS || !wait_for(socket.get(), POLLOUT, deadline))) continue;
    if (!is_connected(socket.get())) continue;
    ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) & ~O_NONBLOCK);
    return socket;
  }
  ldap_trouble("connect", LDAP_SERVER_DOWN);
}

}  // namespace

void ldap_trouble(const char* what, int code) {
  throw TemporaryFailure(fmt::format("LDAP: {}: {}", what, ldap_err2string(code)));
}

bool may_carry_passwords(const LdapConfig& config) {
  const LdapOwned<LDAPURLDesc> url = parsed(config.url);
  if (!url) return false;
  const std::string scheme = url->lud_scheme == nullptr ? "" : lower(url->lud_scheme);
  return scheme == "ldaps" || (scheme == "ldap" && (config.start_tls || is_this_machine(url->lud_host)));
}

LdapConnection::LdapConnection(const LdapConfig& config, const std::string& ca_file)
    : deadline_(Steady::now() + std::chrono::milliseconds(limits::kDirectoryMs)) {
  if (!may_carry_passwords(config))
    throw TemporaryFailure("auth.ldap.url: a password may go there with TLS only: ldaps:// or start_tls");
  try {
    open(config, ca_file);
  } catch (...) {
    stop_cutting();
    throw;
  }
}

LdapConnection::~LdapConnection() {
  ldap_.reset();  // says good-bye while the thread still watches
  stop_cutting();
}

void LdapConnection::cut_at_deadline() {
  std::unique_lock lock(mutex_);
  if (!over_changed_.wait_until(lock, deadline_, [&] { return over_; })) ::shutdown(line_.get(), SHUT_RDWR);
}

void LdapConnection::stop_cutting() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  over_changed_.notify_all();
  if (cutter_.joinable()) cutter_.join();
}

template <class Value>
void LdapConnection::set(int option, const Value& value) {
  const int code = ldap_set_option(ldap_.get(), option, value);
  if (code != LDAP_OPT_SUCCESS) ldap_trouble("option", code);
}

void LdapConnection::open(const LdapConfig& config, const std::string& ca_file) {
  const LdapOwned<LDAPURLDesc> url = parsed(config.url);
  Descriptor socket = connected(*url, deadline_);
  line_.reset(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
  if (!line_) throw_errno("LDAP");
  cutter_ = std::thread([this] { cut_at_deadline(); });
  LDAP* raw = nullptr;
  const int code = ldap_init_fd(socket.get(), LDAP_PROTO_TCP, config.url.c_str(), &raw);
  if (code != LDAP_SUCCESS) ldap_trouble("url", code);
  socket.release();  // libldap closes it
  ldap_.reset(raw);
  const int version = LDAP_VERSION3, never = LDAP_DEREF_NEVER;
  const timeval patience = left();
  ber_len_t answer_max = kAnswerMax;
  set(LDAP_OPT_PROTOCOL_VERSION, &version);
  set(LDAP_OPT_DEREF, &never);
  set(LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  set(LDAP_OPT_RESTART, LDAP_OPT_ON);
  set(LDAP_OPT_TIMEOUT, &patience);
  Sockbuf* buffer = nullptr;
  if (ldap_get_option(ldap_.get(), LDAP_OPT_SOCKBUF, &buffer) != LDAP_OPT_SUCCESS || buffer == nullptr ||
      ber_sockbuf_ctrl(buffer, LBER_SB_OPT_SET_MAX_INCOMING, &answer_max) < 0)
    ldap_trouble("option", LDAP_OTHER);
  const bool whole = lower(url->lud_scheme) == "ldaps";
  if (!whole && !config.start_tls) return;
  set_tls(ca_file);
  const int begun = whole ? ldap_install_tls(ldap_.get()) : ldap_start_tls_s(ldap_.get(), nullptr, nullptr);
  if (begun != LDAP_SUCCESS) ldap_trouble("TLS", begun);
  tls_ = true;
}

// Everything that a file of the machine (ldap.conf) might say otherwise.
void LdapConnection::set_tls(const std::string& ca_file) {
  const int demand = LDAP_OPT_X_TLS_DEMAND, client = 0, oldest = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
  if (!ca_file.empty()) set(LDAP_OPT_X_TLS_CACERTFILE, ca_file.c_str());
  set(LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
  set(LDAP_OPT_X_TLS_PROTOCOL_MIN, &oldest);
  set(LDAP_OPT_X_TLS_NEWCTX, &client);
}

timeval LdapConnection::left() const {
  const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(deadline_ - Steady::now()).count();
  if (rest <= 0) ldap_trouble("no answer", LDAP_TIMEOUT);
  return {static_cast<time_t>(rest / 1'000'000), static_cast<suseconds_t>(rest % 1'000'000)};
}

LdapOwned<LDAPMessage> LdapConnection::wait(int id, const char* what) {
  timeval patience = left();
  LDAPMessage* raw = nullptr;
  const int kind = ldap_result(ldap_.get(), id, LDAP_MSG_ALL, &patience, &raw);
  LdapOwned<LDAPMessage> message(raw);
  if (kind > 0) return message;
  int code = kind == 0 ? LDAP_TIMEOUT : LDAP_SERVER_DOWN;
  if (kind < 0) ldap_get_option(ldap_.get(), LDAP_OPT_RESULT_CODE, &code);
  ldap_trouble(what, code);
}

int LdapConnection::code_of(LDAPMessage* message) {
  int code = LDAP_OTHER;
  const int parsed =
      ldap_parse_result(ldap_.get(), message, &code, nullptr, nullptr, nullptr, nullptr, /*freeit=*/0);
  if (parsed != LDAP_SUCCESS) ldap_trouble("answer", parsed);
  return code;
}

int LdapConnection::bind(const std::string& name, const std::string& password) {
  // A connection that libldap began anew by itself would have no TLS.
  if (tls_ && ldap_tls_inplace(ldap_.get()) == 0) ldap_trouble("TLS", LDAP_CONNECT_ERROR);
  berval secret{password.size(), const_cast<char*>(password.data())};
  int id = 0;
  const int sent =
      ldap_sasl_bind(ldap_.get(), name.c_str(), LDAP_SASL_SIMPLE, &secret, nullptr, nullptr, &id);
  if (sent != LDAP_SUCCESS) ldap_trouble("bind", sent);
  const int code = code_of(wait(id, "bind").get());
  if (code == LDAP_BUSY || code == LDAP_UNAVAILABLE || code == LDAP_OTHER) ldap_trouble("bind", code);
  return code;
}

LdapConnection::Found LdapConnection::search(const std::string& base, int scope, const std::string& filter,
                                             const std::vector<const char*>& attributes) {
  std::vector<char*> wanted;
  for (const char* each : attributes) wanted.push_back(const_cast<char*>(each));
  wanted.push_back(nullptr);
  timeval patience = left();
  int id = 0;
  const int sent = ldap_search_ext(ldap_.get(), base.c_str(), scope, filter.c_str(), wanted.data(),
                                   /*attrsonly=*/0, nullptr, nullptr, &patience, /*sizelimit=*/2, &id);
  if (sent != LDAP_SUCCESS) ldap_trouble("search", sent);
  Found out;
  out.answer = wait(id, "search");
  const int code = code_of(out.answer.get());
  const bool fine = code == LDAP_SUCCESS || code == LDAP_SIZELIMIT_EXCEEDED || code == LDAP_NO_SUCH_OBJECT;
  if (!fine) ldap_trouble("search", code);
  for (LDAPMessage* entry = ldap_first_entry(ldap_.get(), out.answer.get()); entry != nullptr;
       entry = ldap_next_entry(ldap_.get(), entry))
    out.entries.push_back(entry);
  return out;
}

std::vector<std::string> LdapConnection::values(LDAPMessage* entry, const char* attribute, std::size_t max) {
  std::vector<std::string> out;
  const LdapOwned<berval*> all(ldap_get_values_len(ldap_.get(), entry, attribute));
  for (std::size_t i = 0; all && all.get()[i] != nullptr && i < max; ++i)
    out.emplace_back(all.get()[i]->bv_val, all.get()[i]->bv_len);
  return out;
}

std::string LdapConnection::dn(LDAPMessage* entry) {
  const LdapOwned<char> text(ldap_get_dn(ldap_.get(), entry));
  return text ? text.get() : "";
}

}  // namespace kiyome::auth

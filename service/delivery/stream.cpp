#include "service/delivery/stream.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "service/base/errors.h"

namespace kiyome::delivery {
namespace {

constexpr std::size_t kReadSize = 16384;
constexpr std::size_t kIncomingMax =
    1u << 20;  // what a peer may say while we still write: replies to one envelope

bool is_address(const std::string& host) {
  in6_addr room;
  return ::inet_pton(AF_INET, host.c_str(), &room) == 1 || ::inet_pton(AF_INET6, host.c_str(), &room) == 1;
}

// The reason alone: the rest of OpenSSL's line names our own files.
std::string ssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return reason != nullptr ? reason : "connection lost";
}

}  // namespace

void TlsClient::Free::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

TlsClient::TlsClient(const SmtpClientConfig& config) : required_(config.tls == TlsMode::required) {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  if (!context_) throw TemporaryFailure("TLS: " + ssl_reason());
  SSL_CTX* context = context_.get();
  SSL_CTX_set_min_proto_version(context, required_ ? TLS1_2_VERSION : TLS1_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context, required_ ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (!required_) return;
  if (!config.tls_ca_pem.empty()) {
    trust(config.tls_ca_pem);
    return;
  }
  const int loaded = config.tls_ca.empty() ? SSL_CTX_set_default_verify_paths(context)
                                           : SSL_CTX_load_verify_file(context, config.tls_ca.c_str());
  if (loaded != 1)
    throw ConfigError("tls_ca: " + config.tls_ca + ": no certificates can be read: " + ssl_reason());
}

void TlsClient::trust(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> text(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
  X509_STORE* const store = SSL_CTX_get_cert_store(context_.get());
  unsigned count = 0;
  while (X509* certificate = PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)) {
    count += X509_STORE_add_cert(store, certificate) == 1 ? 1 : 0;
    X509_free(certificate);
  }
  ERR_clear_error();  // the end of the text is an "error" too
  if (count == 0) throw ConfigError("tls_ca: no certificates in the file");
}

void Stream::FreeSsl::operator()(SSL* ssl) const { SSL_free(ssl); }

Stream::Stream(Descriptor socket, int stop_fd) : socket_(std::move(socket)), stop_fd_(stop_fd) {}
Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;

bool Stream::fail(std::string why) {
  why_ = std::move(why);
  return false;
}

Stream::Step Stream::hung_up() {
  lost_ = true;
  fail("connection lost");
  return Step::failed;
}

bool Stream::wait(short events, short& seen, Steady::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now()).count();
    if (left <= 0) return fail("timed out");
    pollfd entries[2] = {{socket_.get(), events, 0}, {stop_fd_, POLLIN, 0}};
    const int ready = ::poll(entries, 2, static_cast<int>(std::min<std::int64_t>(left, 3'600'000)));
    if (ready < 0 && errno != EINTR) return fail(std::strerror(errno));
    if (ready > 0 && entries[1].revents != 0) return fail("stopped");
    if (ready <= 0 || entries[0].revents == 0) continue;
    seen = entries[0].revents;
    return true;
  }
}

// After a call that moved nothing: what to wait for.
Stream::Step Stream::ssl_step(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ) return Step::want_read;
  if (error == SSL_ERROR_WANT_WRITE) return Step::want_write;
  if (error != SSL_ERROR_SSL) return hung_up();
  fail(ssl_reason());
  return Step::failed;
}

Stream::Step Stream::write_some(std::string_view& octets) {
  if (ssl_) {
    std::size_t count = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_.get(), octets.data(), octets.size(), &count);
    if (result != 1) return ssl_step(result);
    octets.remove_prefix(count);
    return Step::done;
  }
  const ssize_t count = ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count >= 0) {
    octets.remove_prefix(static_cast<std::size_t>(count));
    return Step::done;
  }
  if (errno == EINTR) return Step::done;
  if (errno == EAGAIN || errno == EWOULDBLOCK) return Step::want_write;
  return hung_up();
}

Stream::Step Stream::read_some(std::string& incoming) {
  const std::size_t before = incoming.size();
  if (before > kIncomingMax) {
    fail("the peer says too much");
    return Step::failed;
  }
  incoming.resize(before + kReadSize);
  std::size_t count = 0;
  Step step = Step::done;
  if (ssl_) {
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), incoming.data() + before, kReadSize, &count);
    if (result != 1) step = ssl_step(result);
  } else {
    const ssize_t got = ::recv(socket_.get(), incoming.data() + before, kReadSize, MSG_DONTWAIT);
    if (got > 0) {
      count = static_cast<std::size_t>(got);
    } else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
      step = Step::want_read;
    } else {
      step = hung_up();
    }
  }
  incoming.resize(before + count);
  return step;
}

bool Stream::write(std::string_view octets, std::string& incoming, Steady::time_point deadline) {
  while (!octets.empty()) {
    const Step step = write_some(octets);
    if (step == Step::failed) return false;
    if (step == Step::done) continue;
    short seen = 0;
    const bool only_read = step == Step::want_read;
    if (!wait(only_read ? POLLIN : POLLIN | POLLOUT, seen, deadline)) return false;
    if (!only_read && (seen & POLLIN) != 0 && read_some(incoming) == Step::failed) return false;
  }
  return true;
}

bool Stream::read(std::string& incoming, Steady::time_point deadline) {
  const std::size_t before = incoming.size();
  // Plain sockets wait first: the answer to what was just written is not there yet. TLS may hold octets
  // already.
  bool look_first = ssl_ != nullptr;
  short events = POLLIN;
  for (;;) {
    if (look_first) {
      const Step step = read_some(incoming);
      if (step == Step::failed) return false;
      if (incoming.size() > before) return true;
      events = step == Step::want_write ? POLLOUT : POLLIN;
    }
    short seen = 0;
    if (!wait(events, seen, deadline)) return false;
    look_first = true;
  }
}

bool Stream::start_tls(const TlsClient& tls, const std::string& host, Steady::time_point deadline) {
  ssl_.reset(SSL_new(tls.context()));
  SSL* ssl = ssl_.get();
  if (ssl == nullptr || SSL_set_fd(ssl, socket_.get()) != 1) return fail("TLS: " + ssl_reason());
  const bool address = is_address(host);
  if (!address) SSL_set_tlsext_host_name(ssl, host.c_str());
  if (tls.required()) {
    X509_VERIFY_PARAM* check = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(check, host.c_str())
                            : X509_VERIFY_PARAM_set1_host(check, host.data(), host.size());
    if (set != 1) return fail("TLS: " + ssl_reason());
  }
  for (;;) {
    ERR_clear_error();
    const int result = SSL_connect(ssl);
    if (result == 1) return true;
    const Step step = ssl_step(result);
    if (step == Step::failed) {
      const long verdict = SSL_get_verify_result(ssl);
      if (tls.required() && verdict != X509_V_OK) why_ = X509_verify_cert_error_string(verdict);
      return fail("TLS: " + why_);
    }
    short seen = 0;
    if (!wait(step == Step::want_write ? POLLOUT : POLLIN, seen, deadline)) return false;
  }
}

bool Stream::quiet() {
  if (ssl_) {  // takes in what is not data, e.g. session tickets
    std::string nothing;
    return read_some(nothing) == Step::want_read && nothing.empty();
  }
  char octet = 0;
  const ssize_t count = ::recv(socket_.get(), &octet, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace kiyome::delivery

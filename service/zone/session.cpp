#include "service/zone/session.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <new>

#include "service/zone/openssl_pieces.h"

namespace kiyome::zone {
namespace {

constexpr int kWindowClosed = 120'000;  // ms; a gate on a slow disk reads late, and acknowledges meanwhile

// An alert of the peer's, as OpenSSL numbers them among its reasons.
bool is_alert(unsigned long code) {
  return ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) > SSL_AD_REASON_OFFSET;
}

}  // namespace

void watch_over(int socket, std::chrono::seconds silence) {
  const auto set = [&](int level, int name, int value) {
    ::setsockopt(socket, level, name, &value, sizeof value);
  };
  const int seconds = static_cast<int>(std::min<std::int64_t>(silence.count(), 3600));
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, std::max(1, seconds / 2));
  set(IPPROTO_TCP, TCP_KEEPINTVL, std::max(1, seconds / 4));
  set(IPPROTO_TCP, TCP_KEEPCNT, 2);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, std::max(kWindowClosed, seconds * 1000));
}

Session::Session(std::shared_ptr<const PeerTls> tls, Descriptor socket, bool accepting, std::string address)
    : tls_(std::move(tls)),
      socket_(std::move(socket)),
      address_(std::move(address)),
      ssl_(SSL_new(tls_->get())),
      accepting_(accepting) {
  if (ssl_ == nullptr || SSL_set_fd(ssl_, socket_.get()) != 1) {
    SSL_free(ssl_);
    throw std::bad_alloc();
  }
  SSL_set_msg_callback(ssl_, &Session::look);
  SSL_set_msg_callback_arg(ssl_, this);
  if (accepting_) {
    SSL_set_accept_state(ssl_);
    return;
  }
  SSL_set_connect_state(ssl_);
  const std::string name = host_name_of(other(tls_->own()));
  SSL_set_tlsext_host_name(ssl_, name.c_str());
}

Session::~Session() { SSL_free(ssl_); }

// Key updates, tickets, requests for a certificate: our programs send none, so whoever does is not our
// program.
void Session::look(int write, int, int type, const void*, std::size_t, SSL*, void* self) {
  auto& session = *static_cast<Session*>(self);
  if (write == 0 && type == SSL3_RT_HANDSHAKE && session.shaken_) session.strange_ = true;
}

Session::Step Session::fail(std::string why) {
  why_ = std::move(why);
  ERR_clear_error();
  return Step::failed;
}

Session::Step Session::after(int result) {
  if (strange_) return fail("a handshake message after the handshake");
  const int error = SSL_get_error(ssl_, result);
  if (error == SSL_ERROR_WANT_READ) return Step::want_read;
  if (error == SSL_ERROR_WANT_WRITE) return Step::want_write;
  if (error == SSL_ERROR_ZERO_RETURN) {
    why_ = "the peer closed";
    return Step::ended;
  }
  const unsigned long code = ERR_peek_error();
  lost_ = error != SSL_ERROR_SSL || code == 0;
  if (lost_) return fail("connection lost");
  refused_us_ = is_alert(code);
  const long verdict = SSL_get_verify_result(ssl_);
  if (!refused_us_ && verdict != X509_V_OK) return fail(X509_verify_cert_error_string(verdict));
  const char* reason = ERR_reason_error_string(code);
  return fail(reason != nullptr ? reason : "not TLS 1.3 as we speak it");
}

Session::Step Session::shake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result != 1) return after(result);
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &protocol, &size);
  if (std::string_view(reinterpret_cast<const char*>(protocol), size) != kProtocol)
    return fail("another protocol");
  X509* peer = SSL_get0_peer_certificate(ssl_);
  if (peer == nullptr || SSL_get_verify_result(ssl_) != X509_V_OK) return fail("no certificate");
  const CertificateFacts facts = facts_of(peer);
  if (facts.side != other(tls_->own())) return fail("a certificate of the wrong side");
  if (!tls_->is_pinned(facts.pin)) return fail("a key that transfer.peers does not name: " + facts.pin);
  peer_end_ms_ = facts.end_ms;
  peer_pin_ = facts.pin;
  shaken_ = true;
  return Step::done;
}

Session::Step Session::greet() {
  std::size_t count = 0;
  if (accepting_) return write(std::string_view(&kGreeting, 1), count);
  char heard = 0;
  const Step step = read(&heard, 1, count);
  // He has proved himself; that he ends it here is his word about us.
  refused_us_ = refused_us_ || step == Step::ended || step == Step::failed;
  if (step == Step::ended) return fail("it was closed before the greeting");
  if (step != Step::done) return step;
  return heard == kGreeting ? Step::done : fail("another greeting");
}

Session::Step Session::handshake() {
  if (!shaken_)
    if (const Step step = shake(); step != Step::done) return step;
  return greet();
}

Session::Step Session::read(char* into, std::size_t size, std::size_t& count) {
  ERR_clear_error();
  const int result = SSL_read_ex(ssl_, into, size, &count);
  return result == 1 && !strange_ ? Step::done : after(result);
}

Session::Step Session::write(std::string_view octets, std::size_t& count) {
  ERR_clear_error();
  const int result = SSL_write_ex(ssl_, octets.data(), octets.size(), &count);
  return result == 1 ? Step::done : after(result);
}

void Session::say_close() {
  ERR_clear_error();
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

std::uint64_t Session::octets_read() const { return BIO_number_read(SSL_get_rbio(ssl_)); }

bool Session::silent_for(std::chrono::milliseconds longest) const {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  // In flight; or not even that, because our own host's firewall drops it: then the kernel probes, in vain.
  // (A peer whose window is closed answers each probe.)
  const bool waits = info.tcpi_unacked != 0 || info.tcpi_probes > 1;
  return waits && info.tcpi_last_ack_recv > longest.count();
}

}  // namespace kiyome::zone

#include "service/edge/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <new>

namespace kiyome::edge {

TlsSession::TlsSession(const TlsContext& context, int socket) : ssl_(SSL_new(context.get())) {
  if (ssl_ == nullptr) throw std::bad_alloc();
  SSL_set_fd(ssl_, socket);
  SSL_set_accept_state(ssl_);
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

TlsSession::Outcome TlsSession::outcome(int result) {
  if (result > 0) return Outcome::done;
  const int error = SSL_get_error(ssl_, result);
  ERR_clear_error();
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? Outcome::blocked : Outcome::closed;
}

TlsSession::Outcome TlsSession::handshake() {
  ERR_clear_error();
  return outcome(SSL_do_handshake(ssl_));
}

TlsSession::Outcome TlsSession::read(char* into, std::size_t size, std::size_t& count) {
  ERR_clear_error();
  return outcome(SSL_read_ex(ssl_, into, size, &count));
}

TlsSession::Outcome TlsSession::write(std::string_view octets, std::size_t& count) {
  ERR_clear_error();
  return outcome(SSL_write_ex(ssl_, octets.data(), octets.size(), &count));
}

void TlsSession::say_close() {
  ERR_clear_error();
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

}  // namespace kiyome::edge

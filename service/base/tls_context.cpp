#include "service/base/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <new>

#include "service/base/errors.h"

namespace kiyome {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

// A key with a passphrase would ask on a terminal that is not there.
int no_passphrase(char*, int, int, void*) { return 0; }

Bio memory(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

bool use_certificate(SSL_CTX* context, const std::string& pem) {
  const Bio bio = memory(pem);
  const Certificate leaf(PEM_read_bio_X509_AUX(bio.get(), nullptr, no_passphrase, nullptr));
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) return false;
  for (;;) {
    Certificate next(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
    if (!next) break;
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1) return false;
    next.release();  // the context owns it now
  }
  ERR_clear_error();  // the end of the text is told as an error
  return true;
}

bool use_key(SSL_CTX* context, const std::string& pem) {
  const Bio bio = memory(pem);
  const std::unique_ptr<EVP_PKEY, FreeKey> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  return key && SSL_CTX_use_PrivateKey(context, key.get()) == 1 && SSL_CTX_check_private_key(context) == 1;
}

// Who offers protocols and not ours is refused: what he says next would be none of ours (ALPACA).
int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in,
                    unsigned in_size, void* ours) {
  const auto& list = *static_cast<const std::string*>(ours);
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, size, reinterpret_cast<const unsigned char*>(list.data()),
                            static_cast<unsigned>(list.size()), in, in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

TlsContext::TlsContext(const std::string& certificate_pem, const std::string& key_pem,
                       const std::string& protocol)
    : context_(SSL_CTX_new(TLS_server_method())),
      protocols_(protocol.empty() ? "" : static_cast<char>(protocol.size()) + protocol) {
  if (context_ == nullptr) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
  SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                    SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context_, 0);  // connections are long; a ticket key would be one more secret
  if (!protocols_.empty()) SSL_CTX_set_alpn_select_cb(context_, choose_protocol, &protocols_);
  const bool certified = use_certificate(context_, certificate_pem);
  const bool keyed = certified && use_key(context_, key_pem);
  ERR_clear_error();
  if (keyed) return;
  SSL_CTX_free(context_);
  throw ConfigError(certified ? "tls.key: not a key, or not the certificate's"
                              : "tls.certificate: not a PEM certificate");
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

std::optional<std::int64_t> certificate_end_ms(const std::string& certificate_pem) {
  const Bio bio = memory(certificate_pem);
  std::optional<std::int64_t> out;
  while (const Certificate each{PEM_read_bio_X509_AUX(bio.get(), nullptr, no_passphrase, nullptr)}) {
    std::tm end{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(each.get()), &end) != 1) continue;
    const std::int64_t ms = std::int64_t{::timegm(&end)} * 1000;
    out = std::min(out.value_or(ms), ms);
  }
  ERR_clear_error();  // the end of the text is told as an error
  return out;
}

}  // namespace kiyome

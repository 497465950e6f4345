#include "service/zone/peer_tls.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <new>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/zone/openssl_pieces.h"

namespace kiyome::zone {
namespace {

// As ALPN writes it: a length, a name.
const std::string& protocols() {
  static const std::string out = static_cast<char>(sizeof kProtocol - 1) + std::string(kProtocol);
  return out;
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in,
                    unsigned in_size, void*) {
  unsigned char* chosen = nullptr;
  const std::string& ours = protocols();
  if (SSL_select_next_proto(&chosen, size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned>(ours.size()), in, in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// Only 1.3, and of it only the handshake: no early data, no tickets, no second session by the first one's
// key.
void narrow(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_max_early_data(context, 0);
  SSL_CTX_set_max_cert_list(context, limits::kZoneCertificates);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);  // what is no data is looked at before the next record
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  const std::string& ours = protocols();
  SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(ours.data()),
                          static_cast<unsigned>(ours.size()));
}

// The CA's certificates, each leaf itself by one of them, with the name of the other side and nothing else.
bool demand(SSL_CTX* context, const std::string& ca_pem, Side peer) {
  bool any = false;
  for (const X509Ptr& each : read_certificates(ca_pem))
    any = X509_STORE_add_cert(SSL_CTX_get_cert_store(context), each.get()) == 1 || any;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_verify_depth(context, 0);
  X509_VERIFY_PARAM* param = SSL_CTX_get0_param(context);
  const std::string name = host_name_of(peer);
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return any && X509_VERIFY_PARAM_set1_host(param, name.data(), name.size()) == 1;
}

std::string trouble(SSL_CTX* context, Side own, const TransferConfig& config) {
  const X509Ptr leaf = read_certificate(config.certificate_pem);
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1)
    return "transfer.certificate: no PEM certificate can be read";
  if (facts_of(leaf.get()).side != own)
    return std::string("transfer.certificate: is not one of the ") + name_of(own) +
           " side's: this host runs the " + (own == Side::internet ? "cleaner" : "gate");
  const PkeyPtr key = read_key(config.key_pem);
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return "transfer.key: not a key, or not the certificate's";
  if (!demand(context, config.ca_pem, other(own))) return "transfer.ca: no PEM certificate can be read";
  return {};
}

}  // namespace

PeerTls::PeerTls(Side own, const TransferConfig& config)
    : own_(own), pins_(config.peers), context_(SSL_CTX_new(TLS_method())) {
  if (context_ == nullptr) throw std::bad_alloc();
  narrow(context_);
  const std::string why = trouble(context_, own, config);
  ERR_clear_error();
  if (why.empty()) return;
  SSL_CTX_free(context_);
  throw ConfigError(why);
}

PeerTls::~PeerTls() { SSL_CTX_free(context_); }

bool PeerTls::is_pinned(const std::string& pin) const {
  return pins_.empty() || std::find(pins_.begin(), pins_.end(), pin) != pins_.end();
}

}  // namespace kiyome::zone

// The server over TLS: versions, protocols, a new certificate while it serves, peers that never finish a
// handshake.
#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "tests/unit/service_http/site.h"

using namespace kiyome;
using namespace kiyome::testing;

namespace {

template <class T, void (*free)(T*)>
struct Free {
  void operator()(T* what) const { free(what); }
};

struct Pair {
  std::string certificate, key;
};

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

// Self-signed, for a day.
Pair make_pair_for(const char* name) {
  const std::unique_ptr<EVP_PKEY, Free<EVP_PKEY, EVP_PKEY_free>> key(EVP_EC_gen("P-256"));
  const std::unique_ptr<X509, Free<X509, X509_free>> x(X509_new());
  X509_set_version(x.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(x.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x.get()), 86400);
  X509_NAME* const subject = X509_get_subject_name(x.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name), -1,
                             -1, 0);
  X509_set_issuer_name(x.get(), subject);
  X509_set_pubkey(x.get(), key.get());
  REQUIRE(X509_sign(x.get(), key.get(), EVP_sha256()) != 0);
  const std::unique_ptr<BIO, Free<BIO, BIO_free_all>> one(BIO_new(BIO_s_mem())), two(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(one.get(), x.get());
  PEM_write_bio_PrivateKey(two.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {text_of(one.get()), text_of(two.get())};
}

http::ServerOptions over_tls(const Pair& pair) {
  http::ServerOptions out;
  out.certificate_pem = pair.certificate;
  out.key_pem = pair.key;
  out.header_seconds = 1;
  return out;
}

class TlsPeer {
 public:
  explicit TlsPeer(std::uint16_t port, const char* protocol = nullptr, int version_max = 0)
      : peer_(port), context_(SSL_CTX_new(TLS_client_method())) {
    if (version_max != 0) {
      SSL_CTX_set_security_level(context_.get(), 0);
      SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
      SSL_CTX_set_max_proto_version(context_.get(), version_max);
    }
    ssl_.reset(SSL_new(context_.get()));
    if (protocol != nullptr)
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(protocol),
                          static_cast<unsigned>(std::string_view(protocol).size()));
    SSL_set_fd(ssl_.get(), peer_.socket());
    connected_ = SSL_connect(ssl_.get()) == 1;
    ERR_clear_error();
  }
  bool connected() const { return connected_; }
  std::string version() const { return SSL_get_version(ssl_.get()); }
  std::string name() const {
    const std::unique_ptr<X509, Free<X509, X509_free>> x(SSL_get1_peer_certificate(ssl_.get()));
    char text[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(x.get()), NID_commonName, text, sizeof text);
    return text;
  }
  TlsPeer& say(std::string_view text) {
    std::size_t count = 0;
    while (!text.empty() && SSL_write_ex(ssl_.get(), text.data(), text.size(), &count) == 1)
      text.remove_prefix(count);
    return *this;
  }
  // All that comes until the server ends the connection.
  std::string rest() {
    std::string out;
    char piece[8192];
    std::size_t count = 0;
    while (SSL_read_ex(ssl_.get(), piece, sizeof piece, &count) == 1) out.append(piece, count);
    ERR_clear_error();
    return out;
  }

 private:
  Peer peer_;
  std::unique_ptr<SSL_CTX, Free<SSL_CTX, SSL_CTX_free>> context_;
  std::unique_ptr<SSL, Free<SSL, SSL_free>> ssl_;
  bool connected_ = false;
};

}  // namespace

TEST_CASE("server over TLS: requests, long bodies and long answers, with HSTS") {
  Site site(over_tls(make_pair_for("one")));
  TlsPeer peer(site.port(), "\x08http/1.1");
  REQUIRE(peer.connected());
  CHECK(peer.version() == "TLSv1.3");
  peer.say(
      "GET /hello HTTP/1.1\r\nHost: a\r\n\r\nPOST /length HTTP/1.1\r\nHost: a\r\nContent-Length: "
      "1000000\r\n\r\n");
  peer.say(std::string(1000000, 'x')).say("GET /long HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string all = peer.rest();
  CHECK(all.find("{\"hello\":true}") != std::string::npos);
  CHECK(all.find("\r\n\r\n1000000HTTP/1.1 200 OK") != std::string::npos);
  CHECK(all.ends_with(std::string(3u << 20, 'z')));
  CHECK(all.find("\r\nStrict-Transport-Security: max-age=31536000\r\n") != std::string::npos);
}

TEST_CASE("server over TLS: 1.2 is spoken, older versions are not; HTTP/1.1 is, other protocols are not") {
  Site site(over_tls(make_pair_for("one")));
  CHECK(TlsPeer(site.port(), nullptr, TLS1_2_VERSION).version() == "TLSv1.2");
  CHECK(!TlsPeer(site.port(), nullptr, TLS1_1_VERSION).connected());
  CHECK(TlsPeer(site.port(), "\x02h2\x08http/1.1").connected());
  CHECK(!TlsPeer(site.port(), "\x02h2").connected());
}

TEST_CASE("server over TLS: a new certificate is for new connections, and a bad one changes nothing") {
  Site site(over_tls(make_pair_for("one")));
  TlsPeer before(site.port());
  const Pair two = make_pair_for("two"), three = make_pair_for("three");
  CHECK_THROWS_AS(site.server().reload(two.certificate, three.key), ConfigError);
  CHECK_THROWS_AS(site.server().reload("nonsense", two.key), ConfigError);
  CHECK(TlsPeer(site.port()).name() == "one");
  site.server().reload(two.certificate, two.key);
  CHECK(TlsPeer(site.port()).name() == "two");
  CHECK(before.say("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").rest().find("true") !=
        std::string::npos);
  CHECK_THROWS_AS(Site(over_tls({two.certificate, ""})), ConfigError);
}

TEST_CASE("server over TLS: who speaks plainly or never ends a handshake is cut off") {
  Site site(over_tls(make_pair_for("one")));
  Peer plain(site.port()), silent(site.port()), dripping(site.port());
  plain.say("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto begin = Steady::now();
  dripping.say("\x16\x03\x01\x02");
  for (int i = 0; i < 100 && dripping.silent(50); ++i) dripping.say("\x01");
  CHECK(milliseconds_since(begin) < 2500);
  CHECK(silent.closed());
  CHECK(milliseconds_since(begin) < 2500);
  CHECK(TlsPeer(site.port()).connected());
  CHECK(site.calls() == 0);
}

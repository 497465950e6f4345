// STARTTLS against a real OpenSSL client.
#include <doctest/doctest.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "service/base/errors.h"
#include "tests/unit/service_edge/edge_fixture.h"

using namespace edge_test;

namespace {

std::string taken(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string out(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return out;
}

// A certificate of its own key, as tests/unit needs no authority.
kiyome::edge::EdgeFiles self_signed() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("mx.example"),
                             -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_sign(certificate, key, EVP_sha256());
  BIO* certificate_pem = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(certificate_pem, certificate);
  BIO* key_pem = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(key_pem, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return {"", taken(certificate_pem), taken(key_pem)};
}

class TlsClient {
 public:
  explicit TlsClient(Client& client, int version_max = 0) : context_(SSL_CTX_new(TLS_client_method())) {
    if (version_max != 0) {
      SSL_CTX_set_security_level(context_, 0);
      SSL_CTX_set_max_proto_version(context_, version_max);
    }
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, client.socket());
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  bool connect() { return SSL_connect(ssl_) == 1; }
  bool say(std::string_view octets) {
    return SSL_write(ssl_, octets.data(), static_cast<int>(octets.size())) > 0;
  }
  // Lines until `count` final ones have come, or the end.
  std::string replies(int count) {
    std::string out;
    for (;;) {
      int final_lines = 0;
      for (std::size_t at = 0, end = 0; (end = out.find("\r\n", at)) != std::string::npos; at = end + 2)
        final_lines += out[at + 3] != '-';
      if (final_lines >= count) return out;
      char octets[4096];
      const int got = SSL_read(ssl_, octets, sizeof octets);
      if (got <= 0) return out;
      out.append(octets, static_cast<std::size_t>(got));
    }
  }

 private:
  SSL_CTX* context_;
  SSL* ssl_;
};

}  // namespace

TEST_CASE("edge TLS: a mail comes through STARTTLS and is recorded as ESMTPS") {
  Edge edge({}, self_signed());
  Client client = edge.client();
  CHECK(client.ask("EHLO c.example").find("250-STARTTLS\r\n") != std::string::npos);
  CHECK(client.ask("STARTTLS") == "220 2.0.0 Ready to start TLS\r\n");
  TlsClient tls(client);
  REQUIRE(tls.connect());
  tls.say("MAIL FROM:<a@x.example>\r\n");
  CHECK(tls.replies(1).substr(0, 9) == "503 5.5.1");  // the EHLO before the handshake is forgotten
  tls.say("EHLO c.example\r\n");
  CHECK(tls.replies(1).find("STARTTLS") == std::string::npos);
  std::string large;
  while (large.size() < 1'000'000)
    large += "a line of a mail over TLS " + std::to_string(large.size()) + "\r\n";
  tls.say(kEnvelope + large + ".\r\n");
  const std::string replies = tls.replies(4);
  const auto original = edge.original(replies.substr(replies.find("250 2.0.0")));
  CHECK(original.envelope.protocol == "ESMTPS");
  CHECK(Edge::content(original) == large);
  tls.say("QUIT\r\n");
  CHECK(tls.replies(2) == "221 2.0.0 Bye\r\n");
}

TEST_CASE("edge TLS: commands injected behind STARTTLS are not heard after the handshake") {
  Edge edge({}, self_signed());
  Client client = edge.client();
  client.ask("EHLO c.example");
  CHECK(client.ask("STARTTLS\r\nEHLO evil.example\r\nMAIL FROM:<evil@x.example>") ==
        "220 2.0.0 Ready to start TLS\r\n");
  TlsClient tls(client);
  REQUIRE(tls.connect());
  tls.say("NOOP\r\nRCPT TO:<b@b.example>\r\n");
  CHECK(tls.replies(2) == "250 2.0.0 Ok\r\n503 5.5.1 Need MAIL command\r\n");
}

TEST_CASE(
    "edge TLS: old protocol versions and clear text in the handshake are refused, the server lives on") {
  Edge edge({}, self_signed());
  Client old = edge.client();
  old.ask("STARTTLS");
  TlsClient tls(old, TLS1_1_VERSION);
  CHECK_FALSE(tls.connect());
  Client clear = edge.client();
  clear.ask("STARTTLS");
  clear.say("NOOP\r\nNOOP\r\n");
  CHECK(clear.rest().find("250") == std::string::npos);
  Client fine = edge.client();
  CHECK(send_mail(fine, "x\r\n").substr(0, 4) == "250 ");
}

TEST_CASE("edge TLS: a handshake that stands still ends at its deadline") {
  Edge edge([](auto& config) { config.command_timeout_seconds = 1; }, self_signed());
  Client client = edge.client();
  client.ask("STARTTLS");
  const auto began = Steady::now();
  CHECK(client.rest().empty());
  CHECK(Steady::now() - began < 10s);
}

TEST_CASE("edge TLS: a key that is not the certificate's is a mistake of the configuration") {
  const auto one = self_signed(), two = self_signed();
  CHECK_NOTHROW(kiyome::edge::make_settings({}, one));
  CHECK_THROWS_AS(kiyome::edge::make_settings({}, {"", one.certificate, two.key}), kiyome::ConfigError);
  CHECK_THROWS_AS(kiyome::edge::make_settings({}, {"", "not a certificate", one.key}), kiyome::ConfigError);
  CHECK_THROWS_AS(kiyome::edge::make_settings({}, {"", one.certificate, ""}), kiyome::ConfigError);
}

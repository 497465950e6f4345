#include "service/zone/issue.h"

#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "service/base/errors.h"
#include "service/zone/openssl_pieces.h"

namespace kiyome::zone {
namespace {

constexpr std::int64_t kEarlierSeconds = 3600;  // the other host's clock may be a little behind

[[noreturn]] void fail(const std::string& what) {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  throw PermanentFailure("certificate: " + what + (reason != nullptr ? std::string(": ") + reason : ""));
}
void demand(bool fine, const char* what) {
  if (!fine) fail(what);
}

std::string text_of(BIO* bio) {
  char* octets = nullptr;
  const long size = BIO_get_mem_data(bio, &octets);
  return {octets, static_cast<std::size_t>(size)};
}
std::string pem_of(X509* certificate) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  demand(PEM_write_bio_X509(out.get(), certificate) == 1, "cannot be written");
  return text_of(out.get());
}
std::string pem_of(EVP_PKEY* key) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  demand(PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
         "the key cannot be written");
  return text_of(out.get());
}

PkeyPtr make_key() {
  PkeyPtr out(EVP_EC_gen("P-256"));
  demand(out != nullptr, "no key can be made");
  return out;
}

void set_name(X509_NAME* into, const std::string& common) {
  const auto* octets = reinterpret_cast<const unsigned char*>(common.data());
  demand(!common.empty() && X509_NAME_add_entry_by_txt(into, "CN", MBSTRING_UTF8, octets,
                                                       static_cast<int>(common.size()), -1, 0) == 1,
         "the name is not 1 to 64 characters of UTF-8");
}

// 20 octets at random, above zero (RFC 5280 section 4.1.2.2).
void set_serial(X509* certificate) {
  unsigned char octets[19];
  demand(RAND_bytes(octets, sizeof octets) == 1, "no random octets");
  octets[0] |= 1;
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(BN_bin2bn(octets, sizeof octets, nullptr),
                                                           BN_free);
  demand(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr, "no serial number");
}

void add(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  const bool added = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  demand(added, value);
}

X509Ptr begin(EVP_PKEY* key, const std::string& name, std::int64_t begin_s, std::int64_t end_s) {
  X509Ptr out(X509_new());
  X509_set_version(out.get(), X509_VERSION_3);
  set_serial(out.get());
  demand(ASN1_TIME_set(X509_getm_notBefore(out.get()), static_cast<std::time_t>(begin_s)) != nullptr &&
             ASN1_TIME_set(X509_getm_notAfter(out.get()), static_cast<std::time_t>(end_s)) != nullptr,
         "no such time");
  set_name(X509_get_subject_name(out.get()), name);
  demand(X509_set_pubkey(out.get(), key) == 1, "the key does not fit");
  return out;
}

std::string certify(const Issued& authority, EVP_PKEY* key, Side side, std::int64_t now_ms,
                    std::uint32_t days) {
  const X509Ptr issuer = read_certificate(authority.certificate_pem);
  const PkeyPtr signer = read_key(authority.key_pem);
  demand(issuer && signer && X509_check_ca(issuer.get()) > 0 &&
             X509_check_private_key(issuer.get(), signer.get()) == 1,
         "the CA's certificate and key do not belong together");
  const CertificateFacts facts = facts_of(issuer.get());
  const std::int64_t now = now_ms / 1000;
  // Never past the CA's own end, where it would be refused anyway.
  const std::int64_t end = std::min(now + std::int64_t{days} * 86400, facts.end_ms / 1000);
  demand(end > now, "the CA has ended: make a new one");
  const X509Ptr made =
      begin(key, std::string("kiyome ") + name_of(side) + " side", now - kEarlierSeconds, end);
  X509* leaf = made.get();
  X509_set_issuer_name(leaf, X509_get_subject_name(issuer.get()));
  add(leaf, issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
  add(leaf, issuer.get(), NID_key_usage, "critical,digitalSignature");
  // Both, for the mode says who connects, and it may change.
  add(leaf, issuer.get(), NID_ext_key_usage, "critical,serverAuth,clientAuth");
  add(leaf, issuer.get(), NID_subject_key_identifier, "hash");
  add(leaf, issuer.get(), NID_authority_key_identifier, "keyid:always");
  add(leaf, issuer.get(), NID_subject_alt_name, ("DNS:" + host_name_of(side)).c_str());
  demand(X509_sign(leaf, signer.get(), EVP_sha256()) > 0, "cannot be signed");
  return pem_of(leaf);
}

}  // namespace

Issued make_authority(const std::string& name, std::int64_t now_ms, std::uint32_t days) {
  const PkeyPtr key = make_key();
  const std::int64_t now = now_ms / 1000;
  const X509Ptr made = begin(key.get(), name, now - kEarlierSeconds, now + std::int64_t{days} * 86400);
  X509* self = made.get();
  X509_set_issuer_name(self, X509_get_subject_name(self));
  add(self, self, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add(self, self, NID_key_usage, "critical,keyCertSign,cRLSign");
  add(self, self, NID_subject_key_identifier, "hash");
  add(self, self, NID_authority_key_identifier, "keyid:always");
  add(self, self, NID_name_constraints, ("critical,permitted;DNS:" + std::string(kNameSpace)).c_str());
  demand(X509_sign(self, key.get(), EVP_sha256()) > 0, "cannot be signed");
  return {pem_of(self), pem_of(key.get())};
}

Issued issue(const Issued& authority, Side side, std::int64_t now_ms, std::uint32_t days) {
  const PkeyPtr key = make_key();
  return {certify(authority, key.get(), side, now_ms, days), pem_of(key.get())};
}

Issued renew(const Issued& authority, const std::string& certificate_pem, std::int64_t now_ms,
             std::uint32_t days) {
  const X509Ptr old = read_certificate(certificate_pem);
  const PkeyPtr key(old ? X509_get_pubkey(old.get()) : nullptr);
  const std::optional<Side> side = old ? facts_of(old.get()).side : std::nullopt;
  demand(key && side, "is not one of the two sides'");
  return {certify(authority, key.get(), *side, now_ms, days), {}};
}

}  // namespace kiyome::zone

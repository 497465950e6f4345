// Owners of OpenSSL's pieces. For this room's files alone.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kiyome::zone {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
struct FreeX509 {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreePkey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using BioPtr = std::unique_ptr<BIO, FreeBio>;
using X509Ptr = std::unique_ptr<X509, FreeX509>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, FreePkey>;

// A key with a passphrase would ask on a terminal that a role does not have.
inline int no_passphrase(char*, int, int, void*) { return 0; }

inline BioPtr memory_bio(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}
inline X509Ptr read_certificate(const std::string& pem) {
  const BioPtr bio = memory_bio(pem);
  X509Ptr out(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return out;
}
inline std::vector<X509Ptr> read_certificates(const std::string& pem) {
  const BioPtr bio = memory_bio(pem);
  std::vector<X509Ptr> out;
  while (X509Ptr each{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)})
    out.push_back(std::move(each));
  ERR_clear_error();  // the end of the text is told as an error
  return out;
}
inline PkeyPtr read_key(const std::string& pem) {
  const BioPtr bio = memory_bio(pem);
  PkeyPtr out(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return out;
}

}  // namespace kiyome::zone

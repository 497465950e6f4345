#include "service/zone/certificate.h"

#include <openssl/x509v3.h>

#include <cstring>
#include <ctime>

#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/base/hex.h"
#include "service/base/log.h"
#include "service/zone/openssl_pieces.h"

namespace kiyome::zone {
namespace {

std::int64_t ms_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return std::int64_t{::timegm(&parts)} * 1000;
}

bool bears(X509* certificate, Side side) {
  const std::string name = host_name_of(side);
  return X509_check_host(certificate, name.data(), name.size(),
                         X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1;
}

std::string subject_of(X509* certificate) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return log::shown({text, static_cast<std::size_t>(size)});
}

std::string pin_of(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  const auto digest = sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return hex(digest);
}

// Why `leaf` leads to none of `authorities`; empty: it does. Times are told elsewhere, with their day.
std::string chain_trouble(X509* leaf, const std::vector<X509Ptr>& authorities) {
  const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(), X509_STORE_free);
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> check(X509_STORE_CTX_new(),
                                                                              X509_STORE_CTX_free);
  for (const X509Ptr& each : authorities) X509_STORE_add_cert(store.get(), each.get());
  X509_STORE_CTX_init(check.get(), store.get(), leaf, nullptr);
  X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(check.get()), X509_V_FLAG_NO_CHECK_TIME);
  const bool fine = X509_verify_cert(check.get()) == 1;
  ERR_clear_error();
  return fine ? "" : X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get()));
}

class Inspector {
 public:
  Inspector(const TransferConfig& config, std::string path, std::int64_t now_ms)
      : config_(config), path_(std::move(path)), now_ms_(now_ms) {}

  Inspection look() {
    const X509Ptr own = read_certificate(config_.certificate_pem);
    if (!own) wrong("certificate", "no PEM certificate can be read");
    const std::vector<X509Ptr> authorities = read_certificates(config_.ca_pem);
    if (authorities.empty()) wrong("ca", "no PEM certificate can be read");
    const PkeyPtr key = read_key(config_.key_pem);
    if (!key) wrong("key", "no private key without a passphrase can be read");
    if (own && key && X509_check_private_key(own.get(), key.get()) != 1)
      wrong("key", "is not the key of transfer.certificate");
    ERR_clear_error();
    for (const X509Ptr& each : authorities) {
      if (!facts_of(each.get()).authority) wrong("ca", "is not the certificate of a CA");
      look_at_time("ca", *each);
    }
    if (own) look_at_side(*own);
    if (own && !authorities.empty())
      if (const std::string why = chain_trouble(own.get(), authorities); !why.empty())
        wrong("certificate", "transfer.ca did not issue it: " + why);
    if (own) look_at_time("certificate", *own);
    look_at_pins(own.get());
    return std::move(out_);
  }

 private:
  std::string place(const char* key) const {
    for (const auto& [name, line] : config_.lines)
      if (name == key) return path_ + ":" + std::to_string(line) + ": transfer." + key + ": ";
    return path_ + ": transfer." + key + ": ";
  }
  void wrong(const char* key, const std::string& what) { out_.mistakes.push_back(place(key) + what); }
  void ended(const char* key, const std::string& what) { out_.ended.push_back(place(key) + what); }
  void note(const char* key, const std::string& what) { out_.notes.push_back(place(key) + what); }

  void look_at_side(X509& own) {
    out_.side = facts_of(&own).side;
    if (!out_.side)
      return wrong("certificate", "is of neither side: issue one with `kiyome certificate issue`");
    const bool connects = (config_.mode == TransferMode::push) == (*out_.side == Side::internet);
    const std::string who = *out_.side == Side::internet ? "the Internet side" : "the closed side";
    if (connects && config_.connect.empty())
      wrong("listen",
            who + " connects in this mode (its certificate says which it is): give transfer.connect");
    if (!connects && config_.listen.empty())
      wrong("connect",
            who + " listens in this mode (its certificate says which it is): give transfer.listen");
  }

  void look_at_time(const char* key, X509& of) {
    const CertificateFacts facts = facts_of(&of);
    const std::string day = iso_time(facts.end_ms).substr(0, 10);
    if (facts.end_ms <= now_ms_)
      ended(key, "期限が切れました / it ended on " + day + ": see `kiyome certificate renew`");
    else if (facts.begin_ms > now_ms_)
      ended(key, "is not valid before " + iso_time(facts.begin_ms) + ": is this host's clock right?");
    else if (facts.end_ms - now_ms_ < kWarnDays * kDayMs)
      note(key, "期限が近づいています / it ends on " + day + ": see `kiyome certificate renew`");
  }

  void look_at_pins(X509* own) {
    if (own == nullptr) return;
    const std::string pin = facts_of(own).pin;
    for (const std::string& each : config_.peers)
      if (each == pin) wrong("peers", "names this host's own key; it is for the other side's");
  }

  const TransferConfig& config_;
  std::string path_;
  std::int64_t now_ms_;
  Inspection out_;
};

}  // namespace

const char* name_of(Side side) { return side == Side::internet ? "internet" : "closed"; }
Side other(Side side) { return side == Side::internet ? Side::closed : Side::internet; }
std::string host_name_of(Side side) { return std::string(name_of(side)) + "." + kNameSpace; }

CertificateFacts facts_of(X509* certificate) {
  CertificateFacts out;
  out.subject = subject_of(certificate);
  const bool internet = bears(certificate, Side::internet), closed = bears(certificate, Side::closed);
  if (internet != closed) out.side = internet ? Side::internet : Side::closed;
  out.authority = X509_check_ca(certificate) > 0;
  out.begin_ms = ms_of(X509_get0_notBefore(certificate));
  out.end_ms = ms_of(X509_get0_notAfter(certificate));
  out.pin = pin_of(certificate);
  ERR_clear_error();
  return out;
}

std::optional<CertificateFacts> facts_of(const std::string& pem) {
  const X509Ptr certificate = read_certificate(pem);
  if (!certificate) return std::nullopt;
  return facts_of(certificate.get());
}

Inspection inspect(const TransferConfig& config, const std::string& path, std::int64_t now_ms) {
  if (config.mode == TransferMode::local) return {};
  return Inspector(config, path, now_ms).look();
}

void read_files(TransferConfig& config) {
  if (config.mode == TransferMode::local) return;
  const auto read = [](const char* key, const std::string& path, std::string& into) {
    std::optional<std::string> text = read_file(path);
    if (!text) throw ConfigError(std::string("transfer.") + key + ": cannot read " + path);
    into = std::move(*text);
  };
  read("certificate", config.certificate, config.certificate_pem);
  read("key", config.key, config.key_pem);
  read("ca", config.ca, config.ca_pem);
}

}  // namespace kiyome::zone

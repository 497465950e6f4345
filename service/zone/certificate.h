// What a certificate says: which side its holder is, until when, and its pin. Reads what operators gave, and
// what a peer showed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "service/base/config_transfer.h"

using X509 = struct x509_st;

namespace kiyome::zone {

// Of the two that a bundle channel joins.
enum class Side : std::uint8_t { internet, closed };
const char* name_of(Side side);  // "internet", "closed"
Side other(Side side);
// The one name that a certificate of this side bears: "internet.kiyome.internal". `.internal` is nobody's.
std::string host_name_of(Side side);
inline constexpr const char* kNameSpace = "kiyome.internal";

struct CertificateFacts {
  std::string subject;       // escaped: it may be shown on a terminal
  std::optional<Side> side;  // empty: of none, or of both
  bool authority = false;
  std::int64_t begin_ms = 0, end_ms = 0;
  std::string pin;  // SHA-256 of its SubjectPublicKeyInfo, 64 hexadecimal digits
};
std::optional<CertificateFacts> facts_of(const std::string& pem);
CertificateFacts facts_of(X509* certificate);

inline constexpr std::int64_t kWarnDays = 30;  // before the end: a person has to carry the CA's key there

// What [transfer] names, looked at: whether the files fit each other, the mode and this moment. `path` is the
// configuration's, for "PATH:LINE: key: what". Reads the texts (certificate_pem …). Pure.
struct Inspection {
  std::optional<Side> side;           // whose host this is
  std::vector<std::string> mistakes;  // it can never work so
  std::vector<std::string>
      ended;  // it does not work now: a certificate that has ended, or a clock that is wrong
  std::vector<std::string> notes;  // it works, for now
};
Inspection inspect(const TransferConfig& config, const std::string& path, std::int64_t now_ms);

// Reads the files that [transfer] names into their texts. Throws ConfigError.
void read_files(TransferConfig& config);

}  // namespace kiyome::zone

// kiyome certificate: the small CA by which the two hosts of a bundle channel know each other. Files only; it
// needs no configuration and no service. Prints what to carry where.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kiyome::command {

struct CertificateOptions {
  std::string folder = ".";  // of the CA: ca.crt, ca.key
  std::string out;           // where certificates go; empty: beside the CA
  std::string name = "kiyome zone CA";
  std::string side;          // "internet", "closed"
  std::uint32_t years = 20;  // of the CA
  std::uint32_t days = 730;  // of a certificate
  bool new_key = false;
  std::vector<std::string> files;
};

// Each gives the exit code: 0 done, 1 something is not well. All throw ConfigError and PermanentFailure.
int certificate_init(const CertificateOptions& options);
int certificate_issue(const CertificateOptions& options);
int certificate_renew(const CertificateOptions& options);
int certificate_show(const CertificateOptions& options);

}  // namespace kiyome::command

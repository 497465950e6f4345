// Malware scan by clamd over its Unix socket (INSTREAM). clamd reads foreign bytes in a process of its own;
// what it answers can hold a part and do nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proto/clean/findings.h"
#include "service/base/config.h"

namespace kiyome::document {

enum class ScanVerdict : unsigned char { nothing_found, found, failed };
struct ScanResult {
  ScanVerdict verdict = ScanVerdict::failed;
  std::string name;  // of what was found, printable ASCII; of a failure: why
};

// The `size` octets of a file. Blocks for at most kScanSeconds. Never throws: whatever goes wrong is
// `failed`.
ScanResult scan(const std::string& socket_path, int file, std::uint64_t size);

// What a scan by the configuration comes to: kMalware, kScanFailed, or nothing that holds. `name` becomes
// that of what was found.
std::optional<clean::Finding> held_by_scan(const ScanConfig& config, int file, std::uint64_t size,
                                           std::string& name);

}  // namespace kiyome::document

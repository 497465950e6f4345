// Any octets, with a name and a declaration cut from their beginning: a well-formed type in lower case,
// findings once each.
#include <algorithm>
#include <cstdint>

#include "proto/base/check.h"
#include "sanitizers/type/type.h"

namespace type = kiyome::sanitizer::type;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  type::warm_up();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view all(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t name = std::min<std::size_t>(data[0] % 32, all.size());
  const std::size_t declared = std::min<std::size_t>(data[1] % 32, all.size() - name);
  const type::Detected detected =
      type::detect(all.substr(name + declared), all.substr(0, name), all.substr(name, declared));
  KIYOME_CHECK(std::count(detected.type.begin(), detected.type.end(), '/') == 1);
  KIYOME_CHECK(detected.type.size() <= 255);
  for (const char c : detected.type) KIYOME_CHECK(c > ' ' && c < 0x7f && !(c >= 'A' && c <= 'Z'));
  auto findings = detected.findings;
  std::sort(findings.begin(), findings.end());
  KIYOME_CHECK(std::adjacent_find(findings.begin(), findings.end()) == findings.end());
  return 0;
}

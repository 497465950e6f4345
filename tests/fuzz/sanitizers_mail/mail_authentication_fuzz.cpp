// Fuzzes Authentication-Results: whatever is told passes the clean language's own rules.
#include <cstdint>
#include <string_view>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "sanitizers/mail/authentication.h"

using namespace kiyome;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<clean::Authentication> out;
  sanitizer::mail::read_authentication({reinterpret_cast<const char*>(data), size}, out);
  KIYOME_CHECK(out.size() <= limits::kCleanAuthentication);
  for (const clean::Authentication& one : out) {
    KIYOME_CHECK(clean::is_host_name(one.server));
    KIYOME_CHECK(one.domain.empty() || clean::is_host_name(one.domain));
  }
  return 0;
}

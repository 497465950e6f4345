// Fuzzes Content-Type and Content-Disposition with RFC 2231: names are clean lines, boundaries are bounded.
#include <cstdint>
#include <string_view>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "sanitizers/mail/parameter.h"
#include "sanitizers/text/text.h"

using namespace kiyome;
using namespace kiyome::sanitizer::mail;

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  sanitizer::text::warm_up();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Parameterized field = read_parameterized({reinterpret_cast<const char*>(data), size});
  bool too_many = false;
  for (const std::string& reading : boundary_readings(field, too_many))
    KIYOME_CHECK(!reading.empty() && reading.size() <= limits::kMailBoundary);
  for (const char* name : {"name", "filename"}) {
    WordContext context;
    const DecodedParameter decoded = decode_parameter(field, name, context);
    KIYOME_CHECK(clean::is_clean_line(decoded.text) && decoded.text.size() <= limits::kCleanName);
  }
  (void)parameter_octets(field, "charset");
  return 0;
}

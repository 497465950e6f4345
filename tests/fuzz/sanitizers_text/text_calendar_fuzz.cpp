// Any octets as a calendar: clean text of bounded size.
#include <cstdint>

#include "sanitizers/text/text.h"
#include "tests/fuzz/sanitizers_text/clean_check.h"

namespace text = kiyome::sanitizer::text;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  text::warm_up();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const text::Text result = text::from_calendar(octets);
  kiyome::fuzz::check_clean(result.utf8);
  KIYOME_CHECK(result.utf8.size() <= octets.size() * 32 + 4096);
  return 0;
}

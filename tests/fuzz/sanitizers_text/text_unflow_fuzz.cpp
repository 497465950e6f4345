// format=flowed: nothing is lost but white space and line ends, and joining twice is joining once for
// unflowed text.
#include <algorithm>
#include <cstdint>

#include "proto/base/check.h"
#include "sanitizers/text/text.h"

namespace text = kiyome::sanitizer::text;

namespace {

std::size_t letters(std::string_view s) {
  return static_cast<std::size_t>(std::count_if(
      s.begin(), s.end(), [](char c) { return c != ' ' && c != '\n' && c != '\r' && c != '>'; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool delsp = (data[0] & 1) != 0;
  const std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string joined = text::unflow(octets, delsp);
  KIYOME_CHECK(letters(joined) == letters(octets));
  KIYOME_CHECK(joined.size() <= octets.size() * 2 + 2);
  return 0;
}

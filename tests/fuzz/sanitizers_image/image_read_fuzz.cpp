// Any octets as a picture: one complete answer.
#include "tests/fuzz/sanitizers_image/shown_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kiyome::fuzz::check_picture({reinterpret_cast<const char*>(data), size}, 150);
  return 0;
}

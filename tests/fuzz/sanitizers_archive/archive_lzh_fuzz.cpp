// Any octets as a LZH file. A CRC of a header that does not fit is the usual end: levels 0 and 1 have a sum
// that is found soon enough.
#include "tests/fuzz/sanitizers_archive/answer.h"

using namespace kiyome;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  sanitizer::archive::warm_up();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  clean::JobOptions options;
  options.contents = true;
  options.type = "application/x-lzh-compressed";
  read_and_check({reinterpret_cast<const char*>(data), size}, options);
  return 0;
}

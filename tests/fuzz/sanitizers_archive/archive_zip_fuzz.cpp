// Any octets as a ZIP, with passwords to try.
#include "tests/fuzz/sanitizers_archive/answer.h"

using namespace kiyome;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  sanitizer::archive::warm_up();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  clean::JobOptions options;
  options.contents = true;
  options.type = "application/zip";
  options.passwords = {"secret", "合言葉"};
  read_and_check({reinterpret_cast<const char*>(data), size}, options);
  return 0;
}

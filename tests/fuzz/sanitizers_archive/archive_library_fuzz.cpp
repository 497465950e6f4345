// Any octets for libarchive, the first telling which reader. Looks for faults of ours around it: its CAB
// reader is left out, because that of Debian 12 is known to write past its memory (the sandbox holds it).
#include <array>

#include "tests/fuzz/sanitizers_archive/answer.h"

using namespace kiyome;

// As under the sandbox's memory limit: what asks for gigabytes gets nothing.
extern "C" const char* __asan_default_options() {
  return "allocator_may_return_null=1:max_allocation_size_mb=1024";
}

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  sanitizer::archive::warm_up();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array kTypes = {"application/x-tar",     "application/gzip",   "application/x-7z-compressed",
                                 "application/vnd.rar",   "application/x-cpio", "application/x-archive",
                                 "application/x-bzip2",   "application/x-xz",   "application/zstd",
                                 "application/x-lz4",     "application/x-lzma", "application/x-lzip",
                                 "application/x-compress"};
  if (size == 0) return 0;
  clean::JobOptions options;
  options.contents = true;
  options.type = kTypes[data[0] % kTypes.size()];
  options.name = "a.txt.gz";
  read_and_check({reinterpret_cast<const char*>(data) + 1, size - 1}, options);
  return 0;
}

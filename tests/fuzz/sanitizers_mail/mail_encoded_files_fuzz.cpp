// Any text: blocks come in order, do not overlap, lie within the text, and are not larger than their kind can
// make them.
#include <cstdint>
#include <string>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "sanitizers/mail/containers.h"

using namespace kiyome::sanitizer::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::size_t behind = 0, taken = 0;
  for (const InText& block : find_encoded_files(text)) {
    KIYOME_CHECK(block.begin >= behind && block.end > block.begin && block.end <= text.size());
    KIYOME_CHECK(block.kind[0] != '\0');
    taken += block.file.owned.size();
    KIYOME_CHECK(block.file.octets.size() <= block.end - block.begin);
    behind = block.end;
  }
  KIYOME_CHECK(taken <= kiyome::limits::kMailDecoded + size + 64);
  return 0;
}

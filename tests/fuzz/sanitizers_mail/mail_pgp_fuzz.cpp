// Any text: blocks come in order, do not overlap and lie within the text.
#include <cstdint>
#include <string>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "sanitizers/mail/containers.h"

using namespace kiyome::sanitizer::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t behind = 0;
  const std::vector<PgpBlock> blocks = find_pgp_blocks(text);
  KIYOME_CHECK(blocks.size() <= kiyome::limits::kMailPgpBlocks);
  for (const PgpBlock& block : blocks) {
    KIYOME_CHECK(block.begin >= behind && block.end > block.begin && block.end <= text.size());
    KIYOME_CHECK(block.cleartext.size() <= block.end - block.begin);
    behind = block.end;
  }
  return 0;
}

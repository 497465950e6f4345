// Any frame: what decodes must encode to the same octets again.
#include "proto/base/check.h"
#include "proto/clean/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  const auto message = kiyome::clean::decode(frame);
  if (!message) return 0;
  std::string again;
  kiyome::clean::encode(*message, again);
  KIYOME_CHECK(std::string_view(again).substr(4) == frame);
  return 0;
}

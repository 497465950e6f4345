// Any datagram: what decodes must encode to the same octets again.
#include "proto/base/check.h"
#include "proto/clean/job.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view datagram(reinterpret_cast<const char*>(data), size);
  if (const auto message = kiyome::clean::decode_job(datagram))
    KIYOME_CHECK(kiyome::clean::encode_job(*message) == datagram);
  return 0;
}

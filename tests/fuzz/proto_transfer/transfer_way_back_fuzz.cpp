// Any octets: as one frame, and as a stream that the first octet cuts. What decodes must encode to the same
// octets again.
#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "proto/transfer/bundle.h"
#include "proto/transfer/intake.h"

using namespace kiyome::transfer;

namespace {

void check(std::string_view frame) {
  if (const auto message = decode_way_back(frame))
    KIYOME_CHECK(std::string_view(encode(*message)).substr(4) == frame);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  check(octets);
  FrameReader reader(kiyome::limits::kWayBackFrame);
  const std::size_t step = data[0] + 1u;
  std::string frame;
  for (std::size_t at = 0; at < octets.size(); at += step) {
    reader.feed(octets.substr(at, step));
    for (auto more = reader.next(frame);; more = reader.next(frame)) {
      if (!more) return 0;
      if (!*more) break;
      check(frame);
    }
  }
  return 0;
}

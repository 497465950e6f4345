// See unpack.h.
#include "sanitizers/archive/unpack.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "sanitizers/archive/blocks.h"

namespace kiyome::sanitizer::archive {
namespace {

using clean::Finding;

class Inflater {
 public:
  Inflater() : ready_(inflateInit2(&stream_, -MAX_WBITS) == Z_OK) {}
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Unpacked run(std::string_view packed, const Take& take) {
    if (!ready_) return {Finding::kLimitMemory};
    for (;;) {
      if (stream_.avail_in == 0) {
        const std::string_view some = packed.substr(0, kBlock);
        packed.remove_prefix(some.size());
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(some.data()));
        stream_.avail_in = static_cast<uInt>(some.size());
      }
      stream_.next_out = block().data();
      stream_.avail_out = static_cast<uInt>(kBlock);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      const std::size_t count = kBlock - stream_.avail_out;
      if (count > 0 && !take({reinterpret_cast<const char*>(block().data()), count}))
        return {std::nullopt, true};
      if (result == Z_STREAM_END) {
        // Octets behind the end of the stream: another reader would look for the next entry there.
        const bool all = packed.empty() && stream_.avail_in == 0;
        return {all ? std::nullopt : std::optional(Finding::kArchiveInconsistent)};
      }
      if (result == Z_MEM_ERROR) return {Finding::kLimitMemory};
      if (result != Z_OK) return {Finding::kDamagedPart};
    }
  }

 private:
  z_stream stream_{};
  bool ready_;
};

}  // namespace

Unpacked unpack(const Packed& packed, const Take& take) {
  std::uint64_t size = 0;
  uLong crc = 0;
  bool too_long = false;
  const Take counted = [&](std::string_view some) {
    if (some.size() > packed.size - size) {
      too_long = true;
      return false;
    }
    size += some.size();
    crc = crc32(crc, reinterpret_cast<const Bytef*>(some.data()), static_cast<uInt>(some.size()));
    return take(some);
  };
  Unpacked out;
  if (packed.method == 0) {
    for (std::size_t at = 0; at < packed.octets.size() && !out.stopped; at += kBlock)
      out.stopped = !counted(packed.octets.substr(at, kBlock));
  } else {
    out = packed.method == 8 ? Inflater().run(packed.octets, counted) : unpack_by_library(packed, counted);
  }
  // More than the directory says: a bomb, or made for a reader that does not stop there.
  if (too_long) return {Finding::kArchiveInconsistent};
  if (out.trouble || out.stopped) return out;
  if (size != packed.size || (!packed.without_crc && crc != packed.crc)) out.trouble = Finding::kDamagedPart;
  return out;
}

}  // namespace kiyome::sanitizer::archive

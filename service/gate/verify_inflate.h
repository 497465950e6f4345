// A zlib stream (RFC 1950) through zlib's inflate and one buffer of fixed size. Trusts nothing; no memory
// that grows with the stream. Not thread-safe.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "service/gate/verify_fault.h"

namespace kiyome::gate {

// One stream at a time: begin(), then feed() its octets in one piece or several, and after each feed() call
// next() until it gives nothing.
class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  void begin();
  // `octets` stay where they are until next() gave nothing.
  void feed(std::string_view octets);
  // The next inflated octets, valid until the next call; empty when what was fed is used up, or refused, or
  // the stream has ended.
  std::string_view next();

  // Its Adler-32 was right, nothing stands behind it, and it is no longer than a compressor makes it: else
  // endless empty blocks would cost time without end.
  bool complete() const { return ended_ && !broken_ && taken_ <= made_ + made_ / 512 + 64; }
  bool broken() const { return broken_; }
  std::uint64_t taken() const { return taken_; }  // octets of the stream that were read so far

 private:
  static constexpr std::size_t kBuffer = 64u << 10;
  static constexpr char kWindow32 = '\x78';  // RFC 1950 section 2.2: deflate with a window of 32 KiB

  z_stream stream_{};
  std::unique_ptr<unsigned char[]> buffer_;
  std::string_view left_;
  std::uint64_t taken_ = 0, made_ = 0;
  bool ended_ = false, broken_ = false;
};

}  // namespace kiyome::gate

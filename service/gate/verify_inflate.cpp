#include "service/gate/verify_inflate.h"

#include <algorithm>
#include <new>

#include "proto/base/check.h"

namespace kiyome::gate {

Inflater::Inflater() : buffer_(std::make_unique<unsigned char[]>(kBuffer)) {
  if (inflateInit(&stream_) != Z_OK) throw std::bad_alloc();
}
Inflater::~Inflater() { inflateEnd(&stream_); }

void Inflater::begin() {
  KIYOME_CHECK(inflateReset(&stream_) == Z_OK);
  stream_.avail_in = 0;
  left_ = {};
  taken_ = made_ = 0;
  ended_ = broken_ = false;
}

void Inflater::feed(std::string_view octets) {
  if (ended_ && !octets.empty()) broken_ = true;
  // zlib reads back 32 KiB whatever the header says; a reader that believes a smaller window does not.
  if (taken_ == 0 && !octets.empty() && octets[0] != kWindow32) broken_ = true;
  left_ = octets;
}

std::string_view Inflater::next() {
  constexpr std::size_t kPiece = 1u << 30;  // zlib counts in 32 bits
  while (!broken_ && !ended_ && !left_.empty()) {
    const std::size_t piece = std::min(left_.size(), kPiece);
    // zlib never writes through next_in; its type is older than const.
    stream_.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(left_.data()));
    stream_.avail_in = static_cast<unsigned>(piece);
    stream_.next_out = buffer_.get();
    stream_.avail_out = kBuffer;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    const std::size_t used = piece - stream_.avail_in, made = kBuffer - stream_.avail_out;
    left_.remove_prefix(used);
    taken_ += used;
    made_ += made;
    ended_ = result == Z_STREAM_END;
    // A preset dictionary, wrong codes, a wrong Adler-32, octets behind it, or no step ahead.
    if ((result != Z_OK && !ended_) || (ended_ && !left_.empty()) || (used == 0 && made == 0)) broken_ = true;
    if (made != 0 && !broken_) return {reinterpret_cast<const char*>(buffer_.get()), made};
  }
  return {};
}

}  // namespace kiyome::gate

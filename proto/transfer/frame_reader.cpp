// Cuts frames out of a stream of octets that a peer chose. Holds what was fed and not yet taken, nothing
// more.
#include "proto/base/bytes.h"
#include "proto/transfer/bundle.h"

namespace kiyome::transfer {

void FrameReader::feed(std::string_view octets) {
  // Taken frames are let go when they are the larger half: each octet is moved at most once on average.
  if (at_ > pending_.size() / 2) {
    pending_.erase(0, at_);
    at_ = 0;
  }
  pending_ += octets;
}

Result<bool> FrameReader::next(std::string& frame) {
  const std::string_view rest = std::string_view(pending_).substr(at_);
  if (rest.size() < sizeof(std::uint32_t)) return false;
  const std::uint32_t length = ByteReader(rest).u32();
  if (length == 0 || length > max_) return failure("a frame of a forbidden length");
  if (rest.size() - sizeof length < length) return false;
  frame.assign(rest.substr(sizeof length, length));
  at_ += sizeof length + length;
  if (at_ == pending_.size()) {
    pending_.clear();
    at_ = 0;
    constexpr std::size_t kKept = 256u << 10;  // after a large frame the room it took is given back
    if (pending_.capacity() > kKept) pending_.shrink_to_fit();
  }
  return true;
}

}  // namespace kiyome::transfer

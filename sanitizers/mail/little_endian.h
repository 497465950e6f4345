// Little-endian integers out of hostile octets: every read is held against what is left.
#pragma once

#include <cstdint>
#include <string_view>

namespace kiyome::sanitizer::mail {

class LittleEndian {
 public:
  explicit LittleEndian(std::string_view octets) : rest_(octets) {}

  std::size_t left() const { return rest_.size(); }
  std::string_view rest() const { return rest_; }
  // Set once a read did not fit; all later reads give zero or nothing.
  bool failed() const { return failed_; }

  std::uint8_t u8() { return static_cast<std::uint8_t>(integer(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(integer(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(integer(4)); }
  std::string_view take(std::size_t count) {
    if (failed_ || count > rest_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return out;
  }
  // The last value of a lying length: whatever is there.
  std::string_view take_up_to(std::size_t count) {
    if (count <= rest_.size()) return take(count);
    const std::string_view out = failed_ ? std::string_view() : rest_;
    rest_ = {};
    failed_ = true;
    return out;
  }

 private:
  std::uint64_t integer(std::size_t octets) {
    const std::string_view bytes = take(octets);
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      out |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    return out;
  }
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace kiyome::sanitizer::mail

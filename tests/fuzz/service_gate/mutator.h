// A mutator's tools for formats with checksums, lengths and compressed parts: plain changes of octets seldom
// get past those. Deterministic by seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace kiyome::fuzz {

// `text` changed by libFuzzer itself, to at most `room` octets more.
inline std::string mutated(std::string text, std::size_t room = 64) {
  const std::size_t size = text.size();
  text.resize(size + room);
  text.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(text.data()), size, text.size()));
  return text;
}

inline std::size_t copied(std::string_view text, std::uint8_t* data, std::size_t max_size) {
  if (text.size() > max_size) return 0;
  text.copy(reinterpret_cast<char*>(data), text.size());
  return text.size();
}

// Takes choices from the fuzzer's octets; zeros when there are no more.
class Choices {
 public:
  Choices(const std::uint8_t* data, std::size_t size) : left_(reinterpret_cast<const char*>(data), size) {}
  std::uint32_t below(std::uint32_t bound) {  // at least 1
    std::uint32_t value = 0;
    for (std::uint32_t most = bound - 1; most != 0; most >>= 8) value = value << 8 | octet();
    return value % bound;
  }
  std::uint8_t octet() {
    if (left_.empty()) return 0;
    const auto out = static_cast<std::uint8_t>(left_[0]);
    left_.remove_prefix(1);
    return out;
  }
  std::string text(std::size_t most) {
    const std::string out(left_.substr(0, most));
    left_.remove_prefix(out.size());
    return out;
  }
  bool done() const { return left_.empty(); }

 private:
  std::string_view left_;
};

}  // namespace kiyome::fuzz

// Reading and writing the project's binary formats: little-endian integers and counted strings.
// A reader never runs past its end and every codec finishes with `done()`: nothing may be left over.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace kiyome {

class ByteWriter {
 public:
  ByteWriter() = default;
  explicit ByteWriter(std::string behind) : out_(std::move(behind)) {}  // appends to it

  void u8(std::uint8_t v) { out_ += static_cast<char>(v); }
  void u16(std::uint16_t v) { integer(v); }
  void u32(std::uint32_t v) { integer(v); }
  void u64(std::uint64_t v) { integer(v); }
  void i64(std::int64_t v) { integer(static_cast<std::uint64_t>(v)); }
  void raw(std::string_view bytes) { out_.append(bytes); }
  void raw(std::span<const std::uint8_t> bytes) {
    out_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  // A u32 count of octets, then the octets.
  void counted(std::string_view bytes) {
    u32(static_cast<std::uint32_t>(bytes.size()));
    raw(bytes);
  }
  // A u32 that is known only later: where it stands, and its value.
  std::size_t u32_later() {
    u32(0);
    return out_.size() - sizeof(std::uint32_t);
  }
  void set_u32(std::size_t at, std::uint32_t v) {
    for (std::size_t i = 0; i < sizeof v; ++i) out_[at + i] = static_cast<char>(v >> (8 * i));
  }
  const std::string& bytes() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  template <class T>
  void integer(T v) {
    for (std::size_t i = 0; i < sizeof(T); ++i) out_ += static_cast<char>(v >> (8 * i));
  }
  std::string out_;
};

// After a read that did not fit, `failed()` is true, every later read gives zero or empty, and nothing was
// read past the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes), size_(bytes.size()) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(integer<std::uint8_t>()); }
  std::uint16_t u16() { return integer<std::uint16_t>(); }
  std::uint32_t u32() { return integer<std::uint32_t>(); }
  std::uint64_t u64() { return integer<std::uint64_t>(); }
  std::int64_t i64() { return static_cast<std::int64_t>(integer<std::uint64_t>()); }

  std::string_view raw(std::size_t count) {
    if (failed_ || count > rest_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return out;
  }
  // A u32 count, at most `max`, then that many octets. The view points into the input.
  std::string_view counted(std::size_t max) {
    const std::uint32_t count = u32();
    if (count > max) {
      failed_ = true;
      return {};
    }
    return raw(count);
  }

  void fail() { failed_ = true; }
  bool failed() const { return failed_; }
  std::size_t offset() const { return size_ - rest_.size(); }
  std::size_t left() const { return rest_.size(); }
  bool done() const { return !failed_ && rest_.empty(); }

 private:
  template <class T>
  T integer() {
    if (failed_ || rest_.size() < sizeof(T)) {
      failed_ = true;
      return 0;
    }
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      v |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(rest_[i])) << (8 * i);
    rest_.remove_prefix(sizeof(T));
    return static_cast<T>(v);
  }
  std::string_view rest_;
  std::size_t size_;
  bool failed_ = false;
};

}  // namespace kiyome

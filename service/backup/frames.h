// The inside of a backup: frames, one behind the other. FORMAT.md tells them. The reader trusts nothing: it
// gives only frames that stand where they may, with paths that stay within their part.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "proto/base/result.h"

namespace kiyome::backup {

enum class FrameType : std::uint8_t {
  about = 1,
  part = 2,
  folder = 3,
  file = 4,
  data = 5,
  file_end = 6,
  part_end = 7,
  end = 8,
};

using Put = std::function<void(std::string_view octets)>;

// What one part says, or all of it together. Counts what it writes.
class FrameWriter {
 public:
  explicit FrameWriter(Put put) : put_(std::move(put)) {}
  void about(std::string_view json) { frame(FrameType::about, json); }
  void part(std::string_view name);
  void folder(std::uint32_t mode, std::string_view path);
  void file(std::uint32_t mode, std::string_view path);
  void data(std::string_view octets);  // any number of them
  void file_end();
  void part_end();
  void end(std::uint64_t parts);

 private:
  void frame(FrameType type, std::string_view content);
  Put put_;
  std::uint64_t octets_ = 0, files_ = 0;
};

// A frame as it was read; `text` points into the reader's octets.
struct Frame {
  FrameType type = FrameType::about;
  std::uint32_t mode = 0;
  std::uint64_t count = 0;  // of octets, files or parts
  std::string_view text;    // about, a part's name, a path, data
};

// Is it a path that stays where it is put? (FORMAT.md)
bool is_sound_path(std::string_view path);

// Takes octets as they come, gives whole frames.
class FrameReader {
 public:
  // An Error for what no writer wrote; then nothing more is to be read.
  Result<void> take(std::string_view octets, const std::function<void(const Frame&)>& use);
  bool ended() const { return at_ == At::end; }

 private:
  enum class At : std::uint8_t { begin, between, part, file, end };
  Result<Frame> decode(FrameType type, std::string_view content);
  bool place(const Frame& frame);

  std::string waiting_;
  At at_ = At::begin;
  std::uint64_t octets_ = 0, files_ = 0, parts_ = 0;
};

}  // namespace kiyome::backup

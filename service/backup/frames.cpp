#include "service/backup/frames.h"

#include <algorithm>

#include "proto/base/bytes.h"
#include "proto/base/limits.h"

namespace kiyome::backup {
namespace {

constexpr std::size_t kHead = 5;

std::string with_mode(std::uint32_t mode, std::string_view path) {
  ByteWriter out;
  out.u32(mode);
  out.raw(path);
  return out.take();
}

std::string number(std::uint64_t value) {
  ByteWriter out;
  out.u64(value);
  return out.take();
}

}  // namespace

void FrameWriter::frame(FrameType type, std::string_view content) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(type));
  out.counted(content);
  put_(out.bytes());
}

void FrameWriter::part(std::string_view name) {
  files_ = 0;
  frame(FrameType::part, name);
}

void FrameWriter::folder(std::uint32_t mode, std::string_view path) {
  frame(FrameType::folder, with_mode(mode, path));
}

void FrameWriter::file(std::uint32_t mode, std::string_view path) {
  octets_ = 0;
  ++files_;
  frame(FrameType::file, with_mode(mode, path));
}

void FrameWriter::data(std::string_view octets) {
  octets_ += octets.size();
  for (; !octets.empty(); octets.remove_prefix(std::min(octets.size(), limits::kBackupBlock)))
    frame(FrameType::data, octets.substr(0, limits::kBackupBlock));
}

void FrameWriter::file_end() { frame(FrameType::file_end, number(octets_)); }
void FrameWriter::part_end() { frame(FrameType::part_end, number(files_)); }
void FrameWriter::end(std::uint64_t parts) { frame(FrameType::end, number(parts)); }

bool is_sound_path(std::string_view path) {
  if (path.empty() || path.size() > limits::kBackupPath || path.find('\0') != std::string_view::npos)
    return false;
  std::size_t depth = 0;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t slash = std::min(path.find('/', begin), path.size());
    const std::string_view word = path.substr(begin, slash - begin);
    if (word.empty() || word == "." || word == ".." || ++depth > limits::kBackupDepth) return false;
    begin = slash + 1;
  }
  return true;
}

Result<Frame> FrameReader::decode(FrameType type, std::string_view content) {
  Frame out;
  out.type = type;
  ByteReader reader(content);
  switch (type) {
    case FrameType::folder:
    case FrameType::file:
      out.mode = reader.u32();
      out.text = reader.raw(reader.left());
      if (!reader.done() || out.mode > 07777 || !is_sound_path(out.text)) return failure("a path");
      return out;
    case FrameType::file_end:
    case FrameType::part_end:
    case FrameType::end:
      out.count = reader.u64();
      if (!reader.done()) return failure("a number");
      return out;
    case FrameType::part:
      if (content.empty() || content.find('/') != std::string_view::npos) return failure("a part's name");
      break;
    case FrameType::about:
    case FrameType::data:
      break;
    default:
      return failure("an unknown frame");
  }
  out.text = content;
  return out;
}

// May this frame stand here, and does its count hold?
bool FrameReader::place(const Frame& frame) {
  switch (frame.type) {
    case FrameType::about:
      if (at_ != At::begin) return false;
      at_ = At::between;
      return true;
    case FrameType::part:
      if (at_ != At::between) return false;
      files_ = 0;
      at_ = At::part;
      return true;
    case FrameType::folder:
      return at_ == At::part;
    case FrameType::file:
      if (at_ != At::part) return false;
      octets_ = 0;
      ++files_;
      at_ = At::file;
      return true;
    case FrameType::data:
      octets_ += frame.text.size();
      return at_ == At::file;
    case FrameType::file_end:
      if (at_ != At::file || frame.count != octets_) return false;
      at_ = At::part;
      return true;
    case FrameType::part_end:
      if (at_ != At::part || frame.count != files_) return false;
      ++parts_;
      at_ = At::between;
      return true;
    case FrameType::end:
      if (at_ != At::between || frame.count != parts_) return false;
      at_ = At::end;
      return true;
  }
  return false;
}

Result<void> FrameReader::take(std::string_view octets, const std::function<void(const Frame&)>& use) {
  waiting_.append(octets);
  std::string_view rest = waiting_;
  while (rest.size() >= kHead) {
    if (at_ == At::end) return failure("something behind the end");
    ByteReader head(rest);
    const auto type = static_cast<FrameType>(head.u8());
    const std::uint32_t length = head.u32();
    if (length > limits::kBackupBlock) return failure("a frame's length");
    if (rest.size() < kHead + length) break;
    const Result<Frame> frame = decode(type, rest.substr(kHead, length));
    if (!frame) return tl::unexpected(frame.error());
    if (!place(*frame)) return failure("a frame in the wrong place, or a wrong count");
    use(*frame);
    rest.remove_prefix(kHead + length);
  }
  waiting_.erase(0, waiting_.size() - rest.size());
  if (at_ == At::end && !waiting_.empty()) return failure("something behind the end");
  return {};
}

}  // namespace kiyome::backup

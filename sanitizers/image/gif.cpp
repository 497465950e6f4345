// GIF (GIF89a specification), own decoder: the first frame on its screen. Trusts nothing; every loop ends
// with the octets or with the frame.
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "sanitizers/image/decoders.h"
#include "sanitizers/image/gif_lzw.h"
#include "sanitizers/image/reducer.h"
#include "sanitizers/image/tail.h"
#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::image {
namespace {

using type::le16;
using type::slice;

constexpr unsigned char kExtension = 0x21, kImage = 0x2c, kTrailer = 0x3b;
constexpr unsigned char kGraphicControl = 0xf9, kComment = 0xfe, kApplication = 0xff;
constexpr std::size_t kScreen = 13, kDescriptor = 9;

constexpr std::size_t kLeastPart = 1000;  // one of so many pixels has to be there

using Palette = std::array<std::array<std::uint8_t, 3>, 256>;

// Without any palette a frame is shades of gray, as most programs show it.
Palette gray_ramp() {
  Palette out{};
  for (unsigned i = 0; i < 256; ++i) out[i].fill(static_cast<std::uint8_t>(i));
  return out;
}

struct Frame {
  std::uint32_t left = 0, top = 0, width = 0, height = 0;
  bool interlaced = false;
  Palette palette{};
  int transparent = -1;
  std::size_t data = 0;  // where its code size stands
};

class Walker {
 public:
  explicit Walker(std::string_view octets) : octets_(octets) {}

  // The first frame with its palette; nothing when there is none.
  std::optional<Frame> first_frame() {
    palette_ = gray_ramp();
    at_ = kScreen;
    read_palette(octet(10), palette_);
    while (next_block()) {
      if (image_) return frame_;
    }
    return std::nullopt;
  }

  // Behind the first frame: whether there are more, and where the file ends.
  void rest() {
    while (next_block()) animated = animated || image_;
  }

  bool metadata = false, animated = false;
  bool complete = false;  // the trailer was seen
  std::string_view tail() const { return slice(octets_, at_); }

 private:
  unsigned char octet(std::size_t at) const {
    return at < octets_.size() ? static_cast<unsigned char>(octets_[at]) : 0;
  }

  void read_palette(unsigned char flags, Palette& into) {
    if ((flags & 0x80) == 0) return;
    const std::size_t count = std::size_t{2} << (flags & 7);
    into = {};
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t c = 0; c < 3; ++c) into[i][c] = octet(at_ + 3 * i + c);
    at_ += 3 * count;
  }

  void skip_sub_blocks() {
    while (at_ < octets_.size()) {
      const std::size_t size = octet(at_);
      at_ += size + 1;
      if (size == 0) return;
    }
  }

  // Reads one block and goes behind it. false at the end.
  bool next_block() {
    image_ = false;
    if (at_ >= octets_.size()) return false;
    const unsigned char kind = octet(at_++);
    if (kind == kTrailer) {
      complete = true;
      return false;
    }
    if (kind == kExtension) {
      extension();
    } else if (kind == kImage) {
      descriptor();
    }  // anything else is stepped over, as browsers do
    return true;
  }

  void extension() {
    const unsigned char label = octet(at_++);
    if (label == kGraphicControl && octet(at_) >= 4)
      transparent_ = (octet(at_ + 1) & 1) != 0 ? octet(at_ + 4) : -1;
    if (label == kComment || (label == kApplication && slice(octets_, at_ + 1).starts_with("XMP Data")))
      metadata = true;
    skip_sub_blocks();
  }

  void descriptor() {
    image_ = true;
    Frame frame;
    frame.left = le16(octets_, at_);
    frame.top = le16(octets_, at_ + 2);
    frame.width = le16(octets_, at_ + 4);
    frame.height = le16(octets_, at_ + 6);
    const unsigned char flags = octet(at_ + 8);
    frame.interlaced = (flags & 0x40) != 0;
    frame.transparent = transparent_;
    frame.palette = palette_;
    at_ += kDescriptor;
    read_palette(flags, frame.palette);
    frame.data = at_++;
    frame_ = frame;
    skip_sub_blocks();
    transparent_ = -1;
  }

  std::string_view octets_;
  std::size_t at_ = 0;
  Palette palette_{};
  int transparent_ = -1;
  bool image_ = false;
  Frame frame_;
};

// Row `y` of the frame stands at this place of the interlaced order (appendix E).
std::vector<std::uint32_t> stored_rows(const Frame& frame) {
  std::vector<std::uint32_t> out(frame.height);
  struct Pass {
    std::uint32_t from, step;
  };
  constexpr Pass kInterlaced[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};
  std::uint32_t stored = 0;
  if (frame.interlaced) {
    for (const Pass& pass : kInterlaced)
      for (std::uint32_t y = pass.from; y < frame.height; y += pass.step) out[y] = stored++;
  } else {
    for (std::uint32_t& row : out) row = stored++;
  }
  return out;
}

// Puts the frame on its screen. `known` of its pixels were decoded, in stored order.
void say_rows(const Frame& frame, const std::vector<std::uint8_t>& indices, std::size_t known,
              const Shape& shape, Reducer& reducer) {
  const std::vector<std::uint32_t> order = stored_rows(frame);
  std::vector<std::uint8_t> row(std::size_t{shape.width} * 3, 255);
  for (std::uint32_t y = 0; y < shape.height; ++y) {
    std::fill(row.begin(), row.end(), std::uint8_t{255});
    if (y >= frame.top && y - frame.top < frame.height) {
      std::size_t from = std::size_t{order[y - frame.top]} * frame.width;
      std::uint8_t* to = row.data() + std::size_t{frame.left} * 3;
      for (std::uint32_t x = 0; x < frame.width && from < known; ++x, ++from, to += 3)
        if (indices[from] != frame.transparent) std::copy_n(frame.palette[indices[from]].begin(), 3, to);
    }
    reducer.row(row.data());
  }
}

}  // namespace

Outcome<Picture> read_gif(std::string_view octets, const clean::JobOptions& options) {
  Walker walker(octets);
  const auto frame = walker.first_frame();
  if (!frame || frame->width == 0 || frame->height == 0) return refused(clean::Finding::kDamagedPart);
  // Screens that are too small for their first frame, or 0 x 0, are common: browsers let them grow.
  Shape shape;
  shape.width = std::max(le16(octets, 6), frame->left + frame->width);
  shape.height = std::max(le16(octets, 8), frame->top + frame->height);
  const auto planned = plan(shape, options, true);
  if (!planned) return refused(planned.error());

  std::vector<std::uint8_t> indices(std::size_t{frame->width} * frame->height);
  const std::size_t known = unpack_gif(slice(octets, frame->data), indices);
  if (known <= indices.size() / kLeastPart) return refused(clean::Finding::kDamagedPart);
  Reducer reducer(shape.width, shape.height, 3, planned->width, planned->height);
  say_rows(*frame, indices, known, shape, reducer);

  Picture out{make_sheet(reducer.take(), *planned, 1, known < indices.size()), {}};
  walker.rest();
  if (walker.metadata) out.notes.push_back(clean::Finding::kMetadataRemoved);
  if (walker.animated) out.notes.push_back(clean::Finding::kAnimated);
  if (walker.complete) note_tail(walker.tail(), false, out.notes);
  return out;
}

}  // namespace kiyome::sanitizer::image

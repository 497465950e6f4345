#include "sanitizers/image/reducer.h"

#include <algorithm>
#include <cstring>

namespace kiyome::sanitizer::image {
namespace {

constexpr std::uint64_t kOne = 65536;  // all weights of one made pixel

}  // namespace

// A stored pixel is out_width units wide and a made one width units, so that all edges are whole numbers.
Reducer::Reducer(std::uint32_t width, std::uint32_t height, unsigned channels, std::uint32_t out_width,
                 std::uint32_t out_height)
    : width_(width),
      height_(height),
      out_height_(out_height),
      channels_(channels),
      copies_across_(width == out_width),
      copies_down_(height == out_height),
      out_{out_width, out_height, channels, {}} {
  out_.octets.assign(std::size_t{out_width} * out_height * channels, 255);
  if (copies_across_ && copies_down_) return;
  across_.resize(std::size_t{out_width} * channels);
  sums_.assign(across_.size(), 0);
  if (copies_across_) return;
  share_ends_.reserve(out_width);
  for (std::uint64_t x = 0; x < out_width; ++x) {
    const std::uint64_t begin = x * width, end = begin + width;
    for (std::uint64_t at = begin; at < end;) {
      const std::uint64_t from = at / out_width, until = std::min(end, (from + 1) * out_width);
      // Cumulative, so that rounding never changes the sum.
      const std::uint64_t weight = (until - begin) * kOne / width - (at - begin) * kOne / width;
      shares_.push_back({static_cast<std::uint32_t>(from * channels), static_cast<std::uint32_t>(weight)});
      at = until;
    }
    share_ends_.push_back(static_cast<std::uint32_t>(shares_.size()));
  }
}

void Reducer::average_across(const std::uint8_t* octets) {
  if (copies_across_) {
    for (std::size_t i = 0; i < across_.size(); ++i) across_[i] = std::uint32_t{octets[i]} << 8;
    return;
  }
  std::size_t share = 0, to = 0;
  for (const std::uint32_t end : share_ends_) {
    if (channels_ == 1) {
      std::uint32_t sum = 0;
      for (; share < end; ++share) sum += shares_[share].weight * octets[shares_[share].from];
      across_[to++] = sum >> 8;
      continue;
    }
    std::uint32_t red = 0, green = 0, blue = 0;
    for (; share < end; ++share) {
      const std::uint8_t* const from = octets + shares_[share].from;
      const std::uint32_t weight = shares_[share].weight;
      red += weight * from[0];
      green += weight * from[1];
      blue += weight * from[2];
    }
    across_[to] = red >> 8;
    across_[to + 1] = green >> 8;
    across_[to + 2] = blue >> 8;
    to += 3;
  }
}

void Reducer::finish_row() {
  const std::size_t size = sums_.size();
  std::uint8_t* const to = out_.octets.data() + std::size_t{made_} * size;
  for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<std::uint8_t>((sums_[i] + (1u << 23)) >> 24);
  std::fill(sums_.begin(), sums_.end(), 0);
  ++made_;
  covered_ = 0;
}

void Reducer::row(const std::uint8_t* octets) {
  if (rows_ >= height_) return;
  ++rows_;
  if (copies_across_ && copies_down_) {
    const std::size_t size = std::size_t{width_} * channels_;
    std::memcpy(out_.octets.data() + (rows_ - 1) * size, octets, size);
    return;
  }
  average_across(octets);
  for (std::uint64_t left = out_height_; left > 0 && made_ < out_height_;) {
    const std::uint64_t part = std::min<std::uint64_t>(left, height_ - covered_);
    const auto weight =
        static_cast<std::uint32_t>((covered_ + part) * kOne / height_ - covered_ * kOne / height_);
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += across_[i] * weight;
    covered_ += part;
    left -= part;
    if (covered_ == height_) finish_row();
  }
}

Pixels Reducer::take() { return std::move(out_); }

}  // namespace kiyome::sanitizer::image

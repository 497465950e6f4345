// See shrink.h.
#include "service/compose/document/shrink.h"

#include <algorithm>

#include "proto/base/check.h"

namespace kiyome::compose {
namespace {

std::uint32_t scaled(std::uint32_t length, std::uint32_t side, std::uint32_t longer) {
  const std::uint64_t out = (std::uint64_t{length} * side + longer / 2) / longer;
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(out, 1));
}

}  // namespace

Shrink::Shrink(const clean::Page& page, std::uint32_t side)
    : page_(page),
      width_(page.pixel_width),
      height_(page.pixel_height),
      channels_(octets_of_pixel(page.format)) {
  KIYOME_CHECK(side > 0 && width_ > 0 && height_ > 0);
  const std::uint32_t longer = std::max(width_, height_);
  if (longer > side) {
    page_.pixel_width = scaled(width_, side, longer);
    page_.pixel_height = scaled(height_, side, longer);
  }
  octets_ = std::size_t{page_.pixel_width} * page_.pixel_height * channels_;
  if (longer <= side) return;
  // A pixel of the result covers width_ parts, a pixel of the page page_.pixel_width of them.
  const std::uint64_t part = page_.pixel_width;
  for (std::uint64_t x = 0; x < part; ++x) {
    const std::uint64_t begin = x * width_, end = begin + width_;
    Span span;
    span.first = static_cast<std::uint32_t>(begin / part);
    span.last = static_cast<std::uint32_t>((end - 1) / part);
    span.head = static_cast<std::uint32_t>(std::min((span.first + 1) * part, end) - begin);
    span.tail = span.last > span.first ? static_cast<std::uint32_t>(end - span.last * part) : 0;
    spans_.push_back(span);
  }
  sums_.resize(std::size_t{width_} * channels_);
  pixels_.reserve(octets_);
}

void Shrink::rows(std::string_view octets) {
  if (spans_.empty()) {
    KIYOME_CHECK(octets.size() <= octets_ - pixels_.size());
    pixels_.append(octets);
    return;
  }
  const std::size_t row = std::size_t{width_} * channels_;
  KIYOME_CHECK(octets.size() % row == 0 && octets.size() / row <= height_ - seen_);
  for (std::size_t at = 0; at < octets.size(); at += row) {
    const std::string_view one = octets.substr(at, row);
    // A row of the result has height_ parts, a row of the page page_.pixel_height of them.
    ++seen_;
    const std::uint32_t room = height_ - filled_, part = page_.pixel_height;
    add(one, std::min(part, room));
    if (filled_ == height_) end_row();
    if (part > room) add(one, part - room);
  }
}

// One loop that the compiler turns into vector code. 255 * kPageSide fits well.
void Shrink::add(std::string_view row, std::uint32_t weight) {
  filled_ += weight;
  const auto* from = reinterpret_cast<const std::uint8_t*>(row.data());
  std::uint32_t* into = sums_.data();
  for (std::size_t i = 0, count = sums_.size(); i < count; ++i) into[i] += weight * from[i];
}

void Shrink::end_row() {
  if (sums_ == before_)
    pixels_.append(pixels_, pixels_.size() - std::size_t{page_.pixel_width} * channels_);
  else
    channels_ == 1 ? write_row<1>() : write_row<3>();
  before_.swap(sums_);
  sums_.assign(before_.size(), 0);
  filled_ = 0;
}

template <std::uint32_t kChannels>
void Shrink::write_row() {
  const std::uint64_t area = std::uint64_t{width_} * height_, part = page_.pixel_width;
  // A division in less time: sums are whole, so a quarter more than the half keeps every rounding error away.
  const double share = 1.0 / static_cast<double>(area);
  const double half = static_cast<double>(area / 2) + 0.25;
  for (const Span& span : spans_) {
    const std::uint32_t* at = sums_.data() + std::size_t{span.first} * kChannels;
    const std::uint32_t* last = sums_.data() + std::size_t{span.last} * kChannels;
    std::uint64_t sums[kChannels];
    for (std::uint32_t i = 0; i < kChannels; ++i)
      sums[i] = std::uint64_t{span.head} * at[i] + std::uint64_t{span.tail} * last[i];
    for (at += kChannels; at < last; at += kChannels)
      for (std::uint32_t i = 0; i < kChannels; ++i) sums[i] += part * at[i];
    for (std::uint32_t i = 0; i < kChannels; ++i)
      pixels_ += static_cast<char>(static_cast<std::uint32_t>((static_cast<double>(sums[i]) + half) * share));
  }
}

}  // namespace kiyome::compose

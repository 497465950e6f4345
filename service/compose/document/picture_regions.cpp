// Which parts of a page are pictures; see page_shape.h.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include "proto/base/limits.h"
#include "service/compose/document/page_shape.h"

namespace kiyome::compose {
namespace {

constexpr std::uint32_t kBlock = 16;  // pixels; one chroma block of a JPEG
constexpr std::uint32_t kReach = 2;   // blocks between two that are still one picture
constexpr std::uint32_t kSide = 3;    // blocks: what is narrower is a line or a letter
constexpr std::uint32_t kBlocks = 12;
constexpr int kEdge = 24;  // levels between neighbours: less is a shade, more is drawn

// The commonest of the colours it was shown, in a table that loses some when there are many: then none
// prevails anyway.
class Prevailing {
 public:
  void clear() { slots_.fill({}); }
  void add(std::uint32_t colour) {
    Slot& slot = slots_[(colour * 0x9E3779B1u) >> 26];
    if (slot.count > 0 && slot.colour != colour) {
      --slot.count;
      return;
    }
    slot.colour = colour;
    most_ = std::max(most_, ++slot.count);
  }
  std::uint32_t take_most() {
    const std::uint32_t most = most_;
    most_ = 0;
    return most;
  }

 private:
  struct Slot {
    std::uint32_t colour = 0, count = 0;
  };
  std::array<Slot, 64> slots_{};
  std::uint32_t most_ = 0;
};

std::uint32_t colour_at(const std::uint8_t* pixel, std::uint32_t channels) {
  return channels == 1 ? pixel[0] : std::uint32_t{pixel[0]} << 16 | std::uint32_t{pixel[1]} << 8 | pixel[2];
}

// Every second pixel of every second row. No colour has a sixth of the block; or none has half of it, and
// nothing in it is drawn.
bool is_picture(const Pixels& block, Prevailing& prevailing) {
  prevailing.clear();
  std::uint32_t seen = 0;
  int edges = 0;
  for (std::uint32_t y = 0; y < block.height; y += 2) {
    const std::uint8_t* row = block.row(y);
    int before = row[block.channels / 2];
    for (std::uint32_t x = 0; x < block.width; x += 2) {
      const std::uint8_t* pixel = row + std::size_t{x} * block.channels;
      const int green = pixel[block.channels / 2];
      edges += std::abs(green - before) > kEdge;
      before = green;
      prevailing.add(colour_at(pixel, block.channels));
      ++seen;
    }
  }
  const std::uint32_t most = prevailing.take_most();
  return most * 6 < seen || (edges == 0 && most * 2 < seen);
}

// A grid of blocks; true where there is a picture.
struct Grid {
  std::uint32_t width = 0, height = 0;
  std::vector<std::uint8_t> picture;
};

// How many octets of a band of rows equal the ones left of and above them, counted for each column of octets.
struct Likeness {
  std::vector<std::uint8_t> left, above;
};

void count_likeness(const Pixels& pixels, std::uint32_t first, std::uint32_t end, Likeness& alike) {
  const std::size_t octets = pixels.row_octets();
  const std::size_t step = pixels.channels;
  alike.left.assign(octets, 0);
  alike.above.assign(octets, 0);
  std::uint8_t* left = alike.left.data();
  std::uint8_t* above = alike.above.data();
  for (std::uint32_t y = first; y < end; ++y) {
    const std::uint8_t* row = pixels.row(y);
    const std::uint8_t* upper = pixels.row(y > 0 ? y - 1 : 0);
    for (std::size_t i = step; i < octets; ++i) left[i] += row[i] == row[i - step];
    for (std::size_t i = 0; i < octets; ++i) above[i] += row[i] == upper[i];
  }
}

// Most blocks of most pages are told by likeness alone.
Grid grid_of(const Pixels& pixels) {
  Grid grid{(pixels.width + kBlock - 1) / kBlock, (pixels.height + kBlock - 1) / kBlock, {}};
  grid.picture.assign(std::size_t{grid.width} * grid.height, 0);
  Likeness alike;
  Prevailing prevailing;
  for (std::uint32_t by = 0; by < grid.height; ++by) {
    const std::uint32_t y = by * kBlock, height = std::min(kBlock, pixels.height - y);
    count_likeness(pixels, y, y + height, alike);
    for (std::uint32_t bx = 0; bx < grid.width; ++bx) {
      const std::uint32_t x = bx * kBlock, width = std::min(kBlock, pixels.width - x);
      const std::size_t begin = std::size_t{x} * pixels.channels,
                        count = std::size_t{width} * pixels.channels;
      std::uint32_t left = 0, above = 0;
      for (std::size_t i = begin; i < begin + count; ++i) left += alike.left[i];
      for (std::size_t i = begin; i < begin + count; ++i) above += alike.above[i];
      const auto half = static_cast<std::uint32_t>(count * height / 2);
      if (left >= half || above >= half) continue;
      grid.picture[std::size_t{by} * grid.width + bx] =
          is_picture(pixels.part({x, y, width, height}), prevailing);
    }
  }
  return grid;
}

// Blocks that hang together, as first and last columns and rows.
struct Group {
  std::uint32_t left, top, right, bottom, blocks;
};

// Takes the group out of the grid.
Group take_group(Grid& grid, std::uint32_t x, std::uint32_t y, std::vector<std::uint32_t>& waiting) {
  Group group{x, y, x, y, 0};
  const auto visit = [&](std::uint32_t at) {
    grid.picture[at] = 0;
    waiting.push_back(at);
  };
  visit(y * grid.width + x);
  while (!waiting.empty()) {
    const std::uint32_t bx = waiting.back() % grid.width, by = waiting.back() / grid.width;
    waiting.pop_back();
    ++group.blocks;
    group = {std::min(group.left, bx), std::min(group.top, by), std::max(group.right, bx),
             std::max(group.bottom, by), group.blocks};
    const std::uint32_t last_x = std::min(bx + kReach, grid.width - 1);
    const std::uint32_t last_y = std::min(by + kReach, grid.height - 1);
    for (std::uint32_t ny = by - std::min(by, kReach); ny <= last_y; ++ny)
      for (std::uint32_t nx = bx - std::min(bx, kReach); nx <= last_x; ++nx)
        if (grid.picture[ny * grid.width + nx]) visit(ny * grid.width + nx);
  }
  return group;
}

// One block more on each side: there a picture usually gives way to something plain, where a seam would not
// be seen.
Rect grown(const Group& group, const Pixels& pixels) {
  const std::uint32_t x = (group.left - std::min(group.left, 1u)) * kBlock;
  const std::uint32_t y = (group.top - std::min(group.top, 1u)) * kBlock;
  return {x, y, std::min((group.right + 2) * kBlock, pixels.width) - x,
          std::min((group.bottom + 2) * kBlock, pixels.height) - y};
}

bool overlap(const Rect& a, const Rect& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

Rect hull(const Rect& a, const Rect& b) {
  const std::uint32_t x = std::min(a.x, b.x), y = std::min(a.y, b.y);
  return {x, y, std::max(a.x + a.width, b.x + b.width) - x, std::max(a.y + a.height, b.y + b.height) - y};
}

// Each round makes one of two, so it ends.
void join_overlapping(std::vector<Rect>& regions) {
  for (std::size_t i = 0; i < regions.size();) {
    const auto other = std::find_if(regions.begin() + static_cast<std::ptrdiff_t>(i) + 1, regions.end(),
                                    [&](const Rect& rect) { return overlap(regions[i], rect); });
    if (other == regions.end()) {
      ++i;
      continue;
    }
    regions[i] = hull(regions[i], *other);
    regions.erase(other);
    i = 0;
  }
}

}  // namespace

std::vector<Rect> picture_regions(const Pixels& pixels) {
  Grid grid = grid_of(pixels);
  std::vector<Rect> regions;
  std::vector<std::uint32_t> waiting;
  for (std::uint32_t y = 0; y < grid.height; ++y)
    for (std::uint32_t x = 0; x < grid.width; ++x) {
      if (!grid.picture[y * grid.width + x]) continue;
      const Group group = take_group(grid, x, y, waiting);
      const std::uint32_t width = group.right - group.left + 1, height = group.bottom - group.top + 1;
      if (group.blocks < kBlocks || width < kSide || height < kSide) continue;
      if (std::uint64_t{group.blocks} * 4 > std::uint64_t{width} * height)
        regions.push_back(grown(group, pixels));
    }
  std::sort(regions.begin(), regions.end(), [](const Rect& a, const Rect& b) { return a.area() > b.area(); });
  if (regions.size() > limits::kPageRegions) regions.resize(limits::kPageRegions);
  join_overlapping(regions);
  return regions;
}

}  // namespace kiyome::compose

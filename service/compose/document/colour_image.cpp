// Pages with colour as Flate images with a palette.
#include <algorithm>
#include <cstring>

#include "service/compose/document/page_images.h"

namespace kiyome::compose {
namespace {

constexpr std::size_t kBuckets = 1u << 15;  // five bits of each channel
constexpr std::uint16_t kNoBucket = 0xFFFF;
constexpr std::uint32_t kNoColour = ~0u;
constexpr double kManyColoursError = 2.5;  // 256 colours for more are good enough up to here

std::uint32_t colour_at(const std::uint8_t* pixel) {
  return std::uint32_t{pixel[0]} << 16 | std::uint32_t{pixel[1]} << 8 | pixel[2];
}

std::size_t bucket_of(std::uint32_t colour) {
  return (colour >> 19 & 0x1F) << 10 | (colour >> 11 & 0x1F) << 5 | (colour >> 3 & 0x1F);
}

bool alike(const std::uint8_t* a, const std::uint8_t* b) {
  std::uint64_t x = 0, y = 0;
  std::memcpy(&x, a, 8);
  std::memcpy(&y, b, 8);
  return x == y;
}

// All eight pixels have one colour: the 24 octets are alike when moved by one pixel.
bool is_flat(const std::uint8_t* group) {
  return alike(group, group + 3) && alike(group + 8, group + 11) && alike(group + 13, group + 16);
}

// Shows `flat(colour, x)` each group of one colour and `mixed(pixels, x, count)` all between. Stops when one
// of them says no.
template <class Flat, class Mixed>
bool walk_row(const std::uint8_t* row, std::uint32_t width, Flat flat, Mixed mixed) {
  std::uint32_t x = 0;
  for (; x + kGroup <= width; x += kGroup) {
    const std::uint8_t* group = row + std::size_t{3} * x;
    if (!(is_flat(group) ? flat(colour_at(group), x) : mixed(group, x, kGroup))) return false;
  }
  return x == width || mixed(row + std::size_t{3} * x, x, width - x);
}

// Shows `count(colour, times, shade)` every pixel. Stops when it says no.
template <class Count>
bool count_groups(const Pixels& pixels, Count count) {
  constexpr std::uint32_t kWhite = 0xFFFFFF;
  for (std::uint32_t y = 0; y < pixels.height; ++y) {
    const std::uint8_t* row = pixels.row(y);
    const auto shade = [&](std::uint32_t x) {
      return y > 0 && is_shade(row + std::size_t{3} * x, 3, pixels.stride);
    };
    const auto flat = [&](std::uint32_t colour, std::uint32_t x) {
      return count(colour, kGroup, colour == kWhite || shade(x));
    };
    const auto mixed = [&](const std::uint8_t* group, std::uint32_t x, std::uint32_t size) {
      const bool shades = size == kGroup && shade(x);
      for (std::uint32_t i = 0; i < size; ++i)
        if (!count(colour_at(group + std::size_t{3} * i), 1, shades)) return false;
      return true;
    };
    if (!walk_row(row, pixels.width, flat, mixed)) return false;
  }
  return true;
}

void append_hex(std::string& out, std::uint8_t octet) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  out += kDigits[octet >> 4];
  out += kDigits[octet & 0xF];
}

// Eight bits stay, or two pixels go into an octet.
void pack_row(const std::vector<std::uint8_t>& indices, bool four_bits, char* out) {
  if (!four_bits) {
    std::memcpy(out, indices.data(), indices.size());
    return;
  }
  const std::size_t pairs = indices.size() / 2;
  const std::uint8_t* from = indices.data();
  for (std::size_t i = 0; i < pairs; ++i) out[i] = static_cast<char>(from[2 * i] << 4 | from[2 * i + 1]);
  if (indices.size() % 2 != 0) out[pairs] = static_cast<char>(indices.back() << 4);
}

}  // namespace

std::string indexed_space(const Palette& palette, std::size_t highest) {
  std::string space = "[/Indexed /DeviceRGB ";
  space.append(std::to_string(highest)).append(" <");
  for (std::size_t i = 0; i <= highest; ++i)
    for (std::size_t channel = 0; channel < 3; ++channel)
      append_hex(space, i < palette.colours.size() ? palette.colours[i][channel] : 0);
  return space.append(">]");
}

bool PageEncoder::count_colours(const Pixels& pixels) {
  table_.clear();
  colours_.clear();
  const auto count = [&](std::uint32_t colour, std::uint32_t times, bool shade) {
    const std::uint16_t number = table_.add(colour);
    if (number == ColourTable::kFull) return false;
    if (number == colours_.size())
      colours_.push_back({static_cast<std::uint8_t>(colour >> 16), static_cast<std::uint8_t>(colour >> 8),
                          static_cast<std::uint8_t>(colour), 0, 0});
    colours_[number].count += times;
    if (shade) colours_[number].flat += times;
    return true;
  };
  return count_groups(pixels, count);
}

void PageEncoder::count_buckets(const Pixels& pixels) {
  struct Bucket {
    std::uint64_t red = 0, green = 0, blue = 0;
    std::uint32_t count = 0, flat = 0, background = kNoColour;
  };
  std::vector<Bucket> buckets(kBuckets);
  const auto count = [&](std::uint32_t colour, std::uint32_t times, bool shade) {
    Bucket& bucket = buckets[bucket_of(colour)];
    bucket.red += std::uint64_t{colour >> 16} * times;
    bucket.green += std::uint64_t{colour >> 8 & 0xFF} * times;
    bucket.blue += std::uint64_t{colour & 0xFF} * times;
    bucket.count += times;
    if (shade) bucket.flat += times;
    if (times == kGroup) bucket.background = colour;
    return true;
  };
  count_groups(pixels, count);

  colours_.clear();
  buckets_.assign(kBuckets, kNoBucket);
  for (std::size_t i = 0; i < kBuckets; ++i) {
    const Bucket& bucket = buckets[i];
    if (bucket.count == 0) continue;
    buckets_[i] = static_cast<std::uint16_t>(colours_.size());
    const auto mean = [&](std::uint64_t sum) { return static_cast<std::uint8_t>(sum / bucket.count); };
    Colour colour{mean(bucket.red), mean(bucket.green), mean(bucket.blue), bucket.count, bucket.flat};
    if (bucket.flat * std::uint64_t{2} > bucket.count && bucket.background != kNoColour) {
      colour.red = static_cast<std::uint8_t>(bucket.background >> 16);
      colour.green = static_cast<std::uint8_t>(bucket.background >> 8);
      colour.blue = static_cast<std::uint8_t>(bucket.background);
    }
    colours_.push_back(colour);
  }
}

EncodedImage PageEncoder::indexed(const Pixels& pixels, const Palette& palette, bool exact) {
  const bool four_bits = palette.colours.size() <= 16;
  const std::size_t octets = four_bits ? (std::size_t{pixels.width} + 1) / 2 : pixels.width;
  char* packed = pack(octets * pixels.height);
  std::vector<std::uint8_t> indices(pixels.width);
  std::uint32_t last = kNoColour;
  std::uint8_t index = 0;
  const auto look_up = [&](std::uint32_t colour) {
    if (colour == last) return index;
    last = colour;
    index = palette.index[exact ? table_.add(colour) : buckets_[bucket_of(colour)]];
    return index;
  };
  const auto flat = [&](std::uint32_t colour, std::uint32_t x) {
    std::memset(indices.data() + x, look_up(colour), kGroup);
    return true;
  };
  const auto mixed = [&](const std::uint8_t* group, std::uint32_t x, std::uint32_t size) {
    for (std::uint32_t i = 0; i < size; ++i) indices[x + i] = look_up(colour_at(group + std::size_t{3} * i));
    return true;
  };
  for (std::uint32_t y = 0; y < pixels.height; ++y) {
    walk_row(pixels.row(y), pixels.width, flat, mixed);
    pack_row(indices, four_bits, packed + y * octets);
  }
  const std::size_t highest = four_bits ? std::max<std::size_t>(palette.colours.size(), 2) - 1 : 255;
  return flate(pixels, "/ColorSpace " + indexed_space(palette, highest) + " /BitsPerComponent " +
                           (four_bits ? "4" : "8"));
}

EncodedImage PageEncoder::colour_image(const Pixels& pixels) {
  const bool exact = count_colours(pixels);
  if (!exact) count_buckets(pixels);
  const Palette few = choose_palette(colours_, 16);
  if (looks_alike(few)) return indexed(pixels, few, exact);
  const Palette many = choose_palette(colours_, 256);
  if (!looks_alike(many) || many.error > kManyColoursError) return jpeg_image(pixels);
  return smaller(indexed(pixels, many, exact), pixels);
}

EncodedImage PageEncoder::smaller(EncodedImage lossless, const Pixels& pixels) {
  constexpr std::uint64_t kWorthATry = 8;  // pixels an octet: a JPEG of drawings has about as many
  constexpr double kMuchSmaller = 0.8;     // … and blurs letters, so it must win something
  if (lossless.octets.size() < pixels.area() / kWorthATry) return lossless;
  EncodedImage lossy = jpeg_image(pixels);
  const bool wins =
      static_cast<double>(lossy.octets.size()) < kMuchSmaller * static_cast<double>(lossless.octets.size());
  return wins ? std::move(lossy) : std::move(lossless);
}

}  // namespace kiyome::compose

// See colours.h.
#include "service/compose/document/colours.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>

namespace kiyome::compose {
namespace {

constexpr double kErrorMax = 4.5;              // of all pixels; 4-bit gray has about 4 on dense text
constexpr double kWrongMax = 0.0002;           // a name stamp has 0.1 % of a page
constexpr std::uint32_t kWrong = 3 * 40 * 40;  // squared distance of colours that a person tells apart
constexpr int kFlatError = 4;                  // levels: larger steps in a shade are seen
constexpr double kFlatWrongMax = 0.001;
constexpr double kFlatShare = 0.0005;  // of the page: what is smaller is no background
constexpr int kRounds = 2;             // of moving the palette to the middle of what it stands for

using Entry = std::array<std::uint8_t, 3>;

std::uint32_t squared_distance(const Colour& colour, const Entry& entry) {
  const int red = colour.red - entry[0], green = colour.green - entry[1], blue = colour.blue - entry[2];
  return static_cast<std::uint32_t>(red * red + green * green + blue * blue);
}

std::uint64_t pixels_of(const std::vector<Colour>& colours) {
  std::uint64_t sum = 0;
  for (const Colour& colour : colours) sum += colour.count;
  return std::max<std::uint64_t>(sum, 1);
}

bool is_extreme(const Colour& colour) {
  return (colour.red == 0 || colour.red == 255) && colour.red == colour.green && colour.red == colour.blue;
}

// Grows a palette and knows, for each colour of the page, its nearest entry so far.
class Chooser {
 public:
  Chooser(const std::vector<Colour>& colours, std::size_t size)
      : colours_(colours), size_(size), nearest_(colours.size(), 0), distance_(colours.size(), kFar) {
    for (const Colour& colour : colours) {
      red_.push_back(colour.red);
      green_.push_back(colour.green);
      blue_.push_back(colour.blue);
      count_.push_back(static_cast<float>(colour.count));
    }
  }

  Palette take(const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) add({entry[0], entry[1], entry[2], 0, 0});
    return result();
  }

  // Backgrounds first, the largest first; then what is worst represented.
  Palette choose(std::uint64_t pixels) {
    pin_backgrounds(pixels);
    pinned_ = entries_.size();
    while (entries_.size() < size_ && add_worst()) {
    }
    for (int round = 0; round < kRounds && entries_.size() > pinned_; ++round) settle();
    return result();
  }

 private:
  static constexpr float kFar = 1e9F;

  Palette result() const {
    return {entries_, std::vector<std::uint8_t>(nearest_.begin(), nearest_.end()), 0, 0, 0};
  }

  void pin_backgrounds(std::uint64_t pixels) {
    std::vector<std::size_t> backgrounds;
    const double least = kFlatShare * static_cast<double>(pixels);
    for (std::size_t i = 0; i < colours_.size(); ++i)
      if (colours_[i].flat > least || is_extreme(colours_[i])) backgrounds.push_back(i);
    std::sort(backgrounds.begin(), backgrounds.end(), [&](std::size_t a, std::size_t b) {
      const bool extreme_a = is_extreme(colours_[a]), extreme_b = is_extreme(colours_[b]);
      return extreme_a != extreme_b ? extreme_a : colours_[a].flat > colours_[b].flat;
    });
    for (const std::size_t i : backgrounds) {
      if (entries_.size() == size_) return;
      if (distance_[i] > 3) add(colours_[i]);  // one level a channel is the same
    }
  }

  void add(const Colour& colour) {
    const Entry entry{colour.red, colour.green, colour.blue};
    const auto number = static_cast<std::int32_t>(entries_.size());
    entries_.push_back(entry);
    const float red = colour.red, green = colour.green, blue = colour.blue;
    const float *reds = red_.data(), *greens = green_.data(), *blues = blue_.data();
    float* least = distance_.data();
    std::int32_t* nearest = nearest_.data();
    const std::size_t size = colours_.size();
    for (std::size_t i = 0; i < size; ++i) {
      const float r = reds[i] - red, g = greens[i] - green, b = blues[i] - blue;
      const float distance = r * r + g * g + b * b;
      const bool nearer = distance < least[i];
      nearest[i] = nearer ? number : nearest[i];
      least[i] = nearer ? distance : least[i];
    }
  }

  bool add_worst() {
    std::size_t worst = 0;
    float most = 0;
    for (std::size_t i = 0; i < colours_.size(); ++i) {
      const float weight = count_[i] * distance_[i];
      if (weight > most) {
        most = weight;
        worst = i;
      }
    }
    if (most == 0 && !entries_.empty()) return false;
    add(colours_[worst]);
    return true;
  }

  void settle() {
    struct Sum {
      std::uint64_t red = 0, green = 0, blue = 0, count = 0;
    };
    std::vector<Sum> sums(entries_.size());
    for (std::size_t i = 0; i < colours_.size(); ++i) {
      const Colour& colour = colours_[i];
      Sum& sum = sums[static_cast<std::size_t>(nearest_[i])];
      sum.red += std::uint64_t{colour.red} * colour.count;
      sum.green += std::uint64_t{colour.green} * colour.count;
      sum.blue += std::uint64_t{colour.blue} * colour.count;
      sum.count += colour.count;
    }
    std::vector<Entry> old;
    old.swap(entries_);
    std::fill(distance_.begin(), distance_.end(), kFar);
    for (std::size_t k = 0; k < old.size(); ++k) {
      const Sum& sum = sums[k];
      Colour middle{old[k][0], old[k][1], old[k][2], 0, 0};
      const auto mean = [&](std::uint64_t total) {
        return static_cast<std::uint8_t>((total + sum.count / 2) / sum.count);
      };
      if (k >= pinned_ && sum.count > 0) middle = {mean(sum.red), mean(sum.green), mean(sum.blue), 0, 0};
      add(middle);
    }
  }

  const std::vector<Colour>& colours_;
  std::size_t size_, pinned_ = 0;
  std::vector<Entry> entries_;
  // By channel and in floats, which hold every square exactly, so that add() becomes vector code.
  std::vector<float> red_, green_, blue_, count_;
  std::vector<std::int32_t> nearest_;
  std::vector<float> distance_;  // squared
};

void measure(const std::vector<Colour>& colours, std::uint64_t pixels, Palette& palette) {
  double squares = 0, wrong = 0, flat_wrong = 0;
  for (std::size_t i = 0; i < colours.size(); ++i) {
    const Colour& colour = colours[i];
    const Entry& entry = palette.colours[palette.index[i]];
    const std::uint32_t distance = squared_distance(colour, entry);
    squares += static_cast<double>(distance) * colour.count;
    if (distance > kWrong) wrong += colour.count;
    const int difference = std::max({std::abs(colour.red - entry[0]), std::abs(colour.green - entry[1]),
                                     std::abs(colour.blue - entry[2])});
    if (difference > kFlatError) flat_wrong += colour.flat;
  }
  palette.error = std::sqrt(squares / static_cast<double>(pixels) / 3);
  palette.wrong = wrong / static_cast<double>(pixels);
  palette.flat_wrong = flat_wrong / static_cast<double>(pixels);
}

}  // namespace

std::uint32_t ColourTable::multiplier() {
  static const std::uint32_t chosen = std::random_device()() | 1;  // odd: all colours stay different
  return chosen;
}

void ColourTable::clear() {
  if (size_ > 0) std::fill(slots_.begin(), slots_.end(), Slot{});
  size_ = 0;
}

Palette choose_palette(const std::vector<Colour>& colours, std::size_t size) {
  const std::uint64_t pixels = pixels_of(colours);
  Palette palette;
  if (colours.size() <= size) {
    for (const Colour& colour : colours) {
      palette.index.push_back(static_cast<std::uint8_t>(palette.colours.size()));
      palette.colours.push_back({colour.red, colour.green, colour.blue});
    }
    return palette;
  }
  palette = Chooser(colours, size).choose(pixels);
  measure(colours, pixels, palette);
  return palette;
}

Palette fixed_palette(const std::vector<Colour>& colours, const std::vector<Entry>& entries) {
  Palette palette = Chooser(colours, entries.size()).take(entries);
  measure(colours, pixels_of(colours), palette);
  return palette;
}

bool looks_alike(const Palette& palette) {
  return palette.error <= kErrorMax && palette.wrong <= kWrongMax && palette.flat_wrong <= kFlatWrongMax;
}

}  // namespace kiyome::compose

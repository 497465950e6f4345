// Any glyphs, as a conquered engine could place them: words within the page, of clean letters, bounded in
// number; and any octets as a title and as the name of a font.
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "sanitizers/pdf/characters.h"
#include "sanitizers/pdf/font_names.h"
#include "sanitizers/pdf/words.h"

using namespace kiyome;
namespace pdf = kiyome::sanitizer::pdf;

namespace {

// Numbers that are mostly near a page's, sometimes anything finite.
class Numbers {
 public:
  Numbers(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool left() const { return at_ < size_; }
  std::uint32_t take(std::size_t octets) {
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < octets; ++i) out = out << 8 | (left() ? data_[at_++] : 0u);
    return out;
  }
  double place() {
    const auto value = static_cast<double>(static_cast<std::int32_t>(take(3) << 8) >> 8);
    return take(1) == 0xff ? value * 1e30 : value / 16;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_, at_ = 0;
};

pdf::Glyph glyph_of(Numbers& numbers) {
  constexpr pdf::Place kDirections[] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}, {0.6, 0.8}};
  pdf::Glyph out;
  const std::uint32_t look = numbers.take(1);
  out.code = numbers.take(look % 3 + 1) % 0x110000;
  out.invented = (look & 4) != 0;
  out.vertical = (look & 8) != 0;
  out.forward = kDirections[(look >> 4) % std::size(kDirections)];
  out.upward = {out.forward.y, -out.forward.x};
  out.start = {numbers.place(), numbers.place()};
  out.size = 1 + numbers.take(2);
  out.advance = numbers.take(2);
  out.above = 0.88 * out.size;
  out.below = 0.12 * out.size;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Numbers numbers(data, size);
  const pdf::Frame frame = pdf::frame_of(numbers.place(), numbers.place(), 72 + numbers.take(1) % 229);
  KIYOME_CHECK(frame.width_millipoints >= 1 && frame.width_millipoints <= limits::kPageMillipoints);
  KIYOME_CHECK(frame.pixel_width >= 1 && frame.pixel_width <= limits::kPageSide);
  KIYOME_CHECK(std::uint64_t{frame.pixel_width} * frame.pixel_height <= limits::kPagePixels);
  std::vector<pdf::Glyph> glyphs;
  while (numbers.left()) {
    const pdf::Glyph glyph = glyph_of(numbers);
    if (pdf::is_blank(glyph.code) || pdf::is_letter(glyph.code)) glyphs.push_back(glyph);
  }
  const std::vector<clean::Word> words = pdf::put_together(glyphs, frame);
  KIYOME_CHECK(words.size() <= glyphs.size());
  for (const clean::Word& word : words) {
    KIYOME_CHECK(word.width >= 1 && word.x + word.width <= frame.width_millipoints);
    KIYOME_CHECK(word.height >= 1 && word.y + word.height <= frame.height_millipoints);
    KIYOME_CHECK(!word.text.empty() && word.text.size() <= limits::kCleanWord);
    KIYOME_CHECK(clean::is_clean_line(word.text));
  }
  const std::string octets(reinterpret_cast<const char*>(data), size);
  const std::string title = pdf::line_of_utf16(octets);
  KIYOME_CHECK(clean::is_clean_line(title) && title.size() <= limits::kCleanName);
  pdf::choose_face({octets, 400, size % 2 != 0, static_cast<int>(size % 256), static_cast<int>(size % 64)});
  return 0;
}

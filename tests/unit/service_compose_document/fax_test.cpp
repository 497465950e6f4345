// CCITT Group 4: the encoder against libtiff, which knows nothing of it. T.6 leaves no choice, so both must
// write the same octets; and libtiff must read the pixels back.
#include <doctest/doctest.h>
#include <tiffio.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "proto/base/limits.h"
#include "service/compose/document/fax.h"

using namespace kiyome;
using namespace std::string_literals;

namespace {

struct Bitmap {
  std::uint32_t width = 0, height = 0;
  std::string bits;  // 1 is white, unused ones are 0

  Bitmap(std::uint32_t w, std::uint32_t h) : width(w), height(h), bits(row() * h, '\xFF') { trim(); }
  std::size_t row() const { return (std::size_t{width} + 7) / 8; }
  void set(std::uint32_t x, std::uint32_t y, bool white) {
    char& octet = bits[y * row() + x / 8];
    const auto bit = static_cast<char>(0x80u >> (x % 8));
    octet = static_cast<char>(white ? octet | bit : octet & ~bit);
  }
  void trim() {
    if (width % 8 == 0) return;
    for (std::uint32_t y = 0; y < height; ++y)
      bits[y * row() + row() - 1] &= static_cast<char>(0xFFu << (8 - width % 8));
  }
  std::string group_4() const {
    return compose::group_4(reinterpret_cast<const std::uint8_t*>(bits.data()), width, height);
  }
};

// A TIFF file in memory.
struct Memory {
  std::string octets;
  toff_t at = 0;

  static Memory& of(thandle_t handle) { return *static_cast<Memory*>(handle); }
  static tmsize_t read(thandle_t handle, void* into, tmsize_t size) {
    Memory& self = of(handle);
    if (self.at >= self.octets.size()) return 0;
    const auto count = std::min<std::size_t>(static_cast<std::size_t>(size), self.octets.size() - self.at);
    std::memcpy(into, self.octets.data() + self.at, count);
    self.at += count;
    return static_cast<tmsize_t>(count);
  }
  static tmsize_t write(thandle_t handle, void* from, tmsize_t size) {
    Memory& self = of(handle);
    const auto count = static_cast<std::size_t>(size);
    if (self.at + count > self.octets.size()) self.octets.resize(self.at + count);
    std::memcpy(self.octets.data() + self.at, from, count);
    self.at += count;
    return size;
  }
  static toff_t seek(thandle_t handle, toff_t offset, int whence) {
    Memory& self = of(handle);
    self.at = offset + (whence == SEEK_CUR ? self.at : whence == SEEK_END ? self.octets.size() : 0);
    return self.at;
  }
  static int close(thandle_t) { return 0; }
  static toff_t size(thandle_t handle) { return of(handle).octets.size(); }

  TIFF* open(const char* mode) {
    at = 0;
    return TIFFClientOpen("memory", mode, this, read, write, seek, close, size, nullptr, nullptr);
  }
};

void describe(TIFF* tiff, const Bitmap& bitmap) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, bitmap.width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, bitmap.height);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, bitmap.height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  TIFFSetField(tiff, TIFFTAG_FILLORDER, FILLORDER_MSB2LSB);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_CCITTFAX4);
}

// For T.6 a 1 is black.
std::string inverted(const Bitmap& bitmap) {
  Bitmap out = bitmap;
  for (char& octet : out.bits) octet = static_cast<char>(~octet);
  out.trim();
  return out.bits;
}

std::string by_libtiff(const Bitmap& bitmap) {
  Memory memory;
  TIFF* tiff = memory.open("wm");
  REQUIRE(tiff != nullptr);
  describe(tiff, bitmap);
  std::string pixels = inverted(bitmap);
  REQUIRE(TIFFWriteEncodedStrip(tiff, 0, pixels.data(), static_cast<tmsize_t>(pixels.size())) > 0);
  TIFFClose(tiff);
  tiff = memory.open("rm");
  REQUIRE(tiff != nullptr);
  std::string out(TIFFGetStrileByteCount(tiff, 0), '\0');
  TIFFReadRawStrip(tiff, 0, out.data(), static_cast<tmsize_t>(out.size()));
  TIFFClose(tiff);
  return out;
}

std::string read_by_libtiff(const Bitmap& size, std::string group_4) {
  Memory memory;
  TIFF* tiff = memory.open("wm");
  REQUIRE(tiff != nullptr);
  describe(tiff, size);
  TIFFWriteRawStrip(tiff, 0, group_4.data(), static_cast<tmsize_t>(group_4.size()));
  TIFFClose(tiff);
  tiff = memory.open("rm");
  REQUIRE(tiff != nullptr);
  std::string out(size.bits.size(), '\0');
  CHECK(TIFFReadEncodedStrip(tiff, 0, out.data(), static_cast<tmsize_t>(out.size())) ==
        static_cast<tmsize_t>(out.size()));
  TIFFClose(tiff);
  return out;
}

void check(const Bitmap& bitmap) {
  const std::string ours = bitmap.group_4();
  CAPTURE(bitmap.width);
  CAPTURE(bitmap.height);
  CHECK(ours == by_libtiff(bitmap));
  CHECK(read_by_libtiff(bitmap, ours) == inverted(bitmap));
}

// Runs of about `mean` pixels; every row but each tenth is the one above, a little changed.
Bitmap scribbled(std::uint32_t width, std::uint32_t height, std::uint32_t mean, std::mt19937& random) {
  Bitmap out(width, height);
  std::vector<bool> row(width, true);
  for (std::uint32_t y = 0; y < height; ++y) {
    if (random() % 10 == 0) {
      bool white = random() % 2 == 0;
      for (std::uint32_t x = 0; x < width; ++x) {
        if (random() % mean == 0) white = !white;
        row[x] = white;
      }
    }
    for (std::uint32_t i = random() % (width / mean + 2); i != 0; --i) {
      const std::uint32_t x = random() % width;
      for (std::uint32_t k = x; k < std::min<std::uint32_t>(width, x + 1 + random() % 4); ++k)
        row[k] = !row[k];
    }
    for (std::uint32_t x = 0; x < width; ++x) out.set(x, y, row[x]);
  }
  return out;
}

}  // namespace

TEST_CASE("fax: the smallest images are written as T.6 says") {
  // V0 for the white row, twice end-of-line, zeros.
  CHECK(Bitmap(1, 1).group_4() == "\x80\x08\x00\x80"s);
  Bitmap black(1, 1);
  black.set(0, 0, false);
  check(black);
}

TEST_CASE("fax: octet by octet what libtiff writes, for awkward widths and all kinds of pixels") {
  std::mt19937 random(6);
  for (const std::uint32_t width : {1u,  2u,  3u,   7u,   8u,   9u,   15u,  16u,   17u,   31u,   63u,
                                    64u, 65u, 127u, 128u, 129u, 640u, 641u, 1728u, 1729u, 2480u, 2561u})
    for (const std::uint32_t mean : {1u, 2u, 3u, 9u, 40u, 300u, 3000u})
      check(scribbled(width, 1 + random() % 40, mean, random));
}

TEST_CASE("fax: runs of every length, in both colours") {
  const std::uint32_t width = 6000;
  Bitmap all(width, 5400);
  for (std::uint32_t y = 0; y < all.height; ++y)  // alone, beside a changed row: nothing vertical fits
    for (std::uint32_t x = y % 2 == 0 ? 0 : 300; x < (y % 2 == 0 ? 1 : 300 + y); ++x) all.set(x, y, false);
  check(all);
  for (char& octet : all.bits) octet = static_cast<char>(~octet);
  check(all);
  Bitmap widest(limits::kPageSide, 3);
  for (std::uint32_t x = 0; x < widest.width; ++x) widest.set(x, 1, false);
  check(widest);
}

TEST_CASE("fax: bits beyond the width mean nothing") {
  Bitmap some(13, 4);
  some.set(3, 1, false);
  some.set(12, 2, false);
  const std::string clean = some.group_4();
  for (std::uint32_t y = 0; y < 4; ++y) some.bits[y * 2 + 1] |= 5;
  CHECK(some.group_4() == clean);
}

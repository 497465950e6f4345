// Clean PNG (compose/PDF.md): each refusal stands beside its accepting twin.
#include <doctest/doctest.h>
#include <zlib.h>

#include <string>

#include "proto/base/limits.h"
#include "service/gate/verify.h"
#include "tests/unit/service_gate/png_sample.h"

using namespace kiyome;
using namespace kiyome::png_sample;
using namespace std::string_literals;

namespace {

std::string verdict(const std::string& png) {
  const auto violation = gate::verify_png(png);
  if (violation) CHECK(violation->offset <= png.size());
  return violation ? "offset " + std::to_string(violation->offset) + ": " + violation->reason : "ok";
}
std::string verdict(const Png& png) { return verdict(png.png()); }

}  // namespace

TEST_CASE("verify PNG: gray, colours and a palette are clean") {
  CHECK(verdict(Png()) == "ok");
  CHECK(verdict(Png::colour()) == "ok");
  CHECK(verdict(Png::palette()) == "ok");
  CHECK(!gate::verify_file(Png().png()));
  CHECK(verdict("") != "ok");
}

TEST_CASE("verify PNG: one bit anywhere, one octet more or less, cut off anywhere") {
  for (const Png& sample : {Png(), Png::colour(), Png::palette()}) {
    const std::string png = sample.png();
    for (std::size_t at = 0; at < png.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string altered = png;
        altered[at] = static_cast<char>(altered[at] ^ (1 << bit));
        CHECK_MESSAGE(gate::verify_png(altered), at);
      }
      std::string altered = png;
      altered.erase(at, 1);
      CHECK(gate::verify_png(altered));
      altered = png;
      altered.insert(at, 1, '\0');
      CHECK(gate::verify_png(altered));
      CHECK(gate::verify_png(png.substr(0, at)));
    }
    for (const std::string& more : {"\0"s, "\n"s, png, chunk("IEND", "")}) CHECK(verdict(png + more) != "ok");
  }
}

TEST_CASE("verify PNG: no chunk but ours, and each in its place") {
  for (const char* type : {"tEXt", "iTXt", "zTXt", "iCCP", "gAMA", "sRGB", "tRNS", "eXIf", "acTL", "bKGD",
                           "IEND", "IHDR", "pHYs", "PLTE"}) {
    for (std::string Png::*place : {&Png::before_density, &Png::before_data, &Png::before_end}) {
      Png png;
      png.*place = chunk(type, "");
      CHECK_MESSAGE(verdict(png) != "ok", type);
      png.*place = chunk(type, "abcdef");
      CHECK_MESSAGE(verdict(png) != "ok", type);
    }
  }
  Png png;
  png.density = "";
  CHECK(verdict(png) != "ok");
  Png gray;
  gray.colours = chunk("PLTE", "abc");
  CHECK(verdict(gray) != "ok");
  Png palette = Png::palette();
  palette.colours = "";
  CHECK(verdict(palette) != "ok");
}

TEST_CASE("verify PNG: the header's values") {
  const auto header = [](const std::string& tail, unsigned width = 3, unsigned height = 2) {
    Png png;
    png.header = big(width, 4) + big(height, 4) + tail;
    return verdict(png);
  };
  CHECK(header("\x08\x00\x00\x00\x00"s) == "ok");
  for (const std::string& bad :
       {"\x01\x00\x00\x00\x00"s, "\x10\x00\x00\x00\x00"s, "\x08\x04\x00\x00\x00"s, "\x08\x06\x00\x00\x00"s,
        "\x08\x01\x00\x00\x00"s, "\x08\x00\x01\x00\x00"s, "\x08\x00\x00\x01\x00"s, "\x08\x00\x00\x00\x01"s,
        "\x08\x00\x00\x00"s, "\x08\x00\x00\x00\x00\x00"s})
    CHECK(header(bad) != "ok");
  for (const unsigned bad : {0u, 4u, 32001u, 0x80000000u, 0xFFFFFFFFu}) {
    CHECK(header("\x08\x00\x00\x00\x00"s, bad, 2) != "ok");
    CHECK(header("\x08\x00\x00\x00\x00"s, 3, bad) != "ok");
  }
  const auto size = [](unsigned width, unsigned height) {
    Png png;
    png.header = big(width, 4) + big(height, 4) + "\x08\x00\x00\x00\x00"s;
    png.rows = std::string((std::size_t{width} + 1) * height, '\0');
    return verdict(png);
  };
  CHECK(size(32000, 1) == "ok");
  CHECK(size(32001, 1) != "ok");
  CHECK(size(1, 32000) == "ok");
  CHECK(size(1, 32001) != "ok");
  CHECK(size(32000, 1310) == "ok");
  CHECK(size(32000, 1311) != "ok");
}

TEST_CASE("verify PNG: the density") {
  const auto density = [](unsigned x, unsigned y, const std::string& unit) {
    Png png;
    png.density = chunk("pHYs", big(x, 4) + big(y, 4) + unit);
    return verdict(png);
  };
  CHECK(density(1, 1, "\x01") == "ok");
  CHECK(density(100000, 100000, "\x01") == "ok");
  CHECK(density(100001, 100001, "\x01") != "ok");
  CHECK(density(0, 0, "\x01") != "ok");
  CHECK(density(1, 2, "\x01") != "ok");
  CHECK(density(1, 1, "\0"s) != "ok");
  CHECK(density(1, 1, "\x01\x01") != "ok");
}

TEST_CASE("verify PNG: rows are exactly the image's, with filters that there are") {
  Png png;
  for (const char filter : {0, 1, 2, 3, 4}) {
    png.rows = std::string(1, filter) + "abc" + std::string(1, filter) + "def";
    CHECK(verdict(png) == "ok");
  }
  for (const char filter : {5, 6, -1}) {
    png.rows = "\0abc"s + std::string(1, filter) + "def";
    CHECK(verdict(png) != "ok");
  }
  for (const std::string& bad :
       {"\0abc\0de"s, "\0abc\0defg"s, "\0abc"s, ""s, std::string(100u << 20, '\0')}) {
    png.rows = bad;
    CHECK(verdict(png) != "ok");
  }
}

TEST_CASE("verify PNG: no index is above the palette, whatever the filter") {
  const auto rows = [](const std::string& text) {
    Png png = Png::palette();
    png.rows = text;
    return verdict(png);
  };
  CHECK(rows("\0\x01\0\x01\0\x01\x01\x01"s) == "ok");
  CHECK(rows("\0\x01\0\x02\0\x01\x01\x01"s) != "ok");
  CHECK(rows("\x01\x01\x00\xFF\x01\x00\x01\x00"s) == "ok");  // Sub: 1 1 0, 0 1 1
  CHECK(rows("\x01\x01\x01\xFF\x01\x00\x01\x00"s) != "ok");  // 1 2 1
  CHECK(rows("\0\x01\x01\x00\x02\x00\xFF\x01"s) == "ok");    // Up: 1 0 1
  CHECK(rows("\0\x01\x01\x00\x02\x00\x01\x01"s) != "ok");
  CHECK(rows("\0\x01\x01\x00\x03\x01\x00\x01"s) == "ok");  // Average: 1+0, 0+1, 1+0
  CHECK(rows("\0\x01\x01\x00\x03\x02\x00\x01"s) != "ok");
  CHECK(rows("\0\x01\x01\x00\x04\x00\x00\x00"s) == "ok");  // Paeth: 1, 1, 0
  CHECK(rows("\0\x01\x01\x00\x04\x00\x00\x02"s) != "ok");
  CHECK(rows("\x02\x01\x01\x00\x03\x01\x00\x01"s) == "ok");  // above the first row are zeros
  Png all = Png::palette();
  all.colours = chunk("PLTE", std::string(3 * 256, 'x'));
  all.rows = "\0\xFF\xFE\x80\x04\xFF\xFF\xFF"s;
  CHECK(verdict(all) == "ok");
  for (const std::size_t octets : {0, 1, 2, 4, 3 * 257}) {
    all.colours = chunk("PLTE", std::string(octets, 'x'));
    CHECK(verdict(all) != "ok");
  }
}

TEST_CASE("verify PNG: data stands in full chunks, the last of what remains") {
  Png png;
  png.header = big(1000, 4) + big(200, 4) + "\x08\x00\x00\x00\x00"s;
  png.rows.clear();
  std::uint32_t noise = 1;
  for (int y = 0; y < 200; ++y) {
    png.rows += '\0';
    for (int x = 0; x < 1000; ++x)
      png.rows += static_cast<char>((noise = noise * 1664525 + 1013904223) >> 24);
  }
  CHECK(verdict(png) == "ok");
  for (const std::size_t size : {65535, 65537, 200, 1}) {
    png.chunk_octets = size;
    CHECK(verdict(png) != "ok");
  }
  png = Png();
  png.empty_chunk = true;
  CHECK(verdict(png) != "ok");
}

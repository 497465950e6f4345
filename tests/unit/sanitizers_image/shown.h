// What read_picture() says, put together again; complains about what the trusted side would refuse.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/limits.h"
#include "sanitizers/image/read.h"

namespace kiyome::test {

using clean::Finding;

struct ShownPage {
  clean::Page page;
  std::string octets;
  // Of an RGB or gray page, as 0xrrggbb.
  std::uint32_t at(std::size_t x, std::size_t y) const {
    const std::size_t step = clean::octets_of_pixel(page.format);
    const auto* const from =
        reinterpret_cast<const unsigned char*>(octets.data()) + (y * page.pixel_width + x) * step;
    return step == 1 ? from[0] * 0x010101u
                     : static_cast<std::uint32_t>(from[0] << 16 | from[1] << 8 | from[2]);
  }
  bool found(Finding finding) const {
    return std::find(page.findings.begin(), page.findings.end(), finding) != page.findings.end();
  }
};

struct Shown {
  std::optional<clean::Document> document;
  std::vector<ShownPage> pages;
  std::optional<Finding> refusal;
  bool found(Finding finding) const {
    return document && std::find(document->findings.begin(), document->findings.end(), finding) !=
                           document->findings.end();
  }
};

inline clean::JobOptions asking_for_pixels() {
  clean::JobOptions options;
  options.pixels = true;
  return options;
}

inline Shown show(std::string_view octets, const clean::JobOptions& options = asking_for_pixels()) {
  Shown out;
  bool ended = false;
  sanitizer::image::read_picture(octets, options, [&](const clean::Message& message) {
    CHECK_FALSE(ended);
    if (const auto* document = std::get_if<clean::Document>(&message)) out.document = *document;
    if (const auto* page = std::get_if<clean::Page>(&message)) out.pages.push_back({*page, ""});
    if (const auto* rows = std::get_if<clean::Rows>(&message)) {
      const clean::Page& page = out.pages.back().page;
      CHECK(!rows->octets.empty());
      CHECK(rows->octets.size() <= limits::kCleanChunk);
      CHECK(rows->octets.size() % (page.pixel_width * clean::octets_of_pixel(page.format)) == 0);
      out.pages.back().octets += rows->octets;
    }
    if (const auto* refusal = std::get_if<clean::Refusal>(&message)) out.refusal = refusal->finding;
    ended = std::holds_alternative<clean::End>(message);
  });
  CHECK(ended);
  CHECK(out.document.has_value() != out.refusal.has_value());
  for (const ShownPage& page : out.pages)
    CHECK(page.octets.size() == std::size_t{page.page.pixel_width} * page.page.pixel_height *
                                    clean::octets_of_pixel(page.page.format));
  return out;
}

// How far two colours are apart in their worst channel.
inline int apart(std::uint32_t a, std::uint32_t b) {
  int out = 0;
  for (int shift = 0; shift <= 16; shift += 8)
    out = std::max(out, std::abs(static_cast<int>(a >> shift & 255) - static_cast<int>(b >> shift & 255)));
  return out;
}

// Little-endian and big-endian integers.
inline std::string le(std::uint64_t value, int octets) {
  std::string out;
  for (int i = 0; i < octets; ++i) out += static_cast<char>(i < 8 ? value >> (8 * i) : 0);
  return out;
}
inline std::string be(std::uint64_t value, int octets) {
  const std::string out = le(value, octets);
  return {out.rbegin(), out.rend()};
}

// A ZIP of one empty file, as someone would append it.
inline std::string small_zip() {
  using namespace std::string_literals;
  const std::string local = "PK\3\4"s + le(20, 2) + std::string(20, '\0') + le(1, 2) + le(0, 2) + "a";
  const std::string central =
      "PK\1\2"s + le(20, 2) + le(20, 2) + std::string(20, '\0') + le(1, 2) + std::string(16, '\0') + "a";
  return local + central + "PK\5\6"s + std::string(4, '\0') + le(1, 2) + le(1, 2) + le(central.size(), 4) +
         le(local.size(), 4) + le(0, 2);
}

}  // namespace kiyome::test

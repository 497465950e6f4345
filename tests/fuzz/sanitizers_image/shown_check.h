// What every answer about a picture must be, whatever went in: aborts the fuzzer otherwise.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "sanitizers/image/read.h"

namespace kiyome::fuzz {

// Beyond this many pixels a round of the fuzzer would take too long to be worth it; the bound itself is a
// unit test's.
inline constexpr std::uint32_t kFewPages = 4;

inline void check_picture(std::string_view octets, std::uint16_t dpi) {
  clean::JobOptions options;
  options.pixels = true;
  options.dpi = dpi;
  options.pages_max = kFewPages;
  std::uint64_t left = 0;
  std::size_t row = 1, pages = 0;
  bool said = false, ended = false;
  sanitizer::image::read_picture(octets, options, [&](const clean::Message& message) {
    KIYOME_CHECK(!ended);
    if (std::holds_alternative<clean::Document>(message) || std::holds_alternative<clean::Refusal>(message)) {
      KIYOME_CHECK(!said);
      said = true;
    }
    if (const auto* page = std::get_if<clean::Page>(&message)) {
      KIYOME_CHECK(left == 0);
      KIYOME_CHECK(page->width_millipoints >= 1 && page->width_millipoints <= limits::kPageMillipoints);
      KIYOME_CHECK(page->height_millipoints >= 1 && page->height_millipoints <= limits::kPageMillipoints);
      KIYOME_CHECK(page->pixel_width >= 1 && page->pixel_width <= limits::kPageSide);
      KIYOME_CHECK(page->pixel_height >= 1 && page->pixel_height <= limits::kPageSide);
      row = std::size_t{page->pixel_width} * clean::octets_of_pixel(page->format);
      left = std::uint64_t{row} * page->pixel_height;
      KIYOME_CHECK(std::uint64_t{page->pixel_width} * page->pixel_height <= limits::kPagePixels);
      ++pages;
    }
    if (const auto* rows = std::get_if<clean::Rows>(&message)) {
      KIYOME_CHECK(!rows->octets.empty() && rows->octets.size() <= limits::kCleanChunk);
      KIYOME_CHECK(rows->octets.size() % row == 0 && rows->octets.size() <= left);
      left -= rows->octets.size();
    }
    ended = std::holds_alternative<clean::End>(message);
  });
  KIYOME_CHECK(said && ended && left == 0 && pages <= kFewPages);
}

}  // namespace kiyome::fuzz

// Pictures of a document's first pages, small ones, made beside its clean file: for those who are to look at
// it and not to have it. Out of the same rows of pixels, so that they show what the clean file shows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/document.h"
#include "service/compose/document/shrink.h"

namespace kiyome::document {

// How many are wanted of one file and what lies within it; none by default.
struct PictureWish {
  std::uint32_t pages_max = 0;
  std::uint32_t side = 0;        // pixels of the longer side
  std::uint64_t octets_max = 0;  // of all together; the first one that does not fit ends them
};

// Clean PNGs in page order. `cut`: there are pages without one.
struct Pictures {
  std::vector<std::string> pages;
  std::uint64_t octets = 0;
  bool cut = false;
};

// Takes the pages of one document after those of others. Owned by one thread.
class PictureMaker {
 public:
  PictureMaker(const PictureWish& wish, const Pictures& before)
      : wish_(wish), before_(before.pages.size()), octets_(before.octets), cut_(before.cut) {}

  void page(const clean::Page& page);
  void rows(std::string_view octets);
  double milliseconds() const { return milliseconds_; }  // spent
  // After the document's last page; adds its pictures to those before.
  void finish(Pictures& into);

 private:
  void end_page();

  const PictureWish wish_;
  const std::size_t before_;
  std::uint64_t octets_;  // with those before
  bool cut_;
  std::optional<compose::Shrink> open_;
  std::vector<std::string> made_;
  double milliseconds_ = 0;
};

}  // namespace kiyome::document

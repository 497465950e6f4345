// A TIFF in memory, opened by libtiff without any file: its pages, found once, then visited in order.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sanitizers/image/paper.h"
#include "sanitizers/image/picture.h"

struct tiff;  // libtiff's

namespace kiyome::sanitizer::image {

class TiffFile {
 public:
  explicit TiffFile(std::string_view octets);
  ~TiffFile();
  TiffFile(const TiffFile&) = delete;
  TiffFile& operator=(const TiffFile&) = delete;

  struct Page {
    std::uint64_t directory = 0;  // where it stands
    Shape shape;
    bool reduced = false;  // a preview, or a mask: not a page of its own
  };
  // All directories of the chain, at most kImagePages. Empty when nothing can be read.
  std::vector<Page> pages();
  bool metadata() const { return metadata_; }
  // Of that chain: a directory after the last one found cannot be read, or there are more than kImagePages.
  bool broken_off() const { return broken_off_; }
  bool too_many() const { return too_many_; }

  // Makes a page current; null when that fails. `failed` tells whether libtiff has met an error since.
  struct tiff* visit(const Page& page);
  bool failed() const { return failed_; }

  std::string_view octets;
  std::uint64_t position = 0;

 private:
  struct tiff* tiff_ = nullptr;
  bool metadata_ = false;
  bool broken_off_ = false;
  bool too_many_ = false;
  bool failed_ = false;
};

}  // namespace kiyome::sanitizer::image

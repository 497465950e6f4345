// Writes a clean PDF (../PDF.md) page by page, from the clean language only: pixels and words, never octets
// of an original. gate::verify_pdf proves the result without this code.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/document.h"
#include "service/compose/document/deflate.h"
#include "service/compose/document/invisible_text.h"
#include "service/compose/document/octet_sink.h"
#include "service/compose/document/page_images.h"
#include "service/compose/document/room.h"

namespace kiyome::compose {

struct PdfOptions {
  bool words = true;     // invisible text behind the pixels
  std::string title;     // in the clean language; becomes a clean line
  bool compact = false;  // pages in black and white
};

// page, rows …, words, end_page for each page, then finish once. Rows that are missing are white, rows too
// many are passed over. Holds one page's pixels, and some octets for each object. Not thread-safe; throws
// what the sink throws.
class PdfWriter {
 public:
  PdfWriter(OctetSink& sink, const PdfOptions& options);
  void page(const clean::Page& page);
  void rows(std::string_view octets);
  void words(const clean::Words& words);  // after the last row
  void end_page();
  void finish();  // at least one page was written
  std::uint32_t pages() const { return static_cast<std::uint32_t>(kids_.size()); }
  std::uint64_t bytes() const { return bytes_; }
  std::vector<clean::Finding> findings() const;  // about characters of title and words

 private:
  using Digest = std::array<std::uint8_t, 32>;

  void write(std::string_view octets);
  std::uint32_t begin_object(std::uint32_t number = 0);  // 0: the next one
  void object(std::uint32_t number, std::string_view content);
  std::uint32_t stream(std::uint32_t number, std::string_view dictionary, std::string_view octets);
  void write_font();
  void write_pages();
  void write_information();
  void write_references();
  std::uint32_t image_object(const EncodedImage& image);
  void append_placement(const EncodedImage& image, std::size_t number, std::string& content) const;
  std::size_t page_octets() const;
  void fill_missing_rows();
  Pixels pixels();

  OctetSink& sink_;
  bool with_words_, compact_;
  std::string title_;
  std::vector<clean::Finding> findings_;
  std::uint64_t bytes_ = 0;
  std::vector<std::uint64_t> offsets_;      // of each object
  std::vector<std::uint32_t> kids_;         // the pages' objects
  std::map<Digest, std::uint32_t> images_;  // the first kPageRepeats, so that a repeated one is written once
  clean::Page page_;
  Room held_;                    // its pixels
  std::size_t held_octets_ = 0;  // so far
  std::string text_;             // its text object
  PageEncoder encoder_;
  Deflater deflater_;
  InvisibleText invisible_;
};

}  // namespace kiyome::compose

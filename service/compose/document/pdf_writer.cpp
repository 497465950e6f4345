// See pdf_writer.h.
#include "service/compose/document/pdf_writer.h"

#include <algorithm>
#include <cstring>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/base/digest.h"
#include "service/compose/characters.h"
#include "service/compose/compose.h"
#include "service/compose/document/invisible_font.h"
#include "service/compose/document/pdf_number.h"
#include "service/compose/utf8.h"

namespace kiyome::compose {
namespace {

// PDF.md, "Numbers and order".
enum Fixed : std::uint32_t {
  kCatalog = 1,
  kPages = 2,
  kInformation = 3,
  kFont = 4,
  kCidFont = 5,
  kDescriptor = 6,
  kFontFile = 7,
  kToUnicode = 8,
  kFirstFree = 9,
};

constexpr std::uint64_t kOffsetMax = 9'999'999'999;  // ten digits of a cross-reference

std::string reference(std::uint32_t number) { return std::to_string(number) + " 0 R"; }

// A title of at most kCleanTitle octets, clean also where it was cut.
std::string title_line(std::string_view title, std::vector<clean::Finding>& findings) {
  std::string line = clean_line(title, findings);
  if (line.size() <= limits::kCleanTitle) return line;
  std::vector<clean::Finding> about_the_cut;
  line = clean_line(cut_at_character(line, limits::kCleanTitle), about_the_cut);
  return line;
}

// Where the border between two pixels lies on the paper: all images of a page use the same ones, so nothing
// shows between them.
std::uint64_t border(std::uint32_t pixel, std::uint32_t pixels, std::uint32_t millipoints) {
  return (std::uint64_t{pixel} * millipoints + pixels / 2) / pixels;
}

// From `first` to `end` on an axis of `of` pixels. At least a thousandth of a point long.
struct Stretch {
  std::uint64_t begin, length;
};
Stretch stretch(std::uint32_t first, std::uint32_t end, std::uint32_t of, std::uint32_t millipoints) {
  std::uint64_t begin = border(first, of, millipoints);
  std::uint64_t last = border(end, of, millipoints);
  // A thousandth of a point within its pixels: a reader that rounds outwards shows each pixel as one pixel.
  if (last - begin > 2) {
    ++begin;
    --last;
  }
  if (begin >= last) begin = last > 0 ? last - 1 : 0;
  return {begin, std::max<std::uint64_t>(last, begin + 1) - begin};
}

}  // namespace

PdfWriter::PdfWriter(OctetSink& sink, const PdfOptions& options)
    : sink_(sink), with_words_(options.words), compact_(options.compact), offsets_(kFirstFree, 0) {
  title_ = title_line(options.title, findings_);
  write("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n");
  write_font();
}

void PdfWriter::write(std::string_view octets) {
  sink_.write(octets);
  bytes_ += octets.size();
}

std::uint32_t PdfWriter::begin_object(std::uint32_t number) {
  if (number == 0) {
    number = static_cast<std::uint32_t>(offsets_.size());
    offsets_.push_back(0);
  }
  offsets_[number] = bytes_;
  write(std::to_string(number) + " 0 obj\n");
  return number;
}

void PdfWriter::object(std::uint32_t number, std::string_view content) {
  begin_object(number);
  write(content);
  write("\nendobj\n");
}

// `dictionary` is what stands before /Length.
std::uint32_t PdfWriter::stream(std::uint32_t number, std::string_view dictionary, std::string_view octets) {
  number = begin_object(number);
  std::string head = "<< ";
  head.append(dictionary).append("/Length ").append(std::to_string(octets.size())).append(" >>\nstream\n");
  write(head);
  write(octets);
  write("\nendstream\nendobj\n");
  return number;
}

void PdfWriter::write_font() {
  object(kFont,
         "<< /Type /Font /Subtype /Type0 /BaseFont /Kiyome /Encoding /Identity-H /DescendantFonts [5 0 R] "
         "/ToUnicode 8 0 R >>");
  object(kCidFont,
         "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Kiyome /CIDSystemInfo << /Registry (Adobe) "
         "/Ordering (Identity) /Supplement 0 >> /FontDescriptor 6 0 R /DW 1000 /CIDToGIDMap /Identity >>");
  object(kDescriptor,
         "<< /Type /FontDescriptor /FontName /Kiyome /Flags 4 /FontBBox [0 -200 1000 800] /ItalicAngle 0 "
         "/Ascent 800 /Descent -200 /CapHeight 800 /StemV 80 /FontFile2 7 0 R >>");
  const std::string_view font(reinterpret_cast<const char*>(kInvisibleFont.data()), kInvisibleFont.size());
  const std::string length = std::to_string(font.size());
  begin_object(kFontFile);
  write("<< /Length " + length + " /Length1 " + length + " >>\nstream\n");
  write(font);
  write("\nendstream\nendobj\n");
}

void PdfWriter::page(const clean::Page& page) {
  KIYOME_CHECK(page.pixel_width > 0 && page.pixel_height > 0 && page.width_millipoints > 0 &&
               page.height_millipoints > 0);
  page_ = page;
  held_.of(page_octets());
  held_octets_ = 0;
  text_.clear();
}

std::size_t PdfWriter::page_octets() const {
  return std::size_t{page_.pixel_width} * page_.pixel_height * octets_of_pixel(page_.format);
}

void PdfWriter::rows(std::string_view octets) {
  const std::size_t taken = std::min(octets.size(), page_octets() - held_octets_);
  std::memcpy(held_.data() + held_octets_, octets.data(), taken);
  held_octets_ += taken;
}

void PdfWriter::fill_missing_rows() {
  std::memset(held_.data() + held_octets_, 0xFF, page_octets() - held_octets_);
  held_octets_ = page_octets();
}

Pixels PdfWriter::pixels() {
  const std::uint32_t channels = octets_of_pixel(page_.format);
  return {held_.data(), page_.pixel_width, page_.pixel_height, std::size_t{page_.pixel_width} * channels,
          channels};
}

void PdfWriter::words(const clean::Words& words) {
  if (!with_words_) return;
  fill_missing_rows();
  const bool has_pixels = page_.pixel_width > 1 || page_.pixel_height > 1;
  const Pixels shown = pixels();
  text_ = invisible_.text_object(words, page_, has_pixels ? &shown : nullptr);
}

std::uint32_t PdfWriter::image_object(const EncodedImage& image) {
  std::string dictionary = "/Type /XObject /Subtype /Image /Width ";
  dictionary.append(std::to_string(image.width)).append(" /Height ").append(std::to_string(image.height));
  dictionary.append(" ").append(image.form).append(" ");
  Sha256 hash;
  hash.add(dictionary);
  hash.add(image.octets);
  const Digest digest = hash.finish();
  const auto known = images_.find(digest);
  if (known != images_.end()) return known->second;
  const std::uint32_t number = stream(0, dictionary, image.octets);
  if (images_.size() < limits::kPageRepeats) images_.emplace(digest, number);
  return number;
}

void PdfWriter::append_placement(const EncodedImage& image, std::size_t number, std::string& content) const {
  const Rect& place = image.place;
  const auto spread = [](std::uint32_t pixels, std::uint32_t paper) { return pixels == 0 ? paper : pixels; };
  const Stretch x = stretch(place.x, place.x + place.width, page_.pixel_width,
                            spread(page_.spread_width_millipoints, page_.width_millipoints));
  const Stretch y = stretch(place.y, place.y + place.height, page_.pixel_height,
                            spread(page_.spread_height_millipoints, page_.height_millipoints));
  const std::uint64_t lower_edge = y.begin + y.length;
  content += "q\n";
  append_thousandths(content, x.length);
  content += " 0 0 ";
  append_thousandths(content, y.length);
  content += ' ';
  append_thousandths(content, x.begin);
  content += ' ';
  if (lower_edge > page_.height_millipoints) content += '-';
  append_thousandths(content, lower_edge > page_.height_millipoints ? lower_edge - page_.height_millipoints
                                                                    : page_.height_millipoints - lower_edge);
  content.append(" cm\n/Im").append(std::to_string(number)).append(" Do\nQ\n");
}

void PdfWriter::end_page() {
  fill_missing_rows();
  const std::vector<EncodedImage> images =
      compact_ ? encoder_.encode_compact(pixels()) : encoder_.encode(pixels());
  std::string content, resources;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::uint32_t number = image_object(images[i]);
    resources.append("/Im").append(std::to_string(i)).append(" ").append(reference(number)).append(" ");
    append_placement(images[i], i, content);
  }
  content += text_;
  const std::uint32_t stream_number = stream(0, "/Filter /FlateDecode ", deflater_.zlib(content));
  std::string page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ";
  append_thousandths(page, page_.width_millipoints);
  page += ' ';
  append_thousandths(page, page_.height_millipoints);
  page += "] /Resources << ";
  if (!resources.empty()) page.append("/XObject << ").append(resources).append(">> ");
  if (!text_.empty()) page += "/Font << /F0 4 0 R >> ";
  page.append(">> /Contents ").append(reference(stream_number)).append(" >>");
  const std::uint32_t number = begin_object();
  write(page);
  write("\nendobj\n");
  kids_.push_back(number);
}

void PdfWriter::write_pages() {
  begin_object(kPages);
  write("<< /Type /Pages /Count " + std::to_string(kids_.size()) + " /Kids [");
  std::string kids;
  for (const std::uint32_t kid : kids_) kids.append(kids.empty() ? "" : " ").append(reference(kid));
  write(kids);
  write("] >>\nendobj\n");
}

void PdfWriter::write_information() {
  std::string content = "<< >>";
  if (!title_.empty()) {
    content = "<< /Title <FEFF";
    append_utf16(content, title_);
    content += "> >>";
  }
  object(kInformation, content);
}

void PdfWriter::write_references() {
  const std::uint64_t start = bytes_;
  KIYOME_CHECK(start <= kOffsetMax);
  const std::string size = std::to_string(offsets_.size());
  std::string table = "xref\n0 " + size + "\n0000000000 65535 f \n";
  for (std::size_t i = 1; i < offsets_.size(); ++i) {
    const std::string offset = std::to_string(offsets_[i]);
    table.append(10 - offset.size(), '0').append(offset).append(" 00000 n \n");
  }
  write(table);
  write("trailer\n<< /Size " + size + " /Root 1 0 R /Info 3 0 R >>\nstartxref\n" + std::to_string(start) +
        "\n%%EOF\n");
}

void PdfWriter::finish() {
  KIYOME_CHECK(!kids_.empty());
  stream(kToUnicode, "/Filter /FlateDecode ", deflater_.zlib(invisible_.to_unicode()));
  write_pages();
  object(kCatalog, "<< /Type /Catalog /Pages 2 0 R >>");
  write_information();
  write_references();
}

std::vector<clean::Finding> PdfWriter::findings() const {
  std::vector<clean::Finding> all = findings_;
  for (const clean::Finding finding : invisible_.findings()) add_finding(all, finding);
  return all;
}

}  // namespace kiyome::compose

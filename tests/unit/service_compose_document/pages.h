// Pages to write and a look into what was written: just enough of PDF for the files of PdfWriter.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "service/compose/document/pdf_writer.h"

namespace kiyome::compose {

struct TestPage {
  clean::Page page;
  std::string pixels;

  std::size_t channels() const { return octets_of_pixel(page.format); }
  void set(std::uint32_t x, std::uint32_t y, std::uint32_t colour) {
    const std::size_t at = (std::size_t{y} * page.pixel_width + x) * channels();
    if (channels() == 1) {
      pixels[at] = static_cast<char>(colour & 0xFF);
      return;
    }
    pixels[at] = static_cast<char>(colour >> 16);
    pixels[at + 1] = static_cast<char>(colour >> 8 & 0xFF);
    pixels[at + 2] = static_cast<char>(colour & 0xFF);
  }
  void fill(std::uint32_t x, std::uint32_t y, std::uint32_t width, std::uint32_t height,
            std::uint32_t colour) {
    for (std::uint32_t row = y; row < y + height; ++row)
      for (std::uint32_t column = x; column < x + width; ++column) set(column, row, colour);
  }
  // What a camera gives: no two pixels alike.
  void photograph(std::uint32_t x, std::uint32_t y, std::uint32_t width, std::uint32_t height) {
    std::uint32_t state = 1;
    for (std::uint32_t row = y; row < y + height; ++row)
      for (std::uint32_t column = x; column < x + width; ++column) {
        state = state * 1664525 + 1013904223;
        const std::uint32_t shade = 60 + (row + column) / 8 % 120 + (state >> 28);
        set(column, row, channels() == 1 ? shade : shade << 16 | (shade / 2) << 8 | (state >> 26));
      }
  }
};

// White, at 72 pixels an inch.
inline TestPage white_page(std::uint32_t width, std::uint32_t height,
                           clean::PixelFormat format = clean::PixelFormat::gray8) {
  TestPage page;
  page.page.width_millipoints = width * 1000;
  page.page.height_millipoints = height * 1000;
  page.page.pixel_width = width;
  page.page.pixel_height = height;
  page.page.format = format;
  page.pixels.assign(std::size_t{width} * height * page.channels(), '\xFF');
  return page;
}

// Strokes with soft edges, the first and the last on the page's edges.
inline void draw_strokes(TestPage& page, const std::vector<std::uint32_t>& colours) {
  const std::uint32_t width = page.page.pixel_width, height = page.page.pixel_height;
  std::size_t next = 0;
  for (std::uint32_t y = 0; y < height; y += 12)
    for (std::uint32_t x = 0; x < width; x += 7) page.set(x, y, colours[next++ % colours.size()]);
  page.set(0, 0, colours[0]);
  page.set(width - 1, height - 1, colours[0]);
}

inline clean::Word word(std::uint32_t x, std::uint32_t y, std::uint32_t width, std::uint32_t height,
                        std::string text, clean::After after = clean::After::nothing) {
  clean::Word made;
  made.x = x;
  made.y = y;
  made.width = width;
  made.height = height;
  made.text = std::move(text);
  made.after = after;
  return made;
}

struct Written {
  std::string octets;
  std::vector<clean::Finding> findings;
  std::uint32_t pages = 0;
  std::uint64_t bytes = 0;
};

struct PageAndWords {
  TestPage page;
  clean::Words words;
};

inline Written write_pdf(const std::vector<PageAndWords>& pages, const PdfOptions& options = {}) {
  StringSink sink;
  PdfWriter writer(sink, options);
  for (const PageAndWords& one : pages) {
    writer.page(one.page.page);
    for (std::size_t at = 0; at < one.page.pixels.size(); at += 1000)
      writer.rows(std::string_view(one.page.pixels).substr(at, 1000));
    if (!one.words.words.empty()) writer.words(one.words);
    writer.end_page();
  }
  writer.finish();
  return {sink.take(), writer.findings(), writer.pages(), writer.bytes()};
}

inline Written write_pdf(const TestPage& page) { return write_pdf({{page, {}}}); }

inline std::string inflated(std::string_view octets) {
  std::string out;
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return "no zlib";
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));
  stream.avail_in = static_cast<uInt>(octets.size());
  std::string piece(65536, '\0');
  int result = Z_OK;
  while (result == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    result = inflate(&stream, Z_NO_FLUSH);
    out.append(piece, 0, piece.size() - stream.avail_out);
  }
  if (result != Z_STREAM_END || stream.avail_in != 0) out = "broken zlib stream";
  inflateEnd(&stream);
  return out;
}

struct TestObject {
  std::string content;  // without a stream
  std::string stream;   // as it stands there
};

// By number, found through the cross-reference.
inline std::map<std::uint32_t, TestObject> objects_of(const std::string& pdf) {
  std::map<std::uint32_t, TestObject> objects;
  const std::size_t table = std::stoul(pdf.substr(pdf.rfind("startxref\n") + 10));
  const std::size_t count = std::stoul(pdf.substr(table + 7));
  const std::size_t first = pdf.find("f \n", table) + 3;
  for (std::uint32_t number = 1; number < count; ++number) {
    const std::size_t at = std::stoul(pdf.substr(first + (number - 1) * 20, 10));
    const std::string begin = std::to_string(number) + " 0 obj\n";
    if (pdf.compare(at, begin.size(), begin) != 0) continue;
    const std::size_t content = at + begin.size();
    const std::size_t line = pdf.find('\n', content);
    TestObject& object = objects[number];
    object.content = pdf.substr(content, line - content);
    if (pdf.compare(line, 8, "\nstream\n") != 0) continue;
    const std::size_t length = std::stoul(object.content.substr(object.content.rfind("/Length ") + 8));
    const bool font = object.content.starts_with("<< /Length ");
    object.stream = pdf.substr(line + 8, font ? std::stoul(object.content.substr(11)) : length);
  }
  return objects;
}

// The first object whose content holds `mark`.
inline TestObject find_object(const std::string& pdf, std::string_view mark) {
  for (const auto& [number, object] : objects_of(pdf))
    if (object.content.find(mark) != std::string::npos) return object;
  return {};
}

inline std::vector<TestObject> images_of(const std::string& pdf) {
  std::vector<TestObject> images;
  for (const auto& [number, object] : objects_of(pdf))
    if (object.content.find("/Subtype /Image") != std::string::npos) images.push_back(object);
  return images;
}

inline std::string content_of_first_page(const std::string& pdf) {
  const std::string page = find_object(pdf, "/Type /Page ").content;
  const std::size_t at = page.find("/Contents ") + 10;
  return inflated(objects_of(pdf)[static_cast<std::uint32_t>(std::stoul(page.substr(at)))].stream);
}

inline std::size_t number_after(const std::string& text, std::string_view mark) {
  return std::stoul(text.substr(text.find(mark) + mark.size()));
}

// The colour of each pixel of a Flate image, 0xRRGGBB.
inline std::vector<std::uint32_t> colours_of(const TestObject& image) {
  const std::size_t width = number_after(image.content, "/Width "),
                    height = number_after(image.content, "/Height ");
  const std::size_t bits = number_after(image.content, "/BitsPerComponent ");
  const std::string octets = inflated(image.stream);
  const std::size_t row = (width * bits + 7) / 8;
  std::vector<std::uint32_t> colours;
  if (octets.size() != row * height) return colours;
  const std::size_t palette = image.content.find('<', 2);
  const bool indexed = image.content.find("/Indexed") != std::string::npos;
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x) {
      const auto octet = static_cast<unsigned char>(octets[y * row + x * bits / 8]);
      const std::uint32_t value = octet >> (8 - bits - x * bits % 8) & ((1u << bits) - 1);
      const std::uint32_t gray = value * 255 / ((1u << bits) - 1);
      colours.push_back(indexed ? static_cast<std::uint32_t>(std::stoul(
                                      image.content.substr(palette + 1 + 6 * value, 6), nullptr, 16))
                                : gray * 0x10101);
    }
  return colours;
}

// The colours that were put in.
inline std::vector<std::uint32_t> colours_of(const TestPage& page) {
  std::vector<std::uint32_t> colours;
  const auto octet = [&](std::size_t at) {
    return std::uint32_t{static_cast<unsigned char>(page.pixels[at])};
  };
  for (std::size_t at = 0; at < page.pixels.size(); at += page.channels())
    colours.push_back(page.channels() == 1 ? octet(at) * 0x10101
                                           : octet(at) << 16 | octet(at + 1) << 8 | octet(at + 2));
  return colours;
}

}  // namespace kiyome::compose

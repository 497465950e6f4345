// Whatever pages and words the writers are given, the verifier takes what they write. The input draws the
// pages; the words are lines of the clean language, as the answer's reader lets through.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "proto/base/characters.h"
#include "proto/base/limits.h"
#include "service/compose/document/octet_sink.h"
#include "service/compose/document/pdf_writer.h"
#include "service/compose/document/png_writer.h"
#include "service/compose/document/zip_writer.h"
#include "service/gate/verify.h"
#include "tests/fuzz/service_gate/mutator.h"

using namespace kiyome;

namespace {

void accept(const char* what, const std::optional<gate::Violation>& violation) {
  if (!violation) return;
  std::fprintf(stderr, "%s: offset %zu: %s\n", what, static_cast<std::size_t>(violation->offset),
               violation->reason.c_str());
  std::abort();
}

// Uniform, few colours, many colours, or noise.
std::string draw(fuzz::Choices& choices, const clean::Page& page) {
  const std::size_t octets = std::size_t{page.pixel_width} * page.pixel_height * octets_of_pixel(page.format);
  const std::uint32_t kind = choices.below(5), colours = 2 + choices.below(40);
  std::uint32_t state = choices.octet();
  std::string out(octets, '\xFF');
  const std::size_t from = kind == 0 ? octets : octets * choices.below(8) / 8;
  const std::size_t step = 1 + choices.below(9);
  for (std::size_t i = from; i < octets; i += kind == 1 ? step * 7 : 1) {
    state = state * 1664525 + 1013904223;
    const std::uint32_t shade = kind == 2   ? (state >> 24) % colours * 6
                                : kind == 3 ? state >> 24
                                            : static_cast<std::uint32_t>(i / step);
    out[i] = static_cast<char>(shade);
  }
  const std::string own = choices.text(choices.octet());
  for (std::size_t i = 0; i < own.size() && !out.empty(); ++i) out[(from + i * step) % out.size()] = own[i];
  return out;
}

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
  }
  if (c >= 0x80) out += static_cast<char>(0x80 | (c & 0x3F));
}

std::string line(fuzz::Choices& choices, std::size_t most) {
  std::string out;
  for (std::uint32_t left = 1 + choices.below(12); left != 0 && out.size() + 4 < most; --left) {
    static constexpr std::uint32_t kFirst[] = {0x20,   0x3040,  0x300,   0xA0,   0x2000, 0xE000,
                                               0xF900, 0x1F300, 0x20000, 0xFFE0, 0x41};
    std::string one;
    append_utf8(one, kFirst[choices.below(11)] + choices.octet());
    if (is_line(one)) out += one;
  }
  return out;
}

// A stretch of an axis.
void place(fuzz::Choices& choices, std::uint32_t all, std::uint32_t& begin, std::uint32_t& size) {
  begin = choices.below(4) == 0 ? all : choices.below(all + 1);
  size = choices.below(4) == 0 ? all - begin : choices.below(all - begin + 1);
}

clean::Words words(fuzz::Choices& choices, const clean::Page& page) {
  clean::Words out;
  for (std::uint32_t left = choices.below(24); left != 0; --left) {
    clean::Word word;
    place(choices, page.width_millipoints, word.x, word.width);
    place(choices, page.height_millipoints, word.y, word.height);
    word.vertical = choices.below(4) == 0;
    word.after = static_cast<clean::After>(1 + choices.below(4));
    word.text = line(choices, limits::kCleanWord);
    if (choices.below(64) == 0) word.text = std::string(limits::kCleanWord, 'x');
    if (!word.text.empty()) out.words.push_back(word);
  }
  return out;
}

std::uint32_t side(fuzz::Choices& choices) {
  static constexpr std::uint32_t kSides[] = {1, 2, 8, 9, 17, 64, 130};
  return kSides[choices.below(7)] + choices.below(4);
}
std::uint32_t millipoints(fuzz::Choices& choices) {
  const std::uint32_t kind = choices.below(4);
  return kind == 0   ? 1 + choices.below(1000)
         : kind == 1 ? limits::kPageMillipoints
                     : 1 + choices.below(1200000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices choices(data, size);
  compose::StringSink sink;
  compose::PdfOptions options;
  options.words = choices.below(8) != 0;
  options.compact = choices.below(3) == 0;
  if (choices.below(2) == 0) options.title = line(choices, 64);
  std::string png;
  {
    compose::PdfWriter writer(sink, options);
    do {
      clean::Page page;
      page.width_millipoints = millipoints(choices);
      page.height_millipoints = millipoints(choices);
      page.pixel_width = side(choices);
      page.pixel_height = side(choices);
      page.format = choices.below(2) == 0 ? clean::PixelFormat::gray8 : clean::PixelFormat::rgb24;
      const std::string pixels = draw(choices, page);
      writer.page(page);
      writer.rows(
          std::string_view(pixels).substr(0, choices.below(16) == 0 ? pixels.size() / 2 : pixels.size()));
      if (choices.below(4) != 0) writer.words(words(choices, page));
      writer.end_page();
      if (png.empty()) accept("PNG", gate::verify_png(png = compose::clean_png(page, pixels)));
    } while (!choices.done() && writer.pages() < 6);
    writer.finish();
  }
  const std::string& pdf = sink.octets();
  accept("PDF", gate::verify_pdf(pdf));
  compose::StringSink zip;
  compose::ZipWriter writer(zip);
  if (!writer.add("a.pdf", pdf)) std::abort();
  if (writer.add("A.pdf", pdf)) std::abort();
  writer.add(choices.below(2) == 0 ? "f/資料.png" : "資料.png", png);
  writer.add("資料.png/b.png", png);
  writer.finish();
  accept("ZIP", gate::verify_zip(zip.octets()));
  return 0;
}

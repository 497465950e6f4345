// Whatever a conquered sanitizer says of a page, what we write of it passes the verifier: pages are drawn by
// the input, words stand where it wants them.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "service/compose/document/pdf_writer.h"
#include "service/compose/document/png_writer.h"
#include "service/compose/document/zip_writer.h"
#include "service/gate/verify.h"

using namespace kiyome;
using namespace kiyome::compose;

namespace {

class Input {
 public:
  explicit Input(std::string_view octets) : rest_(octets) {}
  bool empty() const { return rest_.empty(); }
  std::uint32_t number(std::uint32_t below) {
    std::uint32_t value = 0;
    for (std::uint32_t reach = 1; reach < below && !rest_.empty();
         reach = reach > below / 256 ? below : reach * 256) {
      value = value << 8 | static_cast<unsigned char>(rest_[0]);
      rest_.remove_prefix(1);
    }
    return below == 0 ? 0 : value % below;
  }
  std::string text() {
    const std::string_view piece = rest_.substr(0, number(40));
    rest_.remove_prefix(std::min(piece.size(), rest_.size()));
    return std::string(piece);
  }

 private:
  std::string_view rest_;
};

struct Drawn {
  clean::Page page;
  std::string pixels;
};

Drawn draw(Input& in) {
  Drawn drawn;
  clean::Page& page = drawn.page;
  page.pixel_width = 1 + in.number(300);
  page.pixel_height = 1 + in.number(200);
  page.width_millipoints = 1 + in.number(900000);
  page.height_millipoints = 1 + in.number(900000);
  page.format = in.number(2) == 0 ? clean::PixelFormat::gray8 : clean::PixelFormat::rgb24;
  const std::uint32_t channels = octets_of_pixel(page.format);
  drawn.pixels.assign(std::size_t{page.pixel_width} * page.pixel_height * channels, '\xFF');
  for (std::uint32_t shapes = in.number(12); shapes > 0; --shapes) {
    const std::uint32_t x = in.number(page.pixel_width), y = in.number(page.pixel_height);
    const std::uint32_t width = in.number(page.pixel_width - x + 1),
                        height = in.number(page.pixel_height - y + 1);
    const std::uint32_t noise = in.number(256), colour = in.number(0x1000000);
    std::uint32_t state = colour;
    for (std::uint32_t row = y; row < y + height; ++row)
      for (std::uint32_t i = x * channels; i < (x + width) * channels; ++i) {
        state = state * 1664525 + 1013904223;
        const std::uint32_t own = colour >> (i % channels * 8);
        drawn.pixels[std::size_t{row} * page.pixel_width * channels + i] =
            static_cast<char>(own + (noise == 0 ? 0 : (state >> 16) % noise));
      }
  }
  return drawn;
}

clean::Words words_on(const clean::Page& page, Input& in) {
  clean::Words words;
  for (std::uint32_t count = in.number(8); count > 0; --count) {
    clean::Word word;
    word.x = in.number(page.width_millipoints + 1);
    word.y = in.number(page.height_millipoints + 1);
    word.width = in.number(page.width_millipoints - word.x + 1);
    word.height = in.number(page.height_millipoints - word.y + 1);
    word.vertical = in.number(2) == 1;
    word.after = static_cast<clean::After>(1 + in.number(4));
    word.text = in.text();
    words.words.push_back(word);
  }
  return words;
}

void require(const std::optional<gate::Violation>& violation, const char* what) {
  if (!violation) return;
  std::fprintf(stderr, "%s at %llu: %s\n", what, static_cast<unsigned long long>(violation->offset),
               violation->reason.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(std::string_view(reinterpret_cast<const char*>(data), size));
  StringSink sink, archive;
  PdfOptions options;
  options.title = in.text();
  options.compact = in.number(3) == 0;
  PdfWriter writer(sink, options);
  ZipWriter zip(archive);
  do {
    const Drawn drawn = draw(in);
    writer.page(drawn.page);
    writer.rows(drawn.pixels);
    writer.words(words_on(drawn.page, in));
    writer.end_page();
    const std::string png = clean_png(drawn.page, drawn.pixels);
    require(gate::verify_png(png), "PNG");
    zip.add("f/" + std::to_string(in.number(4)) + ".png", png);
  } while (!in.empty() && writer.pages() < 5);
  writer.finish();
  zip.finish();
  require(gate::verify_pdf(sink.octets()), "PDF");
  require(gate::verify_zip(archive.octets()), "ZIP");
  return 0;
}

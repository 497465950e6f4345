// PNG by libpng. Errors jump out of guarded() steps; libpng only sees the chunks that make pixels. Colour
// profiles and gamma are ignored: what a screen shows of an ordinary picture is the same without them.
#include <png.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "proto/base/limits.h"
#include "sanitizers/image/decoders.h"
#include "sanitizers/image/guarded.h"
#include "sanitizers/image/png_chunks.h"
#include "sanitizers/image/reducer.h"
#include "sanitizers/image/tail.h"
#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::image {
namespace {

constexpr std::size_t kWidthAt = 16;  // in the header, and the height behind it

struct Decoder {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::jmp_buf jump;
  std::string_view rest;
  bool damaged = false;
  bool no_memory = false;

  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[noreturn]] void fail(png_structp png, png_const_charp message) {
  auto& decoder = *static_cast<Decoder*>(png_get_error_ptr(png));
  decoder.no_memory = std::strstr(message, "memory") != nullptr;
  std::longjmp(decoder.jump, 1);
}

void hear_warning(png_structp png, png_const_charp message) {
  if (std::strstr(message, "CRC error") != nullptr || std::strstr(message, "image data") != nullptr)
    static_cast<Decoder*>(png_get_error_ptr(png))->damaged = true;
}

void give_octets(png_structp png, png_bytep to, std::size_t count) {
  auto& decoder = *static_cast<Decoder*>(png_get_io_ptr(png));
  if (decoder.rest.empty() && count > 0) png_error(png, "no more octets");
  // The last octets of a file that breaks off still hold rows; what follows them is nonsense to inflate().
  const std::size_t taken = std::min(count, decoder.rest.size());
  std::memcpy(to, decoder.rest.data(), taken);
  std::memset(to + taken, 0, count - taken);
  decoder.damaged = decoder.damaged || taken < count;
  decoder.rest.remove_prefix(taken);
}

// Up to the header. No ancillary chunk but tRNS is read.
void open(Decoder& decoder) {
  decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, fail, hear_warning);
  if (decoder.png == nullptr) std::longjmp(decoder.jump, 1);
  decoder.info = png_create_info_struct(decoder.png);
  png_set_read_fn(decoder.png, &decoder, give_octets);
  png_set_user_limits(decoder.png, limits::kImageSide, limits::kImageSide);
  png_set_chunk_cache_max(decoder.png, 1);
  png_set_keep_unknown_chunks(decoder.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  static constexpr png_byte kTransparency[] = "tRNS";
  png_set_keep_unknown_chunks(decoder.png, PNG_HANDLE_CHUNK_AS_DEFAULT, kTransparency, 1);
  png_set_crc_action(decoder.png, PNG_CRC_WARN_USE, PNG_CRC_QUIET_USE);
  png_read_info(decoder.png, decoder.info);
}

// 8 bits a channel; palettes and transparent colours become what they stand for.
void choose_output(Decoder& decoder) {
  png_set_scale_16(decoder.png);
  png_set_expand(decoder.png);
}

struct Format {
  unsigned channels = 1;  // without alpha
  bool alpha = false;
  std::size_t row = 0;  // octets
};

Format format_of(const Decoder& decoder) {
  const unsigned all = png_get_channels(decoder.png, decoder.info);
  return {all >= 3 ? 3u : 1u, all % 2 == 0, png_get_rowbytes(decoder.png, decoder.info)};
}

class Rows {
 public:
  Rows(const Format& format, std::uint32_t width, Reducer& reducer)
      : format_(format), width_(width), reducer_(reducer), shown_(std::size_t{width} * format.channels) {}
  void say(const std::uint8_t* row) {
    if (format_.alpha) onto_white(row, shown_.data(), width_, format_.channels);
    reducer_.row(format_.alpha ? shown_.data() : row);
  }

 private:
  Format format_;
  std::uint32_t width_;
  Reducer& reducer_;
  std::vector<std::uint8_t> shown_;
};

// What can be read before the octets break off; false when that is nothing.
bool read_in_order(Decoder& decoder, const Format& format, std::uint32_t height, Rows& rows) {
  std::vector<std::uint8_t> row(format.row);
  for (std::uint32_t y = 0; y < height; ++y) {
    if (!guarded(decoder.jump, [&] { png_read_row(decoder.png, row.data(), nullptr); })) {
      decoder.damaged = true;
      return y > 0;
    }
    rows.say(row.data());
  }
  return true;
}

// Seven passes over a picture that is held; each fills the gaps with what it has so far.
bool read_interlaced(Decoder& decoder, const Format& format, std::uint32_t height, int passes, Rows& rows) {
  // White, or see-through.
  std::vector<std::uint8_t> whole(format.row * height, format.alpha ? 0 : 255);
  bool some = false;
  for (int pass = 0; pass < passes; ++pass) {
    for (std::uint32_t y = 0; y < height; ++y) {
      std::uint8_t* const row = whole.data() + y * format.row;
      if (!guarded(decoder.jump, [&] { png_read_row(decoder.png, nullptr, row); })) {
        decoder.damaged = true;
        pass = passes;
        break;
      }
      some = true;
    }
  }
  for (std::uint32_t y = 0; y < height && some; ++y) rows.say(whole.data() + y * format.row);
  return some;
}

clean::Finding why(const Decoder& decoder) {
  return decoder.no_memory ? clean::Finding::kLimitMemory : clean::Finding::kDamagedPart;
}

Shape shape_of(const Decoder& decoder, const PngChunks& chunks) {
  Shape out;
  out.width = png_get_image_width(decoder.png, decoder.info);
  out.height = png_get_image_height(decoder.png, decoder.info);
  const bool own = chunks.dpi_x > 0;
  out.dpi_x = own ? chunks.dpi_x : chunks.exif.dpi_x;
  out.dpi_y = own ? chunks.dpi_y : chunks.exif.dpi_y;
  out.camera = chunks.exif.camera;
  out.orientation = chunks.exif.orientation;
  return out;
}

}  // namespace

Outcome<Picture> read_png(std::string_view octets, const clean::JobOptions& options) {
  const PngChunks chunks = walk_png(octets);
  // To libpng a side above its limit is an error like any other.
  if (type::be32(octets, kWidthAt) > limits::kImageSide ||
      type::be32(octets, kWidthAt + 4) > limits::kImageSide)
    return refused(clean::Finding::kLimitPixels);
  Decoder decoder;
  decoder.rest = octets;
  if (!guarded(decoder.jump, [&] { open(decoder); })) return refused(why(decoder));
  const Shape shape = shape_of(decoder, chunks);
  const bool interlaced = png_get_interlace_type(decoder.png, decoder.info) != PNG_INTERLACE_NONE;
  const auto planned = plan(shape, options, interlaced);
  if (!planned) return refused(planned.error());

  int passes = 1;
  if (!guarded(decoder.jump, [&] {
        choose_output(decoder);
        passes = png_set_interlace_handling(decoder.png);
        png_read_update_info(decoder.png, decoder.info);
      }))
    return refused(why(decoder));
  const Format format = format_of(decoder);
  Reducer reducer(shape.width, shape.height, format.channels, planned->width, planned->height);
  Rows rows(format, shape.width, reducer);
  const bool some = interlaced ? read_interlaced(decoder, format, shape.height, passes, rows)
                               : read_in_order(decoder, format, shape.height, rows);
  if (!some) return refused(clean::Finding::kDamagedPart);

  Picture out{make_sheet(reducer.take(), *planned, shape.orientation, decoder.damaged), {}};
  if (chunks.metadata) out.notes.push_back(clean::Finding::kMetadataRemoved);
  if (chunks.animated) out.notes.push_back(clean::Finding::kAnimated);
  note_tail(chunks.tail, false, out.notes);
  return out;
}

}  // namespace kiyome::sanitizer::image

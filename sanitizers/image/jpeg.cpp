// JPEG by libjpeg-turbo. Errors jump out of guarded() steps; scans are counted, because a progressive file of
// some kilobytes can ask for thousands of passes over a large picture.
#include <cstdio>
// jpeglib.h needs FILE before it.
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "proto/base/limits.h"
#include "sanitizers/image/decoders.h"
#include "sanitizers/image/guarded.h"
#include "sanitizers/image/jpeg_markers.h"
#include "sanitizers/image/reducer.h"
#include "sanitizers/image/tail.h"

namespace kiyome::sanitizer::image {
namespace {

constexpr unsigned kBlockRows = 16;  // the last rows that can hold something real, when octets end

// libjpeg's state with ours behind its client_data.
struct Decoder {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg_source_mgr source{};
  jpeg_progress_mgr progress{};
  std::jmp_buf jump;
  bool ended = false;       // the octets were used up
  bool damaged = false;     // some of the picture is guessed
  bool work_spent = false;  // too many scans
  std::uint64_t pixels = 0;

  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { jpeg_destroy_decompress(&jpeg); }
};

Decoder& self(j_common_ptr jpeg) { return *static_cast<Decoder*>(jpeg->client_data); }

[[noreturn]] void fail(j_common_ptr jpeg) { std::longjmp(self(jpeg).jump, 1); }

void hear_warning(j_common_ptr jpeg, int level) {
  if (level >= 0) return;  // a trace
  switch (jpeg->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:  // skipped before a marker; nothing is missing
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
      return;
    default:
      self(jpeg).damaged = true;
  }
}

boolean fill_nothing_more(j_decompress_ptr jpeg) {
  static const JOCTET kEnd[] = {0xff, JPEG_EOI};
  self(reinterpret_cast<j_common_ptr>(jpeg)).ended = true;
  jpeg->src->next_input_byte = kEnd;
  jpeg->src->bytes_in_buffer = sizeof kEnd;
  return TRUE;
}

void skip_octets(j_decompress_ptr jpeg, long count) {
  if (count <= 0) return;
  if (static_cast<std::size_t>(count) > jpeg->src->bytes_in_buffer) {
    fill_nothing_more(jpeg);
    return;
  }
  jpeg->src->next_input_byte += count;
  jpeg->src->bytes_in_buffer -= static_cast<std::size_t>(count);
}

void count_scans(j_common_ptr jpeg) {
  if (jpeg->is_decompressor == FALSE) return;
  const auto scans =
      static_cast<std::uint64_t>(std::max(0, reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number));
  Decoder& decoder = self(jpeg);
  if (scans <= limits::kJpegScans && scans * decoder.pixels <= limits::kJpegScanPixels) return;
  if (scans <= limits::kJpegScansFree) return;
  decoder.work_spent = true;
  fail(jpeg);
}

void prepare(Decoder& decoder, std::string_view octets) {
  decoder.jpeg.err = jpeg_std_error(&decoder.errors);
  decoder.errors.error_exit = fail;
  decoder.errors.emit_message = hear_warning;
  decoder.errors.output_message = [](j_common_ptr) {};
  decoder.jpeg.client_data = &decoder;
  decoder.source.next_input_byte = reinterpret_cast<const JOCTET*>(octets.data());
  decoder.source.bytes_in_buffer = octets.size();
  decoder.source.init_source = [](j_decompress_ptr) {};
  decoder.source.fill_input_buffer = fill_nothing_more;
  decoder.source.skip_input_data = skip_octets;
  decoder.source.resync_to_restart = jpeg_resync_to_restart;
  decoder.source.term_source = [](j_decompress_ptr) {};
  decoder.progress.progress_monitor = count_scans;
}

clean::Finding why(const Decoder& decoder) {
  if (decoder.work_spent) return clean::Finding::kLimitTime;
  switch (decoder.errors.msg_code) {
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE:
      return clean::Finding::kLimitMemory;
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
      return clean::Finding::kLimitPixels;
    case JERR_BAD_PRECISION:    // 12 bits
    case JERR_SOF_UNSUPPORTED:  // lossless, hierarchical
    case JERR_CONVERSION_NOTIMPL:
      return clean::Finding::kUnsupportedType;
    default:
      return clean::Finding::kDamagedPart;
  }
}

Shape shape_of(const Decoder& decoder, const Exif& exif) {
  Shape out{decoder.jpeg.image_width, decoder.jpeg.image_height, exif.dpi_x, exif.dpi_y, exif.camera,
            exif.orientation};
  const double factor = decoder.jpeg.density_unit == 1 ? 1 : decoder.jpeg.density_unit == 2 ? 2.54 : 0;
  if (factor == 0 || decoder.jpeg.saw_JFIF_marker == FALSE) return out;
  out.dpi_x = decoder.jpeg.X_density * factor;
  out.dpi_y = decoder.jpeg.Y_density * factor;
  return out;
}

// What libjpeg is to give: gray, RGB or CMYK.
void choose_colours(jpeg_decompress_struct& jpeg) {
  switch (jpeg.jpeg_color_space) {
    case JCS_GRAYSCALE:
      jpeg.out_color_space = JCS_GRAYSCALE;
      break;
    case JCS_YCbCr:
    case JCS_RGB:
      jpeg.out_color_space = JCS_RGB;
      break;
    case JCS_CMYK:
    case JCS_YCCK:
      jpeg.out_color_space = JCS_CMYK;
      break;
    default:
      jpeg.out_color_space = JCS_UNKNOWN;
  }
}

// Lets libjpeg divide by 2, 4 or 8 where that leaves enough pixels, or almost enough: it is several times as
// fast as to average afterwards.
void choose_divisor(jpeg_decompress_struct& jpeg, Plan& plan) {
  constexpr double kAlmost = 0.85;
  if (!plan.reduced) return;
  for (unsigned divisor = 8; divisor > 1; divisor /= 2) {
    const std::uint32_t width = (jpeg.image_width + divisor - 1) / divisor;
    const std::uint32_t height = (jpeg.image_height + divisor - 1) / divisor;
    if (width < kAlmost * plan.width || height < kAlmost * plan.height) continue;
    jpeg.scale_num = 1;
    jpeg.scale_denom = divisor;
    plan.width = std::min(plan.width, width);
    plan.height = std::min(plan.height, height);
    return;
  }
}

// Adobe's programs store ink inverted; others do not.
void ink_to_rgb(const std::uint8_t* from, std::uint8_t* to, std::size_t pixels, bool inverted) {
  const unsigned flip = inverted ? 0 : 255;
  for (std::size_t i = 0; i < pixels; ++i, from += 4)
    for (unsigned c = 0; c < 3; ++c)
      *to++ = static_cast<std::uint8_t>(((from[c] ^ flip) * (from[3] ^ flip) + 127) / 255);
}

// A decoder row as gray or RGB.
const std::uint8_t* as_shown(const Decoder& decoder, const std::vector<std::uint8_t>& row,
                             std::vector<std::uint8_t>& shown) {
  const jpeg_decompress_struct& jpeg = decoder.jpeg;
  if (jpeg.out_color_space == JCS_CMYK) {
    ink_to_rgb(row.data(), shown.data(), jpeg.output_width, jpeg.saw_Adobe_marker != FALSE);
    return shown.data();
  }
  if (jpeg.out_color_space != JCS_UNKNOWN || jpeg.output_components == 1) return row.data();
  const auto step = static_cast<std::size_t>(jpeg.output_components);  // channels nobody can name: the first
  for (std::size_t x = 0; x < jpeg.output_width; ++x) shown[x] = row[x * step];
  return shown.data();
}

// Of a picture in several scans whose octets are used up: libjpeg gives no warning where they end between two
// scans, and what it shows is coarse or without colours.
bool lacks_scans(const jpeg_decompress_struct& jpeg) {
  if (jpeg.progressive_mode == FALSE || jpeg.coef_bits == nullptr) return true;  // nobody counts them
  for (int component = 0; component < jpeg.num_components; ++component)
    for (int i = 0; i < DCTSIZE2; ++i)
      if (jpeg.coef_bits[component][i] != 0) return true;  // not exact yet
  return false;
}

// false when there is nothing to show. Where the octets of a single scan end early, the rest stays white.
bool read_rows(Decoder& decoder, Reducer& reducer, unsigned channels, bool single_scan) {
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  std::vector<std::uint8_t> row(std::size_t{jpeg.output_width} *
                                static_cast<std::size_t>(jpeg.output_components));
  std::vector<std::uint8_t> shown(std::size_t{jpeg.output_width} * channels);
  JSAMPROW rows[] = {row.data()};
  unsigned guessed = 0;
  while (reducer.rows() < reducer.height()) {
    JDIMENSION count = 0;
    if (!guarded(decoder.jump, [&] { count = jpeg_read_scanlines(&jpeg, rows, 1); }) || count == 0) {
      decoder.damaged = true;
      break;
    }
    if (single_scan && decoder.ended && decoder.damaged) {
      if (reducer.rows() == 0) return false;
      if (++guessed > kBlockRows) break;
    }
    reducer.row(as_shown(decoder, row, shown));
  }
  return reducer.rows() > 0;
}

}  // namespace

Outcome<Picture> read_jpeg(std::string_view octets, const clean::JobOptions& options) {
  const JpegMarkers markers = walk_jpeg(octets);
  Decoder decoder;
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  prepare(decoder, octets);
  if (!guarded(decoder.jump, [&] {
        jpeg_create_decompress(&jpeg);
        jpeg.client_data = &decoder;
        jpeg.mem->max_memory_to_use = static_cast<long>(limits::kImageLibraryBytes);
        jpeg.src = &decoder.source;
        jpeg.progress = &decoder.progress;
        jpeg_read_header(&jpeg, TRUE);
      }))
    return refused(why(decoder));
  const Shape shape = shape_of(decoder, markers.exif);
  const bool whole = jpeg_has_multiple_scans(&jpeg) != FALSE;
  auto planned = plan(shape, options, whole);
  if (!planned) return refused(planned.error());
  decoder.pixels = std::uint64_t{shape.width} * shape.height;

  choose_colours(jpeg);
  choose_divisor(jpeg, *planned);
  if (!guarded(decoder.jump, [&] { jpeg_start_decompress(&jpeg); })) return refused(why(decoder));
  if (decoder.ended && jpeg.input_scan_number <= 1 && jpeg.input_iMCU_row == 0)
    return refused(clean::Finding::kDamagedPart);
  const unsigned channels =
      jpeg.out_color_space == JCS_GRAYSCALE || jpeg.out_color_space == JCS_UNKNOWN ? 1 : 3;
  Reducer reducer(jpeg.output_width, jpeg.output_height, channels, planned->width, planned->height);
  if (!read_rows(decoder, reducer, channels, !whole)) return refused(clean::Finding::kDamagedPart);
  decoder.damaged = decoder.damaged || (whole && decoder.ended && lacks_scans(jpeg));

  Picture out{make_sheet(reducer.take(), *planned, shape.orientation, decoder.damaged), {}};
  if (markers.metadata) out.notes.push_back(clean::Finding::kMetadataRemoved);
  note_tail(markers.tail, markers.multi_picture, out.notes);
  return out;
}

}  // namespace kiyome::sanitizer::image

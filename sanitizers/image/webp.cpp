// WebP by libwebp. Of an animation the first frame is shown, on its canvas.
#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>
#include <vector>

#include "proto/base/limits.h"
#include "sanitizers/image/decoders.h"
#include "sanitizers/image/exif.h"
#include "sanitizers/image/reducer.h"
#include "sanitizers/image/tail.h"
#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::image {
namespace {

constexpr unsigned kWithAlpha = 4;

struct Demuxer {
  explicit Demuxer(std::string_view octets) {
    const WebPData data{reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size()};
    WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
    demux = WebPDemuxPartial(&data, &state);
    if (state == WEBP_DEMUX_PARSE_ERROR || state == WEBP_DEMUX_PARSING_HEADER) {
      WebPDemuxDelete(demux);
      demux = nullptr;
    }
    complete = state == WEBP_DEMUX_DONE;
  }
  Demuxer(const Demuxer&) = delete;
  Demuxer& operator=(const Demuxer&) = delete;
  ~Demuxer() {
    WebPDemuxReleaseIterator(&frame);
    WebPDemuxDelete(demux);
  }
  WebPDemuxer* demux = nullptr;
  WebPIterator frame{};
  bool complete = false;
};

// The frame as RGBA; rows that the octets did not reach stay see-through.
Outcome<void> decode(const WebPIterator& frame, std::vector<std::uint8_t>& pixels, bool& damaged) {
  const auto width = static_cast<std::size_t>(frame.width), height = static_cast<std::size_t>(frame.height);
  pixels.assign(width * height * kWithAlpha, 0);
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) return refused(clean::Finding::kUnsupportedType);
  config.output.colorspace = MODE_RGBA;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {pixels.data(), static_cast<int>(width * kWithAlpha), pixels.size()};
  const std::unique_ptr<WebPIDecoder, void (*)(WebPIDecoder*)> decoder(WebPIDecode(nullptr, 0, &config),
                                                                       WebPIDelete);
  if (decoder == nullptr) return refused(clean::Finding::kLimitMemory);
  const VP8StatusCode status = WebPIUpdate(decoder.get(), frame.fragment.bytes, frame.fragment.size);
  if (status == VP8_STATUS_OUT_OF_MEMORY) return refused(clean::Finding::kLimitMemory);
  if (status == VP8_STATUS_OK) return {};
  damaged = true;
  int rows = 0;
  if (WebPIDecGetRGB(decoder.get(), &rows, nullptr, nullptr, nullptr) == nullptr || rows <= 0)
    return refused(clean::Finding::kDamagedPart);
  return {};
}

// Puts the frame on its canvas.
void say_rows(const WebPIterator& frame, const std::vector<std::uint8_t>& pixels, const Shape& shape,
              Reducer& reducer) {
  const auto width = static_cast<std::size_t>(frame.width), height = static_cast<std::size_t>(frame.height);
  const auto left = static_cast<std::size_t>(frame.x_offset), top = static_cast<std::size_t>(frame.y_offset);
  std::vector<std::uint8_t> row(std::size_t{shape.width} * 3, 255);
  const std::vector<std::uint8_t> blank = row;
  for (std::size_t y = 0; y < shape.height; ++y) {
    const bool within = y >= top && y - top < height;
    if (within) onto_white(pixels.data() + (y - top) * width * kWithAlpha, row.data() + left * 3, width, 3);
    reducer.row(within ? row.data() : blank.data());
  }
}

Exif exif_of(WebPDemuxer* demux) {
  WebPChunkIterator chunk{};
  Exif out;
  if (WebPDemuxGetChunk(demux, "EXIF", 1, &chunk) != 0) {
    std::string_view octets(reinterpret_cast<const char*>(chunk.chunk.bytes), chunk.chunk.size);
    constexpr std::string_view kJpegHabit("Exif\0\0", 6);
    if (octets.starts_with(kJpegHabit)) octets.remove_prefix(kJpegHabit.size());
    out = read_exif(octets);
  }
  WebPDemuxReleaseChunkIterator(&chunk);
  return out;
}

}  // namespace

Outcome<Picture> read_webp(std::string_view octets, const clean::JobOptions& options) {
  // RIFF tells its length; what is behind it is not the picture's.
  const std::uint64_t size = std::uint64_t{type::le32(octets, 4)} + 8;
  const std::string_view file = octets.substr(0, size + size % 2), tail = octets.substr(file.size());
  Demuxer demuxer(file);
  if (demuxer.demux == nullptr || WebPDemuxGetFrame(demuxer.demux, 1, &demuxer.frame) == 0)
    return refused(clean::Finding::kDamagedPart);
  const WebPIterator& frame = demuxer.frame;
  const Exif exif = exif_of(demuxer.demux);
  const Shape shape{WebPDemuxGetI(demuxer.demux, WEBP_FF_CANVAS_WIDTH),
                    WebPDemuxGetI(demuxer.demux, WEBP_FF_CANVAS_HEIGHT),
                    exif.dpi_x,
                    exif.dpi_y,
                    exif.camera,
                    exif.orientation};
  const auto planned = plan(shape, options, true);
  if (!planned) return refused(planned.error());
  if (frame.width <= 0 || frame.height <= 0 || frame.x_offset < 0 || frame.y_offset < 0 ||
      static_cast<std::uint64_t>(frame.x_offset) + static_cast<std::uint64_t>(frame.width) > shape.width ||
      static_cast<std::uint64_t>(frame.y_offset) + static_cast<std::uint64_t>(frame.height) > shape.height)
    return refused(clean::Finding::kDamagedPart);

  bool damaged = !demuxer.complete;
  std::vector<std::uint8_t> pixels;
  if (const auto done = decode(frame, pixels, damaged); !done) return refused(done.error());
  Reducer reducer(shape.width, shape.height, 3, planned->width, planned->height);
  say_rows(frame, pixels, shape, reducer);

  Picture out{make_sheet(reducer.take(), *planned, shape.orientation, damaged), {}};
  const std::uint32_t flags = WebPDemuxGetI(demuxer.demux, WEBP_FF_FORMAT_FLAGS);
  if ((flags & (EXIF_FLAG | XMP_FLAG)) != 0) out.notes.push_back(clean::Finding::kMetadataRemoved);
  if ((flags & ANIMATION_FLAG) != 0) out.notes.push_back(clean::Finding::kAnimated);
  note_tail(tail, false, out.notes);
  return out;
}

}  // namespace kiyome::sanitizer::image

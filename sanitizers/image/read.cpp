#include "sanitizers/image/read.h"

#include <algorithm>

#include "sanitizers/image/decoders.h"
#include "sanitizers/image/tail.h"

namespace kiyome::sanitizer::image {
namespace {

using namespace std::string_view_literals;

using Decoder = Outcome<Picture> (*)(std::string_view, const clean::JobOptions&);

Decoder decoder_of(std::string_view octets) {
  if (octets.starts_with("\xff\xd8\xff")) return read_jpeg;
  if (octets.starts_with("\x89PNG\r\n\x1a\n")) return read_png;
  if (octets.starts_with("GIF87a") || octets.starts_with("GIF89a")) return read_gif;
  if (octets.starts_with("RIFF") && octets.substr(8).starts_with("WEBP")) return read_webp;
  if (octets.starts_with("BM")) return read_bmp;
  if (octets.starts_with("\0\0\1\0"sv) || octets.starts_with("\0\0\2\0"sv)) return read_icon;
  return nullptr;
}

bool is_tiff(std::string_view octets) {
  return octets.starts_with("II*\0"sv) || octets.starts_with("MM\0*"sv) || octets.starts_with("II+\0"sv) ||
         octets.starts_with("MM\0+"sv);
}

Outcome<void> say_picture(Decoder decoder, std::string_view octets, const clean::JobOptions& options,
                          const Say& say) {
  auto picture = decoder(octets, options);
  if (!picture) return refused(picture.error());
  note_other_type(octets, picture->notes);
  std::sort(picture->notes.begin(), picture->notes.end());
  picture->notes.erase(std::unique(picture->notes.begin(), picture->notes.end()), picture->notes.end());
  say(clean::Document{1, "", picture->notes});
  say_sheet(picture->sheet, options, say);
  return {};
}

}  // namespace

void read_picture(std::string_view octets, const clean::JobOptions& options, const Say& say) {
  Outcome<void> done = refused(clean::Finding::kUnsupportedType);
  if (const Decoder decoder = decoder_of(octets.size() < 12 ? std::string_view() : octets))
    done = say_picture(decoder, octets, options, say);
  else if (is_tiff(octets))
    done = read_tiff(octets, options, say);
  if (!done) say(clean::Refusal{done.error()});
  say(clean::End{});
}

// A gray JPEG of one pixel: whatever a processor's abilities are read from is read here.
void warm_up() {
  constexpr std::string_view kDot =
      "\xff\xd8\xff\xdb\0\x43\0"
      "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
      "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
      "\xff\xc0\0\x0b\x08\0\1\0\1\1\1\x11\0"
      "\xff\xc4\0\x14\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
      "\xff\xc4\0\x14\x10\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
      "\xff\xda\0\x08\1\1\0\0\x3f\0\x3f\xff\xd9"sv;
  static_cast<void>(read_jpeg(kDot, clean::JobOptions{}));
}

}  // namespace kiyome::sanitizer::image

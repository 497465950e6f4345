// The inside of a backup: anybody with the public key can write one. Whatever is given to a restore are sound
// paths, and frames that stand where they may.
#include <cstdlib>

#include "service/backup/frames.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kiyome::backup;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t step = size == 0 ? 1 : 1 + data[0] % 61;
  FrameReader reader;
  bool open = false;
  for (std::size_t at = 0; at < size; at += step) {
    const bool fine =
        reader
            .take(input.substr(at, step),
                  [&](const Frame& frame) {
                    const bool named = frame.type == FrameType::file || frame.type == FrameType::folder;
                    if (named && (!is_sound_path(frame.text) || frame.mode > 07777)) std::abort();
                    if ((frame.type == FrameType::data || frame.type == FrameType::file_end) && !open)
                      std::abort();
                    if (frame.type == FrameType::file) open = true;
                    if (frame.type == FrameType::file_end) open = false;
                  })
            .has_value();
    if (!fine) return 0;
  }
  return 0;
}

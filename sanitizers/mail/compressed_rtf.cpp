// Compressed RTF ([MS-OXRTFCP]): LZ with a dictionary of 4096 octets that begins with common words. Each
// token of 2 octets gives at most 17, so the output is linear in the input; the promised size is only looked
// at to say that it lies.
#include <array>
#include <cstring>

#include "proto/base/limits.h"
#include "sanitizers/mail/containers.h"
#include "sanitizers/mail/little_endian.h"

namespace kiyome::sanitizer::mail {
namespace {

constexpr std::uint32_t kCompressed = 0x75465a4c;    // "LZFu"
constexpr std::uint32_t kUncompressed = 0x414c454d;  // "MELA"
constexpr std::size_t kDictionary = 4096;
constexpr std::string_view kBeginning =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    "\\fdecor MS Sans "
    "SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    "\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
static_assert(kBeginning.size() == 207);

class Unpacker {
 public:
  Unpacker() {
    dictionary_.fill(' ');
    std::memcpy(dictionary_.data(), kBeginning.data(), kBeginning.size());
  }

  // Result: false when the octets end before the end mark.
  bool run(std::string_view in, std::string& out) {
    std::size_t at = 0;
    while (at < in.size()) {
      const auto control = static_cast<unsigned char>(in[at++]);
      for (int bit = 0; bit < 8; ++bit) {
        if ((control >> bit & 1) == 0) {
          if (at >= in.size() || out.size() >= limits::kMailDecoded) return false;
          put(in[at++], out);
          continue;
        }
        if (in.size() - at < 2) return false;
        const unsigned token =
            static_cast<unsigned char>(in[at]) * 256u + static_cast<unsigned char>(in[at + 1]);
        at += 2;
        const std::size_t offset = token >> 4, length = (token & 15) + 2;
        if (offset == write_) return true;  // the end mark
        if (out.size() + length > limits::kMailDecoded) return false;
        for (std::size_t i = 0; i < length; ++i) put(dictionary_[(offset + i) % kDictionary], out);
      }
    }
    return false;
  }

 private:
  void put(char c, std::string& out) {
    out += c;
    dictionary_[write_] = c;
    write_ = (write_ + 1) % kDictionary;
  }
  std::array<char, kDictionary> dictionary_;
  std::size_t write_ = kBeginning.size();
};

}  // namespace

std::string decompress_rtf(std::string_view octets, bool& damaged) {
  LittleEndian in(octets);
  const std::uint32_t compressed_size = in.u32();  // of what follows this field
  const std::uint32_t raw_size = in.u32();
  const std::uint32_t kind = in.u32();
  in.u32();  // the CRC: what is damaged shows itself, and a wrong sum would change nothing
  std::string out;
  if (in.failed()) {
    damaged = damaged || !octets.empty();
    return out;
  }
  if (compressed_size < 12 || compressed_size - 12 > in.left()) damaged = true;
  if (kind == kUncompressed) {
    if (raw_size > in.left()) damaged = true;
    return std::string(in.rest().substr(0, raw_size));
  }
  if (kind != kCompressed) {
    damaged = true;
    return out;
  }
  if (!Unpacker().run(in.rest(), out) || out.size() != raw_size) damaged = true;
  return out;
}

}  // namespace kiyome::sanitizer::mail

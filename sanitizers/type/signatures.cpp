// Signatures as data, and those that need a second look.
#include "sanitizers/type/signatures.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "sanitizers/type/bytes_at.h"

namespace kiyome::sanitizer::type {
namespace {

struct Signature {
  std::size_t offset;
  std::string_view octets;
  std::string_view type;
};

constexpr Signature kSignatures[] = {
#define SIGNATURE(offset, octets, type) {offset, std::string_view(octets, sizeof(octets) - 1), type},
#include "sanitizers/type/signatures.def"
#undef SIGNATURE
};

constexpr std::size_t kPdfWithin = 1024;  // readers look for "%PDF-" this far

// Short signatures are checked by what must follow.
bool plausible(std::string_view s, std::string_view type) {
  if (type == "image/x-icon") return le16(s, 4) > 0 && le16(s, 4) < 256 && s.size() >= 22 && s[9] == '\0';
  if (type == "application/x-bzip2")
    return s.size() > 10 && s[3] >= '1' && s[3] <= '9' &&
           (slice(s, 4, 3) == "1AY" || slice(s, 4, 3) == "\x17rE");
  if (type == "application/x-arj") return s.size() > 12 && le16(s, 2) >= 30 && le16(s, 2) <= 2600;
  if (type == "image/jxl" && s[0] == '\xff') return s.size() > 12;
  if (type == "image/vnd.dwg") return s.size() > 16 && s[4] >= '0' && s[4] <= '9';
  if (type == "application/x-shockwave-flash") return s.size() > 8 && static_cast<unsigned char>(s[3]) < 60;
  if (type == "application/x-font-pf") return slice(s, 6, 2) == "%!";
  if (type == "font/ttf") return s.size() > 12 && (s[0] == 't' || (s[4] == '\0' && s[5] != '\0'));
  if (type == "image/emf") return le32(s, 0) == 1;
  if (type == "application/gzip") return s.size() >= 10 && s[2] == '\x08';
  if (type == "audio/mpeg") return s.size() > 10 && static_cast<unsigned char>(s[3]) < 16;
  return true;
}

std::string_view riff(std::string_view s) {
  const std::string_view form = slice(s, 8, 4);
  if (form == "WEBP") return "image/webp";
  if (form == "WAVE") return "audio/wav";
  if (form == "AVI ") return "video/x-msvideo";
  if (form == "RMID") return "audio/midi";
  if (form == "ACON") return "image/x-icon";
  return {};
}

// ISO base media file format: the brand tells pictures from films.
std::string_view base_media(std::string_view s) {
  const std::string_view box = slice(s, 4, 4);
  if (box == "moov" || box == "mdat" || box == "wide" || box == "free" || box == "skip" || box == "pnot")
    return be32(s, 0) >= 8 || be32(s, 0) == 1 ? std::string_view("video/mp4") : std::string_view();
  if (box != "ftyp") return {};
  const std::string_view brand = slice(s, 8, 4);
  for (const std::string_view heic : {"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"})
    if (brand == heic)
      return slice(s, 16, 32).find("avif") != std::string_view::npos ? "image/avif" : "image/heic";
  if (brand == "avif" || brand == "avis") return "image/avif";
  if (brand == "crx ") return "image/x-raw";
  if (brand == "jp2 " || brand == "jpx ") return "image/jp2";
  return "video/mp4";
}

std::string_view windows_program(std::string_view s) {
  if (s.size() < 2 || (slice(s, 0, 2) != "MZ" && slice(s, 0, 2) != "ZM")) return {};
  const std::uint32_t at = s.size() >= 64 ? le32(s, 60) : 0;
  if (at != 0 && at < s.size() && s.size() - at >= 4) {
    const std::string_view mark = slice(s, at, 2);
    if (mark == "PE" || mark == "NE" || mark == "LE" || mark == "LX")
      return "application/vnd.microsoft.portable-executable";
  }
  // A DOS program has no second header; text that merely begins with these letters has no sizes that make
  // sense.
  const bool dos =
      s.size() >= 28 && le16(s, 2) < 512 && le16(s, 8) >= 2 && le16(s, 8) < 4096 && le16(s, 24) < 4096;
  const bool textual =
      std::all_of(s.begin(), s.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(s.size(), 64)),
                  [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\r' || c == '\n' || c == '\t'; });
  return dos || !textual ? "application/vnd.microsoft.portable-executable" : std::string_view();
}

std::string_view lha(std::string_view s) {
  if (s.size() < 22 || s[2] != '-' || s[6] != '-') return {};
  const std::string_view method = slice(s, 3, 3);
  const bool known = method.starts_with("lh") || method.starts_with("lz") || method.starts_with("pm");
  return known ? std::string_view("application/x-lzh-compressed") : std::string_view();
}

// A tar of before 1988 has no mark but a checksum in octal at 148.
std::string_view old_tar(std::string_view s) {
  if (s.size() < 512) return {};
  unsigned stored = 0, digits = 0;
  for (const char c : slice(s, 148, 8)) {
    if (c >= '0' && c <= '7') {
      stored = stored * 8 + static_cast<unsigned>(c - '0');
      ++digits;
    } else if (c != ' ' && c != '\0') {
      return {};
    }
  }
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(s[i]);
  return digits >= 3 && stored == sum && s[0] != '\0' ? std::string_view("application/x-tar")
                                                      : std::string_view();
}

std::string_view mpeg_audio(std::string_view s) {
  // Two frames in a row, the second where the first says that it ends: MPEG-1 layer III only, which is what
  // "mp3" is.
  constexpr unsigned kRates[] = {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0};
  constexpr unsigned kHertz[] = {44100, 48000, 32000, 0};
  if (s.size() < 4 || s[0] != '\xff' || (s[1] != '\xfb' && s[1] != '\xfa')) return {};
  const unsigned third = static_cast<unsigned char>(s[2]);
  if (kRates[third >> 4] == 0 || kHertz[third >> 2 & 3] == 0) return {};
  const std::size_t length = 144000 * kRates[third >> 4] / kHertz[third >> 2 & 3] + (third >> 1 & 1);
  if (s.size() < length + 2) return "audio/mpeg";
  return s[length] == '\xff' && (s[length + 1] & '\xe0') == '\xe0' ? std::string_view("audio/mpeg")
                                                                   : std::string_view();
}

std::string_view by_shape(std::string_view s) {
  if (s.starts_with("RIFF")) return riff(s);
  if (s.starts_with("FORM") && (slice(s, 8, 4) == "AIFF" || slice(s, 8, 4) == "AIFC")) return "audio/aiff";
  if (s.size() >= 12)
    if (const auto media = base_media(s); !media.empty()) return media;
  if (const auto program = windows_program(s); !program.empty()) return program;
  if (s.starts_with("\xca\xfe\xba\xbe") && s.size() >= 8)
    return be16(s, 6) >= 45 ? "application/java-vm"
                            : "application/x-mach-binary";  // class file, or fat binary
  if (s.starts_with("BM") && s.size() >= 26 &&
      (le32(s, 14) == 40 || le32(s, 14) == 12 || le32(s, 14) == 108 || le32(s, 14) == 124 ||
       le32(s, 14) == 64 || le32(s, 14) == 56 || le32(s, 14) == 52))
    return "image/bmp";
  if (s.size() > 512 && s[0] == 'G' && s[188] == 'G' && s[376] == 'G') return "video/mpeg";
  if (s.size() >= 3 && s[0] == 'P' && s[1] >= '1' && s[1] <= '7' &&
      (s[2] == '\n' || s[2] == ' ' || s[2] == '\r' || s[2] == '\t'))
    return "image/x-portable-anymap";
  if (s.size() > 128 && s[0] == '\x0a' && static_cast<unsigned char>(s[1]) <= 5 && s[2] == '\x01')
    return "image/x-pcx";
  if (s.size() > 36 && slice(s, 34, 2) == "LP" && le32(s, 0) == s.size())
    return "application/vnd.ms-fontobject";
  if (s.size() > 1024 && slice(s, s.size() - 512, 4) == "koly") return "application/x-apple-diskimage";
  if (s.size() > 1024 && slice(s, s.size() - 512, 8) == "conectix") return "application/x-vhd";
  if (const auto mp3 = mpeg_audio(s); !mp3.empty()) return mp3;
  if (const auto archive = lha(s); !archive.empty()) return archive;
  return old_tar(s);
}

}  // namespace

std::string_view signature_type(std::string_view s) {
  if (s.starts_with("%PDF-")) return "application/pdf";
  for (const Signature& one : kSignatures) {
    if (s.size() < one.offset || s.size() - one.offset < one.octets.size()) continue;
    if (s.compare(one.offset, one.octets.size(), one.octets) == 0 && plausible(s, one.type)) return one.type;
  }
  if (const auto type = by_shape(s); !type.empty()) return type;
  // PDF and RTF readers pass over what stands before.
  if (slice(s, 0, kPdfWithin).find("%PDF-") != std::string_view::npos) return "application/pdf";
  const std::size_t first = slice(s, 0, 256).find_first_not_of(" \t\r\n\f\v");
  if (first != std::string_view::npos && slice(s, first).starts_with("{\\rt")) return "text/rtf";
  return {};
}

}  // namespace kiyome::sanitizer::type

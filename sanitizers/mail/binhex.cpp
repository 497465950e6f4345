// BinHex 4.0 (RFC 1741 appendix A): 6 bits a character, runs of a repeated octet, a header, a data fork and a
// resource fork with a CRC each. The data fork is the file. Runs make the output up to 64 times the input, so
// it is capped.
#include <array>

#include "sanitizers/mail/containers.h"
#include "sanitizers/mail/octets.h"

namespace kiyome::sanitizer::mail {

bool decode_binhex(std::string_view encoded, std::size_t room, Enclosed& file);

namespace {

constexpr std::string_view kAlphabet = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";
static_assert(kAlphabet.size() == 64);
constexpr unsigned char kRun = 0x90;

constexpr std::array<std::uint8_t, 256> values() {
  std::array<std::uint8_t, 256> out{};
  for (auto& value : out) value = 255;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    out[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  return out;
}
constexpr std::array<std::uint8_t, 256> kValues = values();

// Undoes the runs: an octet, 0x90, how often; 0x90 0 is a 0x90 itself.
class Runs {
 public:
  explicit Runs(std::size_t room) : room_(room) {}
  bool put(unsigned char c, std::string& out) {
    if (marked_) {
      marked_ = false;
      if (c == 0) {
        out += static_cast<char>(kRun);
      } else {
        if (out.empty() || out.size() + c > room_) return false;
        out.append(c - 1u, out.back());
      }
    } else if (c == kRun) {
      marked_ = true;
    } else {
      out += static_cast<char>(c);
    }
    return out.size() < room_;
  }

 private:
  std::size_t room_;
  bool marked_ = false;
};

bool unpack(std::string_view encoded, std::size_t room, std::string& out) {
  Runs runs(room);
  unsigned bits = 0;
  int count = 0;
  for (const char c : encoded) {
    if (is_space(c)) continue;
    const std::uint8_t value = kValues[static_cast<unsigned char>(c)];
    if (value == 255) return false;
    bits = (bits << 6 | value) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    if (!runs.put(static_cast<unsigned char>(bits >> count & 255), out)) return false;
  }
  return true;
}

std::uint32_t big_endian(std::string_view octets) {
  std::uint32_t out = 0;
  for (const char c : octets.substr(0, 4)) out = out << 8 | static_cast<unsigned char>(c);
  return out;
}

}  // namespace

bool decode_binhex(std::string_view encoded, std::size_t room, Enclosed& file) {
  std::string octets;
  const bool unpacked = unpack(encoded, room, octets);
  const std::size_t name = octets.empty() ? 0 : static_cast<unsigned char>(octets[0]);
  const std::size_t lengths = 1 + name + 1 + 4 + 4 + 2;  // name, version, type, creator, flags
  const std::size_t data = lengths + 4 + 4 + 2;          // both lengths, CRC
  if (name == 0 || octets.size() < data) {
    file.owned = std::move(octets);  // no header to be read: what there is
    return false;
  }
  file.name = octets.substr(1, name);
  const std::size_t size = big_endian(std::string_view(octets).substr(lengths));
  const bool whole = octets.size() - data >= size;
  file.owned = octets.substr(data, size);
  return unpacked && whole;
}

}  // namespace kiyome::sanitizer::mail

// All lengths follow from the whole's and the name's; so the headers are written down as they have to be, and
// compared.
#include "service/gate/verify_sealed_zip.h"

#include <algorithm>
#include <string>

#include "proto/base/limits.h"

namespace kiyome::gate {
namespace {

using View = std::string_view;
using namespace std::string_view_literals;
using namespace std::string_literals;

constexpr std::size_t kLongestName = 255;
constexpr std::size_t kLargest = limits::kSealedOriginal + 1024;  // with the headers
constexpr std::size_t kLocal = 30, kCentral = 46, kEnd = 22, kField = 11;
constexpr std::size_t kAround = 16 + 2 + 10;                                  // salt, verifier, tag
constexpr View kWhat = "\x01\x08\x63\x00\x00\x00\x21\x00\x00\x00\x00\x00"sv;  // flags … checksum

std::string little(std::uint64_t value, unsigned octets) {
  std::string out;
  for (; octets != 0; --octets, value >>= 8) out += static_cast<char>(value & 0xFF);
  return out;
}

std::uint32_t number32(View octets, std::size_t at) {
  std::uint32_t out = 0;
  for (std::size_t i = 4; i-- > 0;) out = out << 8 | static_cast<unsigned char>(octets[at + i]);
  return out;
}

// The first octet of `expected` at `at` that is another one.
std::optional<Violation> differs(View octets, std::size_t at, View expected, const char* why) {
  const View there = octets.substr(at, expected.size());
  const auto unlike = std::mismatch(there.begin(), there.end(), expected.begin());
  if (there.size() == expected.size() && unlike.first == there.end()) return std::nullopt;
  return Violation{at + static_cast<std::size_t>(unlike.first - there.begin()), why};
}

}  // namespace

std::optional<Violation> verify_sealed_zip(View octets, View name) {
  const std::size_t headers = kLocal + kCentral + kEnd + 2 * (name.size() + kField);
  if (name.empty() || name.size() > kLongestName) return Violation{0, "no name of an entry"};
  if (octets.size() < headers + kAround || octets.size() > kLargest)
    return Violation{0, "not the size of a sealed ZIP"};
  const std::size_t sealed = octets.size() - headers, data = kLocal + name.size() + kField;
  const std::uint32_t size = number32(octets, 22);
  const char method = octets[data - 2];
  if (size > limits::kSealedOriginal) return Violation{22, "too large an original"};
  if (method != 0 && method != 8) return Violation{data - 2, "neither stored nor deflated"};
  if (method == 0 ? sealed != size + kAround : sealed >= size + kAround)
    return Violation{18, "sizes that do not fit"};
  const std::string common =
      std::string(kWhat) + little(sealed, 4) + little(size, 4) + little(name.size(), 2) + little(kField, 2);
  const std::string named =
      std::string(name) + "\x01\x99\x07" + '\0' + "\x02" + '\0' + "AE\x03" + method + '\0';
  if (auto fault = differs(octets, 0, "PK\x03\x04\x33"s + '\0' + common + named, "not the local header"))
    return fault;
  const std::size_t directory = data + sealed;
  const std::string central =
      "PK\x01\x02\x33"s + '\0' + "\x33" + '\0' + common + std::string(14, '\0') + named;
  if (auto fault = differs(octets, directory, central, "not the directory")) return fault;
  const std::string end = "PK\x05\x06" + std::string(4, '\0') + little(1, 2) + little(1, 2) +
                          little(central.size(), 4) + little(directory, 4) + little(0, 2);
  return differs(octets, directory + central.size(), end, "not the end record");
}

}  // namespace kiyome::gate

// Any octets as TNEF, with and without the signature: what is found lies within the input, and there is not
// too much of it.
#include <cstdint>
#include <string>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "sanitizers/mail/containers.h"

using namespace kiyome::sanitizer::mail;

namespace {

bool within(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check(std::string_view octets) {
  const Tnef tnef = read_tnef(octets);
  KIYOME_CHECK(tnef.files.size() <= kiyome::limits::kMailParts &&
               tnef.body_rtf.size() <= kiyome::limits::kMailDecoded);
  for (const Enclosed& file : tnef.files) KIYOME_CHECK(file.owned.empty() && within(file.octets, octets));
  const std::string_view owned = tnef.owned ? std::string_view(*tnef.owned) : std::string_view();
  KIYOME_CHECK(within(tnef.body_plain, octets) || within(tnef.body_plain, owned));
  KIYOME_CHECK(within(tnef.body_html, octets) || within(tnef.body_html, owned));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string octets(reinterpret_cast<const char*>(data), size);
  check(octets);
  check(std::string("\x78\x9f\x3e\x22\x01\x00", 6) + octets);
  bool damaged = false;
  KIYOME_CHECK(decompress_rtf(octets, damaged).size() <= octets.size() * 9 + 17);
  return 0;
}

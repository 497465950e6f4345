// Any octets as RTF, plain and with HTML in it: the result is clean in its length and is UTF-8.
#include <cstdint>
#include <string>

#include "proto/base/check.h"
#include "sanitizers/mail/containers.h"
#include "sanitizers/mail/octets.h"
#include "sanitizers/text/text.h"

using namespace kiyome::sanitizer::mail;

namespace {

void check(const std::string& rtf) {
  const RtfText text = read_rtf(rtf);
  KIYOME_CHECK(text.charset == "utf-8" && is_utf8(text.octets));
  KIYOME_CHECK(text.octets.size() <= rtf.size() * 8 + 64);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool ready = (kiyome::sanitizer::text::warm_up(), true);
  KIYOME_CHECK(ready);
  const std::string octets(reinterpret_cast<const char*>(data), size);
  check(octets);
  check("{\\rtf1\\ansi\\ansicpg932\\fromhtml1{\\fonttbl{\\f0\\fcharset128 a;}{\\f1\\fcharset204 b;}}" +
        octets);
  return 0;
}

// Fuzzes RFC 2047 decoding: the result is one clean line.
#include <cstdint>
#include <string_view>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "sanitizers/mail/encoded_word.h"
#include "sanitizers/text/text.h"

using namespace kiyome;
using namespace kiyome::sanitizer::mail;

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  sanitizer::text::warm_up();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  for (const char* charset : {"", "iso-2022-jp", "windows-1252"}) {
    WordContext context;
    context.fallback_charset = charset;
    const std::string text = decode_header_text(octets, context);
    KIYOME_CHECK(clean::is_clean_line(text));
    KIYOME_CHECK(text.size() <= limits::kCleanHeaderText);
  }
  return 0;
}

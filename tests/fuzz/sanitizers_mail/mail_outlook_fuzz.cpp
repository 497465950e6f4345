// Any octets as Outlook's .msg: what is made of them is a mail of bounded size, whose first line begins no
// boundary.
#include <cstdint>
#include <string_view>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "sanitizers/mail/outlook.h"
#include "sanitizers/mail/run.h"

using namespace kiyome;

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  sanitizer::mail::warm_up();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto mail = sanitizer::mail::outlook_as_mail({reinterpret_cast<const char*>(data), size});
  KIYOME_CHECK(mail.octets.size() <= 2 * limits::kMailDerivedBytes);
  KIYOME_CHECK(!mail.octets.starts_with("--"));
  return 0;
}

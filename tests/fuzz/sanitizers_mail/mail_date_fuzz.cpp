// Fuzzes dates: what is read is in range, and shown again it reads as the same minute.
#include <cstdint>
#include <string_view>

#include "proto/base/check.h"
#include "proto/clean/codec.h"
#include "sanitizers/mail/date.h"

using namespace kiyome;
using namespace kiyome::sanitizer::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto date = read_date({reinterpret_cast<const char*>(data), size});
  if (!date) return 0;
  KIYOME_CHECK(clean::is_mail_date(*date));
  const auto again = read_date(show_date(*date));
  const bool same = again && again->unix_seconds / 60 == date->unix_seconds / 60;
  const bool edge = date->unix_seconds < -62135596800 + 86400 * 2;  // before year 1 in some zone
  KIYOME_CHECK(same || edge || date->unix_seconds % 60 != 0 || date->unix_seconds >= 253402300800 - 86400);
  return 0;
}

// Fuzzes address fields and message ids: what comes out may stand in the clean language.
#include <cstdint>
#include <string_view>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "sanitizers/mail/address.h"
#include "sanitizers/mail/header.h"
#include "sanitizers/text/text.h"

using namespace kiyome;
using namespace kiyome::sanitizer::mail;

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  sanitizer::text::warm_up();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  WordContext context;
  std::vector<clean::Address> addresses;
  (void)read_addresses(octets, context, addresses);
  KIYOME_CHECK(addresses.size() <= limits::kMailAddresses);
  for (const clean::Address& address : addresses) {
    KIYOME_CHECK(clean::is_clean_line(address.display) && clean::is_clean_line(address.address));
    KIYOME_CHECK(!address.display.empty() || !address.address.empty());
  }
  for (const std::string& id : read_message_ids(octets)) KIYOME_CHECK(clean::is_message_id(id));
  return 0;
}

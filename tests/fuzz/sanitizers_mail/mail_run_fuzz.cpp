// Fuzzes the whole mail sanitizer: whatever the octets, the trusted side takes the answer.
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/check.h"
#include "proto/clean/codec.h"
#include "sanitizers/mail/run.h"

using namespace kiyome;

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  sanitizer::mail::warm_up();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  clean::JobOptions options;
  options.part_texts = size % 2 == 0;
  const sanitizer::mail::Reading reading = sanitizer::mail::read_mail(octets, options);
  std::string encoded;
  for (const clean::Message& message : reading.messages) clean::encode(message, encoded);
  clean::AnswerReader reader(octets.size());
  const Result<void> fed = reader.feed(encoded);
  if (!fed) std::fprintf(stderr, "refused: %s\n", fed.error().what.c_str());
  KIYOME_CHECK(fed.has_value());
  KIYOME_CHECK(reader.complete());
  return 0;
}

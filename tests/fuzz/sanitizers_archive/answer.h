// Reads octets as an archive and holds what is said against the trusted side's own reader: no answer of ours
// may ever be refused there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/check.h"
#include "proto/clean/codec.h"
#include "sanitizers/archive/archive.h"

inline void read_and_check(std::string_view octets, const kiyome::clean::JobOptions& options) {
  namespace clean = kiyome::clean;
  std::string answer;
  kiyome::sanitizer::archive::read_archive(
      octets, options, [&](const clean::Message& message) { clean::encode(message, answer); });
  clean::AnswerReader reader(octets.size(), [](std::uint32_t, std::string_view) {});
  KIYOME_CHECK(reader.feed(answer).has_value());
  KIYOME_CHECK(reader.complete());
}

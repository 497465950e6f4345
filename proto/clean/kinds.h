// The kinds of the clean language's frames: the alternatives of Message in order, from 1.
#pragma once

#include <cstdint>
#include <variant>

#include "proto/clean/types.h"

namespace kiyome::clean {

enum class Kind : std::uint8_t {
  mail_header = 1,
  part = 2,
  body_text = 3,
  part_text = 4,
  refusal = 5,
  end = 6,
  afterword = 7,
  part_content = 8,
  document = 9,
  page = 10,
  rows = 11,
  words = 12,
  converted = 13,
};
static_assert(std::variant_size_v<Message> == 13);
static_assert(std::is_same_v<std::variant_alternative_t<0, Message>, MailHeader>);
static_assert(std::is_same_v<std::variant_alternative_t<12, Message>, Converted>);

}  // namespace kiyome::clean

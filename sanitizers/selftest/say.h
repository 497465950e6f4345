// The answer of a sanitizer that has only a word to say: a mail of one part with that text.
#pragma once

#include <string>
#include <string_view>

#include "sanitizers/host/serve.h"

namespace kiyome::sanitizer::selftest {

inline void say(Answer& answer, std::string_view input, std::string text) {
  answer.put(clean::MailHeader{});
  clean::Part whole;
  whole.role = clean::Role::body;
  whole.span = {0, input.size()};
  whole.size = input.size();
  answer.put(whole);
  answer.put(clean::BodyText{std::move(text), {}});
  answer.put(clean::End{});
}

}  // namespace kiyome::sanitizer::selftest

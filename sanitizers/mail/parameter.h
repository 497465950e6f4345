// Content-Type and Content-Disposition with their parameters: RFC 2045, RFC 2231, and what senders write
// instead (no quotes, no semicolons, comments, raw Shift_JIS and ISO-2022-JP inside quotes, backslashes that
// escape nothing).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sanitizers/mail/encoded_word.h"

namespace kiyome::sanitizer::mail {

struct Parameter {
  std::string name;     // lower case, with its RFC 2231 stars and numbers
  std::string value;    // octets, unquoted
  std::string literal;  // octets as written up to the next semicolon, quotes and backslashes left: another
                        // reader's view
};

// One field value: "type/subtype; name=value …" or "attachment; name=value …".
struct Parameterized {
  std::string value;  // lower case; "text/plain", "attachment"; empty if unreadable
  std::vector<Parameter> parameters;
  bool too_many = false;  // parameters were left out: another reader may use just those
};

Parameterized read_parameterized(std::string_view field_value);

// The octets of a parameter, RFC 2231 continuations joined; empty if there is none.
std::string parameter_octets(const Parameterized& field, std::string_view lower_name);

// Every reading of a boundary parameter that some reader may have; the best first. `too_many` is set, never
// cleared, when there are more than are kept.
std::vector<std::string> boundary_readings(const Parameterized& field, bool& too_many);

// A file name or other human text of a parameter, decoded both ways: plain (raw octets, RFC 2047) and RFC
// 2231.
struct DecodedParameter {
  std::string text;      // the better of the two
  bool differs = false;  // both are there and name different things
};
DecodedParameter decode_parameter(const Parameterized& field, std::string_view lower_name,
                                  WordContext& context);

}  // namespace kiyome::sanitizer::mail

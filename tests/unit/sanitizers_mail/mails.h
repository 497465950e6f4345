// Mails built in tests: payloads that must not hide, encoders, and what the sanitizer says about a mail.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/types.h"
#include "sanitizers/mail/run.h"

namespace mails {

// A small program: "MZ", then octets of every value, CR, LF and NUL among them.
std::string program(std::size_t size = 1500);

std::string base64(std::string_view octets, std::size_t line = 76, std::string_view eol = "\r\n");
std::string quoted_printable(std::string_view octets);
std::string uuencode(std::string_view octets, std::string_view name);

// Every "@B@" of the pattern becomes the base64 of program(), "@Q@" its quoted-printable, "@U@" its uuencode,
// "@R@" itself.
std::string fill(std::string_view pattern);

// LF → CRLF, for mails written in raw string literals.
std::string crlf(std::string_view text);

struct Said {
  kiyome::clean::MailHeader header;
  std::vector<kiyome::clean::Part> parts;
  kiyome::clean::BodyText body;
  std::vector<kiyome::clean::PartText> words;
  bool refused = false;
  kiyome::clean::Finding refusal{};
  std::string wire_error;  // why the trusted side would not take the answer; empty if it does
};
// Runs the sanitizer's function and sends the answer through the trusted side's reader.
Said read(std::string_view mail, bool words = false);

bool has(const std::vector<kiyome::clean::Finding>& findings, kiyome::clean::Finding finding);
// The part whose octets are `payload`, or nullptr.
const kiyome::clean::Part* part_of(const Said& said, std::string_view payload);

}  // namespace mails

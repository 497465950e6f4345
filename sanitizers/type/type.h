// What octets are, by content: own signatures first, then libmagic refined as its traps need. Inside the
// sandbox only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/findings.h"

namespace kiyome::sanitizer::type {

struct Detected {
  std::string type;  // lower-case media type; application/octet-stream when nothing fits
  bool text_like =
      false;  // words could be read from it as plain text (txt, csv, json, xml, log, ics, vcf, eml …)
  // executable (programs, scripts, shortcuts, whatever their name says), type-mismatch, encrypted (zip, pdf,
  // ole, 7z … when plainly so)
  std::vector<clean::Finding> findings;
};

// Loads the magic database (one cookie) and the digest before confinement. detect() works without it, with
// own signatures only.
void warm_up();

// `name` and `declared` are the sender's claims, decoded; either may be empty.
Detected detect(std::string_view octets, std::string_view name, std::string_view declared);

}  // namespace kiyome::sanitizer::type

// The bounds of the room: beyond them less is seen, and nothing runs on.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "proto/base/limits.h"
#include "sanitizers/type/textual.h"
#include "sanitizers/type/type.h"

namespace type = kiyome::sanitizer::type;
namespace limits = kiyome::limits;

namespace {

// Local headers of empty stored entries, the last of them encrypted; no central directory.
std::string zip_with_sealed_last(std::size_t entries) {
  std::string out;
  for (std::size_t i = 0; i < entries; ++i) {
    const std::string flags = i + 1 == entries ? std::string("\x01\0", 2) : std::string("\0\0", 2);
    out += "PK\x03\x04" + std::string("\x14\0", 2) + flags + std::string(18, '\0') +
           std::string("\x01\0\0\0", 4) + "a";
  }
  return out;
}

bool sealed(const std::string& octets) {
  const auto findings = type::detect(octets, "a.zip", "").findings;
  return std::find(findings.begin(), findings.end(), kiyome::clean::Finding::kEncrypted) != findings.end();
}

}  // namespace

TEST_CASE("bounds: entries of a ZIP that are looked at") {
  for (const std::size_t n : {limits::kZipEntries - 1, limits::kZipEntries, limits::kZipEntries + 1})
    CHECK(sealed(zip_with_sealed_last(n)) == (n <= limits::kZipEntries));
}

TEST_CASE("bounds: what kind of text it is, is decided by its first octets") {
  for (const std::size_t n : {limits::kTypeScan - 1, limits::kTypeScan, limits::kTypeScan + 1}) {
    const std::string script = "<script";
    const std::string octets = std::string(n - script.size(), 'a') + script;
    CHECK((type::textual_type(octets, "") == "text/html") == (n <= limits::kTypeScan));
  }
  // A NUL behind the scanned part is not looked for, and changes no type.
  CHECK(type::looks_like_text(std::string(limits::kTypeScan, 'a') + '\0'));
  CHECK_FALSE(type::looks_like_text(std::string(limits::kTypeScan - 1, 'a') + '\0'));
}

TEST_CASE("bounds: damaged OLE2 directories end") {
  std::string ole = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
  ole.resize(512 * 3, '\0');
  ole[30] = 9;
  for (std::size_t i = 76; i < 512; ++i) ole[i] = '\0';  // every table is sector 0
  // Sector 0 is its own successor: a chain without end.
  CHECK(type::detect(ole, "a.doc", "").type == "application/x-ole-storage");
  for (std::size_t size = 8; size < 600; size += 37) {
    CAPTURE(size);
    CHECK(type::detect(ole.substr(0, size), "", "").type == "application/x-ole-storage");
  }
}

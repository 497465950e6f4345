// Small streams of a compound file: in them lies whether a small workbook or a presentation is encrypted.
#include "sanitizers/type/ole.h"

#include <doctest/doctest.h>

#include <string>

namespace {

using kiyome::sanitizer::type::look_into_ole;

void put(std::string& octets, std::size_t at, std::uint32_t value, int size = 4) {
  for (int i = 0; i < size; ++i) octets[at + static_cast<std::size_t>(i)] = static_cast<char>(value >> 8 * i);
}

void entry(std::string& octets, std::size_t at, const std::string& name, char kind, std::uint32_t start,
           std::uint32_t size) {
  for (std::size_t i = 0; i < name.size(); ++i) octets[at + 2 * i] = name[i];
  put(octets, at + 64, static_cast<std::uint32_t>(2 * name.size() + 2), 2);
  octets[at + 66] = kind;
  for (const std::size_t link : {68, 72}) put(octets, at + link, 0xffffffff);
  put(octets, at + 76, kind == 5 ? 1 : 0xffffffff);
  put(octets, at + 116, start);
  put(octets, at + 120, size);
}

// Sectors: the table, the directory, the table of pieces, the pieces. The stream's pieces are `first` and its
// successor.
std::string small_stream(const std::string& name, std::string content, std::uint32_t successor = 5) {
  std::string out(512 * 5, '\0');
  out.replace(0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8);
  put(out, 30, 9, 2);
  put(out, 48, 1);
  put(out, 56, 4096);
  put(out, 60, 2);
  for (std::size_t sector = 0; sector < 4; ++sector) put(out, 512 + 4 * sector, 0xfffffffe);
  entry(out, 1024, "Root Entry", 5, 3, 512);
  entry(out, 1024 + 128, name, 2, 2, static_cast<std::uint32_t>(content.size()));
  put(out, 1536 + 4 * 2, successor);
  put(out, 1536 + 4 * 5, 0xfffffffe);
  content.resize(128);
  out.replace(2048 + 64 * 2, 64, content.substr(0, 64));
  out.replace(2048 + 64 * 5, 64, content.substr(64));
  return out;
}

std::string workbook(char second) {  // a record of 80 octets, then the one in question
  return std::string("\x09\x08\x50\0", 4) + std::string(80, '\0') + second + std::string(11, '\0');
}

}  // namespace

TEST_CASE("ole: a small workbook with a password is encrypted, one without is not") {
  const auto locked = look_into_ole(small_stream("Workbook", workbook('\x2f')));
  CHECK(locked.type == "application/vnd.ms-excel");
  CHECK(locked.encrypted);
  CHECK_FALSE(look_into_ole(small_stream("Workbook", workbook('\x42'))).encrypted);
}

TEST_CASE("ole: a presentation tells of its encryption in a small stream") {
  const std::string head("\0\0\xf6\x0f\x14\0\0\0\x14\0\0\0", 12);
  CHECK(look_into_ole(small_stream("Current User", head + "\xdf\xc4\xd1\xf3")).encrypted);
  CHECK_FALSE(look_into_ole(small_stream("Current User", head + "\x5f\xc0\x91\xe3")).encrypted);
}

TEST_CASE("ole: a chain of pieces without end, or out of the file, ends") {
  CHECK_FALSE(look_into_ole(small_stream("Workbook", workbook('\x2f'), 2)).encrypted);
  CHECK_FALSE(look_into_ole(small_stream("Workbook", workbook('\x2f'), 0x7fffffff)).encrypted);
  std::string huge = small_stream("Workbook", workbook('\x2f'), 2);
  put(huge, 1024 + 128 + 120, 0xffffffff);  // so long, in a circle
  put(huge, 56, 0xffffffff);
  CHECK_FALSE(look_into_ole(huge).encrypted);
}

// Archives built by tests, and what is said about them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/job.h"
#include "proto/clean/types.h"

namespace archive_test {

using kiyome::clean::Finding;

// One entry of a ZIP; what the local header says can be made to differ.
struct ZipFile {
  std::string name, content;
  std::uint16_t method = 0;  // 0 and 8 are packed here; for others `content` is packed already
  std::uint16_t flags = 0;
  std::uint32_t attributes = 0;
  std::uint16_t host = 0;
  std::string extra = {}, local_extra = {};
  std::string password = {};  // ZipCrypto
  bool descriptor = false;
  // Lies; 0 or empty: the truth.
  std::string local_name = {};
  std::uint32_t local_crc = 0, local_size = 0, central_size = 0, crc = 0;
  std::int32_t local_method = -1;
  std::string behind = {};  // octets after the entry that belong to nothing
};

struct ZipMaker {
  std::vector<ZipFile> files;
  std::string before = {}, comment = {}, behind = {};
  bool count_before = false;  // offsets count `before`
  int count_lie = 0;
  bool zip64 = false;
  std::string make() const;
};
std::string zip_of(std::vector<ZipFile> files);
std::string deflated(std::string_view octets);
std::string le(std::uint64_t value, unsigned octets);
std::string from_hex(std::string_view hex);

// What read_archive() said, checked by the trusted side's own reader.
struct Said {
  bool accepted = false;  // the reader takes the answer
  std::string error;
  std::optional<Finding> refusal;
  std::vector<kiyome::clean::Part> parts;  // the archive, then its files
  std::map<std::uint32_t, std::string> contents;

  bool has(std::size_t part, Finding finding) const;
  std::string names() const;  // of the files, '|' between
};
// What the service would ask: octets of that type, a file of that name.
kiyome::clean::JobOptions as(std::string type, std::string name = {});
Said said(std::string_view octets, kiyome::clean::JobOptions options = {});

}  // namespace archive_test

// Writes a clean ZIP (../PDF.md): stored entries, nothing but them.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "service/compose/document/octet_sink.h"

namespace kiyome::compose {

// Holds the directory only. Not thread-safe; throws what the sink throws.
class ZipWriter {
 public:
  explicit ZipWriter(OctetSink& sink) : sink_(sink) {}

  // `name` is folder/…/file, each component a clean file name (compose::clean_file_name), `octets` clean by
  // themselves. false, and nothing is written, when the name is too deep or clashes with an earlier one, or
  // the archive would need ZIP64.
  bool add(std::string_view name, std::string_view octets);
  void finish();  // at least one entry was added
  std::uint64_t bytes() const { return bytes_; }

 private:
  bool takes_name(std::string_view name);
  void write(std::string_view octets);

  OctetSink& sink_;
  std::uint64_t bytes_ = 0;
  std::uint32_t entries_ = 0;
  std::string central_;
  std::set<std::string> files_, folders_;  // in small letters
};

}  // namespace kiyome::compose

// Clean ZIPs written by hand for the verifier's tests, in parts that a test can exchange one by one.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <vector>

namespace kiyome::zip_sample {

inline std::string little(std::uint64_t value, unsigned octets) {
  std::string out;
  for (; octets != 0; --octets, value >>= 8) out += static_cast<char>(value & 0xFF);
  return out;
}

struct Entry {
  std::string name, content;
  unsigned version = 20, flags = 0x0800, method = 0, time = 0, date = 0x0021;
  std::uint32_t crc_change = 0, size_change = 0, packed_change = 0;
  std::string extra = {};

  std::string common(bool with_extra) const {
    const auto crc =
        crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size()));
    return little(version, 2) + little(flags, 2) + little(method, 2) + little(time, 2) + little(date, 2) +
           little(crc ^ crc_change, 4) + little(content.size() + packed_change, 4) +
           little(content.size() + size_change, 4) + little(name.size(), 2) +
           little(with_extra ? extra.size() : 0, 2);
  }
  std::string local() const { return "PK\x03\x04" + common(true) + name + extra + content; }
};

struct Zip {
  std::vector<Entry> entries;
  std::vector<Entry> records;  // instead of the entries' own
  std::string before, between, comment;
  unsigned made_by = 0x0314, disk = 0, internal = 0;
  std::uint32_t external = 0x81A40000;
  std::uint64_t offset_change = 0, count_change = 0, size_change = 0, start_change = 0;

  std::string zip() const {
    std::string out = before, central;
    std::vector<std::size_t> offsets;
    for (const Entry& entry : entries) {
      offsets.push_back(out.size());
      out += entry.local();
    }
    const std::vector<Entry>& named = records.empty() ? entries : records;
    for (std::size_t i = 0; i < named.size(); ++i)
      central += "PK\x01\x02" + little(made_by, 2) + named[i].common(false) + little(0, 2) + little(disk, 2) +
                 little(internal, 2) + little(external, 4) +
                 little(offsets[i % offsets.size()] + offset_change, 4) + named[i].name;
    out += between;
    const std::size_t start = out.size();
    return out + central + "PK\x05\x06" + little(0, 4) + little(named.size() + count_change, 2) +
           little(named.size() + count_change, 2) + little(central.size() + size_change, 4) +
           little(start + start_change, 4) + little(comment.size(), 2) + comment;
  }
};

inline Zip of(std::vector<Entry> entries) {
  Zip out;
  out.entries = std::move(entries);
  return out;
}

}  // namespace kiyome::zip_sample

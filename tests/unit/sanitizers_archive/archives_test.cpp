// See archives.h.
#include "tests/unit/sanitizers_archive/archives.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "proto/clean/codec.h"
#include "sanitizers/archive/archive.h"

namespace archive_test {
namespace {

std::uint32_t crc_of(std::string_view s) {
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(s.data()), static_cast<uInt>(s.size())));
}

// PKWARE's cipher, the other way round than the sanitizer has it.
std::string sealed(std::string_view plain, std::string_view password, std::uint32_t crc) {
  std::array<std::uint32_t, 3> keys{0x12345678, 0x23456789, 0x34567890};
  const z_crc_t* table = get_crc_table();
  const auto step = [&](unsigned char c) {
    keys[0] = static_cast<std::uint32_t>(table[(keys[0] ^ c) & 0xff]) ^ keys[0] >> 8;
    keys[1] = (keys[1] + (keys[0] & 0xff)) * 134775813u + 1;
    keys[2] = static_cast<std::uint32_t>(table[(keys[2] ^ keys[1] >> 24) & 0xff]) ^ keys[2] >> 8;
  };
  for (const char c : password) step(static_cast<unsigned char>(c));
  std::string out = "elevenoctet";
  out += static_cast<char>(crc >> 24);
  out += plain;
  for (char& c : out) {
    const auto octet = static_cast<unsigned char>(c);
    const std::uint32_t mixed = (keys[2] | 2) & 0xffff;
    c = static_cast<char>(octet ^ (mixed * (mixed ^ 1) >> 8 & 0xff));
    step(octet);
  }
  return out;
}

}  // namespace

std::string le(std::uint64_t value, unsigned octets) {
  std::string out;
  for (unsigned i = 0; i < octets; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  return out;
}

std::string deflated(std::string_view octets) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, octets.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));
  stream.avail_in = static_cast<uInt>(octets.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string ZipMaker::make() const {
  std::string out = before, central;
  const std::size_t base = count_before ? 0 : before.size();
  for (const ZipFile& file : files) {
    const std::uint32_t crc = file.crc != 0 ? file.crc : crc_of(file.content);
    std::string packed = file.method == 8 ? deflated(file.content) : file.content;
    if (!file.password.empty()) packed = sealed(packed, file.password, crc);
    const auto flags =
        static_cast<std::uint16_t>(file.flags | (file.password.empty() ? 0 : 1) | (file.descriptor ? 8 : 0));
    const std::uint64_t size = file.central_size != 0 ? file.central_size : file.content.size();
    const std::size_t at = out.size() - base;
    const std::string& name = file.local_name.empty() ? file.name : file.local_name;
    const std::uint32_t local_size =
        file.local_size != 0 ? file.local_size : static_cast<std::uint32_t>(size);
    const auto method = static_cast<std::uint16_t>(file.local_method < 0 ? file.method : file.local_method);
    out += "PK\x03\x04" + le(20, 2) + le(flags, 2) + le(method, 2) + le(0x21, 4) +
           le(file.descriptor       ? 0
              : file.local_crc != 0 ? file.local_crc
                                    : crc,
              4) +
           le(file.descriptor ? 0 : packed.size(), 4) + le(file.descriptor ? 0 : local_size, 4) +
           le(name.size(), 2) + le(file.local_extra.size(), 2) + name + file.local_extra + packed;
    if (file.descriptor) out += "PK\x07\x08" + le(crc, 4) + le(packed.size(), 4) + le(size, 4);
    out += file.behind;
    std::string extra = file.extra;
    if (zip64) extra += le(1, 2) + le(24, 2) + le(size, 8) + le(packed.size(), 8) + le(at, 8);
    const auto narrow = [&](std::uint64_t value) { return le(zip64 ? 0xffffffff : value, 4); };
    central += "PK\x01\x02" + le(file.host << 8 | 20, 2) + le(20, 2) + le(flags, 2) + le(file.method, 2) +
               le(0x21, 4) + le(crc, 4) + narrow(packed.size()) + narrow(size) + le(file.name.size(), 2) +
               le(extra.size(), 2) + le(0, 6) + le(file.attributes, 4) + narrow(at) + file.name + extra;
  }
  const std::size_t central_at = out.size() - base;
  out += central;
  const std::uint64_t count = files.size() + static_cast<std::uint64_t>(count_lie);
  if (zip64) {
    const std::size_t record = out.size() - base;
    out += "PK\x06\x06" + le(44, 8) + le(45, 4) + le(0, 8) + le(count, 8) + le(count, 8) +
           le(central.size(), 8) + le(central_at, 8) + "PK\x06\x07" + le(0, 4) + le(record, 8) + le(1, 4);
  }
  return out + "PK\x05\x06" + le(0, 4) + le(zip64 ? 0xffff : count, 2) + le(zip64 ? 0xffff : count, 2) +
         le(zip64 ? 0xffffffff : central.size(), 4) + le(zip64 ? 0xffffffff : central_at, 4) +
         le(comment.size(), 2) + comment + behind;
}

std::string zip_of(std::vector<ZipFile> files) { return ZipMaker{std::move(files)}.make(); }

bool Said::has(std::size_t part, Finding finding) const {
  if (part >= parts.size()) return false;
  const auto& findings = parts[part].findings;
  return std::find(findings.begin(), findings.end(), finding) != findings.end();
}

std::string Said::names() const {
  std::string out;
  for (std::size_t i = 1; i < parts.size(); ++i) out += (i == 1 ? "" : "|") + parts[i].name;
  return out;
}

kiyome::clean::JobOptions as(std::string type, std::string name) {
  kiyome::clean::JobOptions options;
  options.type = std::move(type);
  options.name = std::move(name);
  return options;
}

Said said(std::string_view octets, kiyome::clean::JobOptions options) {
  namespace clean = kiyome::clean;
  static const bool warm = (kiyome::sanitizer::archive::warm_up(), true);
  (void)warm;
  options.contents = true;
  Said out;
  std::string answer;
  kiyome::sanitizer::archive::read_archive(
      octets, options, [&](const clean::Message& message) { clean::encode(message, answer); });
  clean::AnswerReader reader(octets.size(),
                             [&](std::uint32_t part, std::string_view some) { out.contents[part] += some; });
  const auto fed = reader.feed(answer);
  out.accepted = fed.has_value() && reader.complete();
  if (!fed) out.error = fed.error().what;
  if (reader.refusal()) {
    out.refusal = reader.refusal()->finding;
  } else {
    out.parts = reader.take_answer().parts;
  }
  return out;
}

}  // namespace archive_test

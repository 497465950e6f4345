// See deflate.h.
#include "service/compose/document/deflate.h"

#include <libdeflate.h>

#include "proto/base/check.h"

namespace kiyome::compose {
void Deflater::Free::operator()(libdeflate_compressor* compressor) const {
  libdeflate_free_compressor(compressor);
}

Deflater::Deflater(int level) : compressor_(libdeflate_alloc_compressor(level)) {
  KIYOME_CHECK(compressor_ != nullptr);
}

std::string Deflater::zlib(std::string_view octets) {
  const std::size_t bound = libdeflate_zlib_compress_bound(compressor_.get(), octets.size());
  std::uint8_t* room = room_.of(bound);
  const std::size_t size =
      libdeflate_zlib_compress(compressor_.get(), octets.data(), octets.size(), room, bound);
  KIYOME_CHECK(size > 0);
  return std::string(reinterpret_cast<const char*>(room), size);
}

std::uint32_t crc32(std::string_view octets, std::uint32_t crc) {
  return libdeflate_crc32(crc, octets.data(), octets.size());
}

}  // namespace kiyome::compose

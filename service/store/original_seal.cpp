#include "service/store/original_seal.h"

#include <cstring>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/base/errors.h"

namespace kiyome::store::original {

std::array<std::uint8_t, crypto_aead_chacha20poly1305_ietf_NPUBBYTES> nonce_of(std::uint64_t offset) {
  std::array<std::uint8_t, crypto_aead_chacha20poly1305_ietf_NPUBBYTES> nonce{};
  for (std::size_t i = 0; i < sizeof offset; ++i) nonce[i] = static_cast<std::uint8_t>(offset >> (8 * i));
  return nonce;
}

SegmentSeal::SegmentSeal() { crypto_aead_chacha20poly1305_ietf_keygen(key_.data()); }
SegmentSeal::~SegmentSeal() { sodium_memzero(key_.data(), key_.size()); }

std::string SegmentSeal::header(std::uint64_t segment, std::int64_t created_ms,
                                const CleanerPublicKey& key) const {
  SegmentHeader out;
  out.segment = segment;
  out.created_ms = created_ms;
  static_assert(kSealedKey == crypto_box_SEALBYTES + crypto_aead_chacha20poly1305_ietf_KEYBYTES);
  if (crypto_box_seal(out.sealed.data(), key_.data(), key_.size(), key.bytes.data()) != 0)
    throw TemporaryFailure("the cleaner's public key cannot be used");
  return encode(out);
}

Place SegmentSeal::add(std::string& out, std::uint64_t offset, RecordType type, const ItemId& id,
                       std::uint64_t first_segment, std::string_view head, std::string_view tail) const {
  const std::size_t plaintext = head.size() + tail.size();
  KIYOME_CHECK(plaintext + kTag <= limits::kOriginalRecord);
  RecordHeader header{type, id, first_segment, static_cast<std::uint32_t>(plaintext + kTag), 0};
  const Place place{offset, static_cast<std::uint32_t>(kRecordHeader + plaintext + kTag)};

  const std::size_t at = out.size();
  out += encode(header);
  out += head;
  out += tail;
  out.append(kTag, '\0');
  auto* const record = reinterpret_cast<unsigned char*>(out.data()) + at;
  unsigned char* const body = record + kRecordHeader;
  crypto_aead_chacha20poly1305_ietf_encrypt_detached(body, body + plaintext, nullptr, body, plaintext, record,
                                                     kAssociated, nullptr, nonce_of(place.offset).data(),
                                                     key_.data());
  header.body_crc = crc32_of({reinterpret_cast<const char*>(body), plaintext + kTag});
  const std::string finished = encode(header);
  std::memcpy(record, finished.data(), finished.size());
  return place;
}

}  // namespace kiyome::store::original

#include "service/backup/sealed_stream.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "proto/base/bytes.h"
#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/sockets.h"

namespace kiyome::backup {
namespace {

constexpr std::string_view kMagic = "KIYOMEBK";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kSealed = crypto_box_SEALBYTES + crypto_secretstream_xchacha20poly1305_KEYBYTES;
constexpr std::size_t kHead = 8 + 4 + 32 + kSealed + crypto_secretstream_xchacha20poly1305_HEADERBYTES;
constexpr std::size_t kAdded = crypto_secretstream_xchacha20poly1305_ABYTES;
constexpr std::size_t kSum = 32;
static_assert(kHead == 148 && kAdded == 17);

using Octets = const unsigned char*;
Octets raw(std::string_view text) { return reinterpret_cast<Octets>(text.data()); }
unsigned char* raw(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string u32(std::uint32_t value) {
  ByteWriter out;
  out.u32(value);
  return out.take();
}
std::uint32_t u32_of(std::string_view octets) { return ByteReader(octets).u32(); }

// As many octets as there are, at most `count`.
std::string read_up_to(int file, std::size_t count) {
  std::string out(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const ssize_t got = ::read(file, out.data() + have, count - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("read the backup");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  out.resize(have);
  return out;
}

[[noreturn]] void damaged(std::uint64_t at, const std::string& what) {
  throw PermanentFailure("この控えは壊れています / the backup is damaged: " + what + " (offset " +
                         std::to_string(at) + ")");
}

void wipe(std::array<unsigned char, crypto_secretstream_xchacha20poly1305_KEYBYTES>& key) {
  sodium_memzero(key.data(), key.size());
}

}  // namespace

SealedWriter::SealedWriter(int file, const PublicKey& key) : file_(file) {
  KIYOME_CHECK(sodium_init() >= 0);
  crypto_generichash_init(&sum_, nullptr, 0, kSum);
  std::array<unsigned char, crypto_secretstream_xchacha20poly1305_KEYBYTES> stream_key{};
  crypto_secretstream_xchacha20poly1305_keygen(stream_key.data());
  std::string sealed(kSealed, '\0'), header(crypto_secretstream_xchacha20poly1305_HEADERBYTES, '\0');
  KIYOME_CHECK(crypto_box_seal(raw(sealed), stream_key.data(), stream_key.size(), key.bytes.data()) == 0);
  crypto_secretstream_xchacha20poly1305_init_push(&state_, raw(header), stream_key.data());
  wipe(stream_key);
  head_ = std::string(kMagic) + u32(kVersion) +
          std::string(reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()) + sealed + header;
  write(head_);
}

void SealedWriter::write(std::string_view octets) {
  crypto_generichash_update(&sum_, raw(octets), octets.size());
  written_ += octets.size();
  if (!write_all(file_, octets, Steady::time_point::max())) throw_errno("write the backup");
}

void SealedWriter::seal(std::string_view plain, unsigned char tag) {
  std::string out(plain.size() + kAdded, '\0');
  crypto_secretstream_xchacha20poly1305_push(&state_, raw(out), nullptr, raw(plain), plain.size(), raw(head_),
                                             head_.size(), tag);
  head_.clear();  // with the first block only
  write(u32(static_cast<std::uint32_t>(out.size())));
  write(out);
}

void SealedWriter::put(std::string_view octets) {
  while (!octets.empty()) {
    const std::size_t room = limits::kBackupBlock - waiting_.size();
    const std::string_view piece = octets.substr(0, room);
    waiting_.append(piece);
    octets.remove_prefix(piece.size());
    if (waiting_.size() < limits::kBackupBlock) return;
    seal(waiting_, crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
    waiting_.clear();
  }
}

std::uint64_t SealedWriter::finish() {
  seal(waiting_, crypto_secretstream_xchacha20poly1305_TAG_FINAL);
  write(u32(0));
  std::string sum(kSum, '\0');
  crypto_generichash_final(&sum_, raw(sum), sum.size());
  write(sum);  // its own sum is of no interest any more
  return written_;
}

SealedHead read_head(int file) {
  SealedHead out;
  out.octets = read_up_to(file, kHead);
  if (out.octets.size() != kHead || !out.octets.starts_with(kMagic))
    throw PermanentFailure("控えのファイルではありません / this is no backup");
  if (u32_of(std::string_view(out.octets).substr(kMagic.size(), 4)) != kVersion)
    throw PermanentFailure("新しい版の控えです / the backup is of a newer version");
  for (std::size_t i = 0; i < out.key.bytes.size(); ++i)
    out.key.bytes[i] = static_cast<std::uint8_t>(out.octets[kMagic.size() + 4 + i]);
  return out;
}

SealedReader::SealedReader(int file, SealedHead head, const SecretKey& key)
    : file_(file), head_(std::move(head)), at_(kHead) {
  const PublicKey own = public_part(key);
  if (own != head_.key)
    throw ConfigError("この鍵では開けません / this secret key does not fit: the backup is for " +
                      fingerprint(head_.key) + ", the key is " + fingerprint(own));
  crypto_generichash_init(&sum_, nullptr, 0, kSum);
  crypto_generichash_update(&sum_, raw(head_.octets), head_.octets.size());
  std::array<unsigned char, crypto_secretstream_xchacha20poly1305_KEYBYTES> stream_key{};
  const std::string_view octets = head_.octets;
  const std::string_view sealed = octets.substr(8 + 4 + 32, kSealed);
  if (crypto_box_seal_open(stream_key.data(), raw(sealed), sealed.size(), own.bytes.data(),
                           key.bytes.data()) != 0)
    damaged(0, "its head");
  const bool fine = crypto_secretstream_xchacha20poly1305_init_pull(
                        &state_, raw(octets.substr(8 + 4 + 32 + kSealed)), stream_key.data()) == 0;
  wipe(stream_key);
  if (!fine) damaged(0, "its head");
}

std::string SealedReader::read(std::size_t count) {
  std::string out = read_up_to(file_, count);
  if (out.size() != count) damaged(at_ + out.size(), "its end is missing");
  crypto_generichash_update(&sum_, raw(out), out.size());
  at_ += count;
  return out;
}

std::string SealedReader::next() {
  if (final_) return {};
  const std::uint64_t begin = at_;
  const std::uint32_t length = u32_of(read(4));
  if (length < kAdded || length > limits::kBackupBlock + kAdded) damaged(begin, "a block's length");
  const std::string block = read(length);
  std::string out(length - kAdded, '\0');
  unsigned char tag = 0;
  const std::string_view with = first_ ? std::string_view(head_.octets) : std::string_view();
  if (crypto_secretstream_xchacha20poly1305_pull(&state_, raw(out), nullptr, &tag, raw(block), block.size(),
                                                 raw(with), with.size()) != 0)
    damaged(begin, "a block");
  first_ = false;
  if (tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL) {
    final_ = true;
    end();
  } else if (out.empty()) {
    damaged(begin, "an empty block");
  }
  return out;
}

void SealedReader::end() {
  if (u32_of(read(4)) != 0) damaged(at_ - 4, "its end");
  std::string sum(kSum, '\0');
  crypto_generichash_final(&sum_, raw(sum), sum.size());
  if (read_up_to(file_, kSum + 1) != sum) damaged(at_, "its sum");
}

std::uint64_t check_sum(int file) {
  KIYOME_CHECK(sodium_init() >= 0);
  crypto_generichash_state state{};
  crypto_generichash_init(&state, nullptr, 0, kSum);
  std::uint64_t octets = 0;
  std::string window = read_up_to(file, kSum);
  for (;;) {
    const std::string more = read_up_to(file, limits::kBackupBlock);
    if (more.empty()) break;
    window += more;
    const std::size_t certain = window.size() - kSum;
    crypto_generichash_update(&state, raw(window), certain);
    octets += certain;
    window.erase(0, certain);
  }
  std::string sum(kSum, '\0');
  crypto_generichash_final(&state, raw(sum), sum.size());
  if (window != sum) damaged(octets, "its sum");
  return octets + kSum;
}

}  // namespace kiyome::backup

// The cleaner's key pair on disk: cleaner.key (0600) and cleaner.pub (0644), 64 hexadecimal digits and LF
// each.
#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <cerrno>

#include "proto/base/check.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/store/original_log.h"

namespace kiyome::store {
namespace {

constexpr std::size_t kKey = 32;
constexpr std::size_t kText = 2 * kKey + 1;  // digits and LF
using Key = std::array<std::uint8_t, kKey>;

void make_ready() { KIYOME_CHECK(sodium_init() >= 0); }

// Empty when there is no such file.
std::string read_text(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file && errno == ENOENT) return {};
  if (!file) throw_errno("open " + path);
  std::string out(kText + 1, '\0');
  const ssize_t got = ::read(file.get(), out.data(), out.size());
  if (got < 0) throw_errno("read " + path);
  out.resize(static_cast<std::size_t>(got));
  if (out.empty()) throw TemporaryFailure(path + ": the key file is empty");
  return out;
}

Key parse(const std::string& text, const std::string& path) {
  Key key{};
  std::size_t octets = 0;
  const bool whole =
      text.size() == kText && text.back() == '\n' &&
      sodium_hex2bin(key.data(), key.size(), text.data(), 2 * kKey, nullptr, &octets, nullptr) == 0;
  if (!whole || octets != kKey) throw TemporaryFailure(path + ": not a key file");
  return key;
}

std::string text_of(const Key& key) {
  std::string out(2 * kKey + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), key.data(), key.size());
  out.back() = '\n';
  return out;
}

// With `keep`, a file that is there already stays.
void write_key(const std::string& path, const Key& key, mode_t mode, bool keep) {
  std::string text = text_of(key);
  NewFile file(path, mode);
  file.allow(mode);
  file.write(text);
  sodium_memzero(text.data(), text.size());
  if (keep)
    file.place();
  else
    file.replace();
  file.make_durable();
}

}  // namespace

CleanerKeyPair load_or_make_cleaner_key(const std::string& directory) {
  make_ready();
  const std::string path = directory + "/cleaner.key", public_path = directory + "/cleaner.pub";
  std::string text = read_text(path);
  if (text.empty()) {
    Key secret{}, unused{};
    crypto_box_keypair(unused.data(), secret.data());
    write_key(path, secret, 0600, true);
    sodium_memzero(secret.data(), secret.size());
    text = read_text(path);  // another process may have been first
  }
  CleanerKeyPair out;
  out.secret_key = parse(text, path);
  sodium_memzero(text.data(), text.size());
  crypto_scalarmult_base(out.public_key.bytes.data(), out.secret_key.data());
  if (read_text(public_path) != text_of(out.public_key.bytes))
    write_key(public_path, out.public_key.bytes, 0644, false);
  return out;
}

CleanerPublicKey load_cleaner_public_key(const std::string& path) {
  make_ready();
  const std::string text = read_text(path);
  if (text.empty()) throw TemporaryFailure(path + ": there is no such key");
  return {parse(text, path)};
}

}  // namespace kiyome::store

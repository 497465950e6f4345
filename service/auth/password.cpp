#include "service/auth/password.h"

#include <sodium.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/auth/secrets.h"
#include "service/base/errors.h"

namespace kiyome::auth {
namespace {

// Of eight characters and more, in lower case: the heads of published lists, the Japanese ones among them,
// and what a rule of twelve characters makes of them.
constexpr std::string_view kCommon[] = {
    "12345678",         "123456789",      "1234567890",      "12345678910",      "123456789012",
    "1234567890123",    "12345678901234", "123456789012345", "1q2w3e4r",         "1q2w3e4r5t",
    "1q2w3e4r5t6y",     "1qaz2wsx",       "1qaz2wsx3edc",    "1qaz2wsx3edc4rfv", "1qazxsw2",
    "0123456789",       "012345678901",   "0987654321",      "11111111",         "1111111111",
    "111111111111",     "00000000",       "0000000000",      "000000000000",     "123123123123",
    "121212121212",     "112233445566",   "aaaaaaaaaaaa",    "abcd1234",         "abcd12345678",
    "abcdefgh",         "abcdefghijkl",   "abc123456789",    "asdfghjkl",        "asdfghjkl123",
    "qwertyui",         "qwertyuiop",     "qwertyuiop12",    "qwertyuiop123",    "qwerty123456",
    "qwerty12345678",   "zaq12wsx",       "zxcvbnm123",      "password",         "password1",
    "password12",       "password123",    "password1234",    "password12345",    "password123456",
    "passwordpassword", "passw0rd",       "p@ssw0rd",        "p@ssw0rd1234",     "pass1234",
    "pass12345678",     "iloveyou",       "iloveyou1234",    "sakura1234",       "sakura123456",
    "doraemon",         "doraemon1234",   "arashi1234",      "baseball",         "football",
    "sunshine",         "superman",       "princess",        "welcome1",         "welcome1234",
    "welcome12345",     "letmein123",     "letmein12345",    "changeme",         "changeme1234",
    "changeme12345",    "administrator",  "administrator1",  "admin12345",       "admin1234567",
    "admin12345678",    "adminadmin",     "adminadmin12",    "adminadminadmin",  "root12345678",
    "test12345678",     "testtesttest",   "guest12345678",   "user12345678",     "secret123456",
    "kiyome123456",     "kiyomekiyome",
};

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// What is compared when there is nothing to compare with: of 256 random bits that nobody has kept.
constexpr const char* kNobodys =
    "$argon2id$v=19$m=65536,t=2,p=1$Mkg1NbVgz704NLvfkMlLrQ$PsyFCS/PkiTs+Uk5l2QgAvjZ7ROeKMd2bT9Qn57L5oc";

}  // namespace

bool is_weak(std::string_view password, std::string_view login, std::uint32_t length_min) {
  const std::string plain = lower(password);
  return characters(password) < length_min || plain == lower(login) ||
         std::find(std::begin(kCommon), std::end(kCommon), plain) != std::end(kCommon);
}

Turns::Turn::~Turn() {
  if (turns_ == nullptr) return;
  turns_->free_.with([](unsigned& free) { ++free; });
  turns_->free_.notify_one();
}

std::optional<Turns::Turn> Turns::take(std::chrono::milliseconds patience) {
  const bool taken = free_.wait_until(
      std::chrono::steady_clock::now() + patience, [](unsigned free) { return free > 0; },
      [](unsigned& free) { return free > 0 ? (--free, true) : false; });
  if (!taken) return std::nullopt;
  return Turn(this);
}

std::string hash_password(const std::string& password) {
  KIYOME_CHECK(sodium_init() >= 0 && password.size() <= limits::kPasswordOctets);
  char stored[crypto_pwhash_STRBYTES] = {};
  if (crypto_pwhash_str_alg(stored, password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                            crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) != 0)
    throw TemporaryFailure("no memory for a password's argon2id");
  return stored;
}

bool verify_password(const std::string& stored, const std::string& password) {
  KIYOME_CHECK(sodium_init() >= 0);
  errno = 0;
  const bool same = crypto_pwhash_str_verify(stored.empty() ? kNobodys : stored.c_str(), password.data(),
                                             password.size()) == 0;
  if (!same && errno == ENOMEM) throw TemporaryFailure("no memory for a password's argon2id");
  return same && !stored.empty();
}

}  // namespace kiyome::auth

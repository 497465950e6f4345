#include "service/audit/checkpoint.h"

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proto/base/check.h"
#include "service/base/clock.h"
#include "service/base/descriptor.h"
#include "service/base/errors.h"
#include "service/base/sockets.h"

namespace kiyome::audit {
namespace {

constexpr std::array kNames{"cleaner", "edge", "gate", "console"};
constexpr std::size_t kJsonOctets = 2000;  // of one checkpoint: more is none

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// The file appears whole or not at all.
void write_key(const std::string& folder, std::string_view secret) {
  const std::string path = folder + "/audit.key", fresh = path + ".new";
  ::unlink(fresh.c_str());
  const Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file || !write_all(file.get(), secret, Steady::now() + std::chrono::seconds(60)) ||
      ::fsync(file.get()) != 0)
    throw_errno("write " + fresh);
  if (::rename(fresh.c_str(), path.c_str()) != 0) throw_errno("rename " + fresh);
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) throw_errno("fsync " + folder);
}

}  // namespace

std::string_view name_of(Trail trail) {
  const auto place = static_cast<std::size_t>(trail) - 1;
  KIYOME_CHECK(place < kNames.size());
  return kNames[place];
}

std::optional<Trail> trail_of(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (name == kNames[i]) return static_cast<Trail>(i + 1);
  return std::nullopt;
}

bool holds(const Checkpoint& checkpoint) {
  const std::string said = signed_octets(checkpoint);
  return ::crypto_sign_verify_detached(checkpoint.signature.data(), octets(said), said.size(),
                                       checkpoint.key.data()) == 0;
}

Signer::Signer(const std::string& folder) {
  KIYOME_CHECK(::sodium_init() >= 0);
  const Descriptor file(::open((folder + "/audit.key").c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno != ENOENT) throw_errno("open " + folder + "/audit.key");
  if (file) {
    std::string text = read_whole(file.get());
    const bool whole = text.size() == secret_.size();
    if (whole) std::memcpy(secret_.data(), text.data(), text.size());
    ::sodium_memzero(text.data(), text.size());
    if (!whole) throw TemporaryFailure(folder + "/audit.key is not a key of ours");
    ::crypto_sign_ed25519_sk_to_pk(public_.data(), secret_.data());
    return;
  }
  ::crypto_sign_keypair(public_.data(), secret_.data());
  write_key(folder, {reinterpret_cast<const char*>(secret_.data()), secret_.size()});
}

Signer::~Signer() { ::sodium_memzero(secret_.data(), secret_.size()); }

Checkpoint Signer::sign(Trail trail, CheckpointKind kind, std::uint64_t sequence, const Hash& head,
                        std::int64_t unix_ms) const {
  Checkpoint out{trail, kind, sequence, unix_ms, head, public_, {}};
  const std::string said = signed_octets(out);
  ::crypto_sign_detached(out.signature.data(), nullptr, octets(said), said.size(), secret_.data());
  return out;
}

std::string hex(std::string_view octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * octets.size());
  for (const char c : octets) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

bool unhex(std::string_view digits, std::uint8_t* out, std::size_t count) {
  if (digits.size() != 2 * count) return false;
  const auto value = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  for (std::size_t i = 0; i < count; ++i) {
    const int high = value(digits[2 * i]), low = value(digits[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

std::string checkpoint_json(const Checkpoint& checkpoint, std::int64_t told_ms) {
  std::string out = fmt::format(
      R"({{"trail":"{}","kind":"{}","sequence":{},"unix_ms":{},"at":"{}","head":"{}","key":"{}","signature":"{}")",
      name_of(checkpoint.trail), checkpoint.kind == CheckpointKind::cut ? "cut" : "head", checkpoint.sequence,
      checkpoint.unix_ms, iso_time(checkpoint.unix_ms), hex(checkpoint.head), hex(checkpoint.key),
      hex(checkpoint.signature));
  if (told_ms != 0) out += fmt::format(R"(,"told_at":"{}")", iso_time(told_ms));
  return out + "}";
}

std::optional<Checkpoint> checkpoint_of_json(const std::string& json) {
  if (json.size() > kJsonOctets) return std::nullopt;
  try {
    const auto object = Poco::JSON::Parser().parse(json).extract<Poco::JSON::Object::Ptr>();
    const auto text = [&](const char* name) { return object->optValue<std::string>(name, ""); };
    Checkpoint out;
    const std::optional<Trail> trail = trail_of(text("trail"));
    const std::string kind = text("kind");
    out.sequence = object->optValue<std::uint64_t>("sequence", 0);
    out.unix_ms = object->optValue<std::int64_t>("unix_ms", -1);
    if (!trail || (kind != "head" && kind != "cut") || out.sequence == 0 || out.unix_ms < 0 ||
        out.unix_ms > transfer::kCheckpointLatest || !unhex(text("head"), out.head) ||
        !unhex(text("key"), out.key) || !unhex(text("signature"), out.signature))
      return std::nullopt;
    out.trail = *trail;
    out.kind = kind == "cut" ? CheckpointKind::cut : CheckpointKind::head;
    return out;
  } catch (const Poco::Exception&) {
    return std::nullopt;
  }
}

}  // namespace kiyome::audit

#include "service/audit/checkpoint.h"

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>

#include <cerrno>
#include <cstring>

#include "proto/base/check.h"
#include "service/base/clock.h"
#include "service/base/descriptor.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/base/hex.h"
#include "service/base/sockets.h"

namespace kiyome::audit {
namespace {

constexpr std::array kNames{"cleaner", "edge", "gate", "console"};
constexpr std::size_t kJsonOctets = 2000;  // of one checkpoint: more is none

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
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
  write_file(folder + "/audit.key", {reinterpret_cast<const char*>(secret_.data()), secret_.size()});
}

Signer::~Signer() { ::sodium_memzero(secret_.data(), secret_.size()); }

Checkpoint Signer::sign(Trail trail, CheckpointKind kind, std::uint64_t sequence, const Hash& head,
                        std::int64_t unix_ms) const {
  Checkpoint out{trail, kind, sequence, unix_ms, head, public_, {}};
  const std::string said = signed_octets(out);
  ::crypto_sign_detached(out.signature.data(), nullptr, octets(said), said.size(), secret_.data());
  return out;
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

#include "proto/transfer/checkpoint.h"

#include <doctest/doctest.h>

#include "proto/base/limits.h"
#include "proto/transfer/bundle.h"
#include "proto/transfer/intake.h"

using namespace kiyome;
using namespace kiyome::transfer;

namespace {

Checkpoint checkpoint() {
  Checkpoint out{Trail::edge, CheckpointKind::head, 77, 1'795'000'000'123, {}, {}, {}};
  out.head.fill(1);
  out.key.fill(2);
  out.signature.fill(3);
  return out;
}

bool crosses(const Checkpoint& message) {
  const auto forward = decode_forward(encode(Forward(message)).substr(4));
  const auto back = decode_way_back(encode(WayBack(message)).substr(4));
  const auto intake = decode_intake(encode(Intake(message)).substr(4));
  if (forward.has_value() != back.has_value() || back.has_value() != intake.has_value()) return false;
  return forward && std::get<Checkpoint>(*forward) == message && std::get<Checkpoint>(*back) == message &&
         std::get<Checkpoint>(*intake) == message;
}

}  // namespace

TEST_CASE("checkpoint: it comes back as it was sent, in every direction, and fits the narrow way") {
  CHECK(crosses(checkpoint()));
  CHECK(encode(WayBack(checkpoint())).size() == 4 + 1 + 146);
}

TEST_CASE("checkpoint: trails, kinds, numbers and times that do not exist are refused") {
  for (int trail = 0; trail < 256; ++trail) {
    Checkpoint one = checkpoint();
    one.trail = static_cast<Trail>(trail);
    CHECK(crosses(one) == (trail >= 1 && trail <= 4));
  }
  for (int kind = 0; kind < 256; ++kind) {
    Checkpoint one = checkpoint();
    one.kind = static_cast<CheckpointKind>(kind);
    CHECK(crosses(one) == (kind == 1 || kind == 2));
  }
  for (const auto& [sequence, fits] :
       {std::pair{std::uint64_t{0}, false}, {1, true}, {1ULL << 62, true}, {(1ULL << 62) + 1, false}}) {
    Checkpoint one = checkpoint();
    one.sequence = sequence;
    CHECK(crosses(one) == fits);
  }
  for (const auto& [ms, fits] : {std::pair{std::int64_t{-1}, false},
                                 {0, true},
                                 {kCheckpointLatest, true},
                                 {kCheckpointLatest + 1, false}}) {
    Checkpoint one = checkpoint();
    one.unix_ms = ms;
    CHECK(crosses(one) == fits);
  }
}

TEST_CASE("checkpoint: cut anywhere, or with one octet more, it is refused") {
  const std::string frame = encode(Forward(checkpoint())).substr(4);
  REQUIRE(decode_forward(frame));
  for (std::size_t size = 0; size < frame.size(); ++size) CHECK_FALSE(decode_forward(frame.substr(0, size)));
  CHECK_FALSE(decode_forward(frame + '\0'));
}

TEST_CASE("checkpoint: the signature covers every field but key and signature") {
  const std::string said = signed_octets(checkpoint());
  const auto differs = [&](auto&& change) {
    Checkpoint one = checkpoint();
    change(one);
    return signed_octets(one) != said;
  };
  CHECK(differs([](Checkpoint& c) { c.trail = Trail::gate; }));
  CHECK(differs([](Checkpoint& c) { c.kind = CheckpointKind::cut; }));
  CHECK(differs([](Checkpoint& c) { c.sequence += 1; }));
  CHECK(differs([](Checkpoint& c) { c.unix_ms += 1; }));
  CHECK(differs([](Checkpoint& c) { c.head[31] ^= 1; }));
  CHECK_FALSE(differs([](Checkpoint& c) { c.signature[0] ^= 1; }));
}

#include "service/audit/chain.h"

#include <doctest/doctest.h>

#include <vector>

using namespace kiyome;
using audit::Entry;

namespace {

struct Stored {
  Entry entry;
  audit::Hash hash;
};

std::vector<Stored> trail(std::uint64_t length) {
  std::vector<Stored> out;
  audit::Hash head{};
  for (std::uint64_t i = 1; i <= length; ++i) {
    Entry entry;
    entry.sequence = i;
    entry.unix_ms = static_cast<std::int64_t>(1000 * i);
    entry.event = "verdict";
    if (i % 2 == 0) entry.item = ItemId::make(entry.unix_ms, {});
    entry.actor = "cleaner";
    entry.detail = R"({"n":)" + std::to_string(i) + "}";
    head = audit::link(head, entry);
    out.push_back({entry, head});
  }
  return out;
}

std::optional<audit::Fault> first_fault(const std::vector<Stored>& entries) {
  audit::Verifier verifier;
  for (const Stored& each : entries)
    if (auto fault = verifier.take(each.entry, each.hash)) return fault;
  return std::nullopt;
}

}  // namespace

TEST_CASE("audit chain: an untouched trail is intact") { CHECK_FALSE(first_fault(trail(20))); }

TEST_CASE("audit chain: a change of any field is found at its entry") {
  const auto change = [](auto&& edit) {
    auto entries = trail(10);
    edit(entries[4].entry);
    const auto fault = first_fault(entries);
    REQUIRE(fault);
    CHECK(fault->sequence == 5);
  };
  change([](Entry& entry) { entry.event = "verdicT"; });
  change([](Entry& entry) { entry.detail = R"({"n":6})"; });
  change([](Entry& entry) { entry.actor.clear(); });
  change([](Entry& entry) { entry.unix_ms += 1; });
  change([](Entry& entry) { entry.item = ItemId{}; });
}

TEST_CASE("audit chain: fields cannot trade octets with their neighbours") {
  Entry one, other;
  one.sequence = other.sequence = 1;
  one.event = "ab";
  one.actor = "c";
  other.event = "a";
  other.actor = "bc";
  CHECK(audit::link({}, one) != audit::link({}, other));
}

TEST_CASE("audit chain: an entry that is missing, repeated or swapped is found") {
  auto missing = trail(6);
  missing.erase(missing.begin() + 2);
  CHECK(first_fault(missing)->what.find("entry 3 is missing") != std::string::npos);
  auto repeated = trail(6);
  repeated.insert(repeated.begin() + 2, repeated[1]);
  CHECK(first_fault(repeated));
  auto swapped = trail(6);
  std::swap(swapped[2], swapped[3]);
  CHECK(first_fault(swapped));
}

TEST_CASE("audit chain: a forged entry with a hash of its own breaks what follows") {
  auto entries = trail(6);
  entries[3].entry.detail = "{}";
  entries[3].hash = audit::link(entries[2].hash, entries[3].entry);
  CHECK(first_fault(entries)->sequence == 5);
}

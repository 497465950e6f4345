#include "service/gate/gate_store.h"

#include <fstream>

#include "service/base/errors.h"
#include "tests/unit/service_gate/gate_fixture.h"

using namespace kiyome;
using namespace kiyome::gate;
using namespace kiyome::testing;

namespace {

std::optional<std::int64_t> insert(GateStore& store, const transfer::Bundle& bundle,
                                   std::int64_t now = 1000) {
  store.begin();
  const auto row = store.insert(bundle, now);
  store.commit();
  return row;
}

std::vector<PendingBundle> pending(GateStore& store) {
  std::vector<PendingBundle> out;
  store.pending([&](const PendingBundle& one) { out.push_back(one); });
  return out;
}

std::vector<NumberedResult> record(GateStore& store, const Outcome& outcome) {
  std::vector<NumberedResult> results;
  store.begin();
  store.record(outcome, results);
  store.commit();
  return results;
}

transfer::DeliveryResult result(const transfer::Bundle& bundle, std::uint32_t recipient) {
  return {bundle.id, bundle.part, recipient, transfer::ResultClass::delivered, 2, 0, 0};
}

}  // namespace

TEST_CASE("gate store: a bundle is taken once and comes back as it was, also after a restart") {
  Folder folder;
  transfer::Bundle bundle = make_bundle(3);
  bundle.ret = 2;
  bundle.envid = "QQ";
  bundle.recipients[1] = {7, "山田@city.example.jp", transfer::kNotifySuccess, "rfc822;a@b"};
  bundle.recipients[2].index = 9;
  std::int64_t row = 0;
  {
    GateStore store(folder.gate());
    row = insert(store, bundle).value();
    CHECK_FALSE(insert(store, bundle));
  }
  GateStore store(folder.gate());
  CHECK_FALSE(insert(store, bundle));
  REQUIRE(pending(store).size() == 1);
  CHECK(pending(store)[0].id == bundle.id);
  CHECK(pending(store)[0].received_ms == 1000);
  const LoadedBundle loaded = store.load(row).value();
  CHECK(loaded.sender == bundle.sender);
  CHECK(loaded.ret == 2);
  CHECK(loaded.envid == "QQ");
  CHECK(loaded.recipients == bundle.recipients);
  CHECK((loaded.content->view() == bundle.content));
  // another part of the same item is another bundle
  CHECK(insert(store, make_bundle(1, 100, bundle.id, 2)));
}

TEST_CASE("gate store: finished recipients go, the bundle goes with its last one, its name stays") {
  Folder folder;
  GateStore store(folder.gate());
  const transfer::Bundle bundle = make_bundle(2);
  Outcome outcome;
  outcome.bundle = (insert(store, bundle), pending(store)[0]);
  outcome.finished = {0};
  outcome.left = {{1, "4.2.0"}};
  outcome.results = {result(bundle, 0)};
  outcome.bundle.attempts = 1;
  outcome.bundle.next_ms = 5000;
  const auto first = record(store, outcome);
  REQUIRE(first.size() == 1);
  CHECK(pending(store)[0].attempts == 1);
  CHECK(pending(store)[0].next_ms == 5000);
  CHECK(store.load(outcome.bundle.row)->recipients.size() == 1);
  std::vector<std::string> listed;
  store.list([&](const ListedDelivery& one) {
    return listed.push_back(one.recipient.address + " " + one.status), true;
  });
  CHECK(listed == std::vector<std::string>{"r1@city.example.jp 4.2.0"});

  outcome.finished = {1};
  outcome.left.clear();
  outcome.results = {result(bundle, 1)};
  const auto second = record(store, outcome);
  CHECK(second.at(0).number > first.at(0).number);
  CHECK(pending(store).empty());
  CHECK_FALSE(store.load(outcome.bundle.row));
  CHECK_FALSE(insert(store, bundle));
  CHECK(store.results_after(0, 10).size() == 2);
  CHECK(store.results_after(first[0].number, 10).size() == 1);
  store.begin();
  store.taken({bundle.id, bundle.part, 0, 1});
  store.commit();
  CHECK(store.results_after(0, 10).size() == 1);
  CHECK(store.waiting_results() == 1);
}

TEST_CASE("gate store: contents one below, at and one above the bound of a file") {
  Folder folder;
  GateStore store(folder.gate());
  for (const int extra : {-1, 0, 1}) {
    transfer::Bundle bundle = make_bundle();
    bundle.content.assign((64u << 10) + static_cast<std::size_t>(extra), 'x');
    const std::int64_t row = insert(store, bundle).value();
    CHECK(folder.blobs() == (extra < 0 ? 0 : 1));
    const LoadedBundle loaded = store.load(row).value();
    CHECK((loaded.content->view() == bundle.content));
    Outcome outcome;
    outcome.bundle = pending(store).at(0);
    outcome.finished = {0};
    record(store, outcome);
    CHECK(folder.blobs() == 0);
    CHECK((loaded.content->view() == bundle.content));  // who still sends it is not disturbed
  }
}

TEST_CASE("gate store: what was rolled back leaves neither row nor file, and stray files go at the start") {
  Folder folder;
  {
    GateStore store(folder.gate());
    transfer::Bundle bundle = make_bundle(1, 100000);
    store.begin();
    CHECK(store.insert(bundle, 1));
    store.rollback();
    CHECK(folder.blobs() == 0);
    CHECK(pending(store).empty());
    CHECK(insert(store, bundle));
    if (!store.shared()) std::ofstream(folder.path / "blobs" / "stray") << "x";
  }
  GateStore store(folder.gate());
  CHECK(folder.blobs() == 1);
  CHECK(store.load(pending(store).at(0).row));
}

TEST_CASE("gate store: a file that is gone is an empty content, so that its mail can expire") {
  Folder folder;
  GateStore store(folder.gate());
  const std::int64_t row = insert(store, make_bundle(1, 100000)).value();
  if (folder.shared) store::Database(*folder.shared).execute("DELETE FROM blobs");
  for (const auto& entry : std::filesystem::directory_iterator(folder.path / "blobs"))
    std::filesystem::remove(entry);
  CHECK(store.load(row).value().content->view().empty());
  CHECK(store.load(row).value().recipients.size() == 1);
}

TEST_CASE("gate store: names of old finished bundles are forgotten, never one that is pending") {
  Folder folder;
  GateStore store(folder.gate());
  const std::array<std::uint8_t, 10> random{1};
  const transfer::Bundle old = make_bundle(1, 10, ItemId::make(1'000'000, random));
  const transfer::Bundle waiting = make_bundle(1, 10, ItemId::make(2'000'000, random));
  const transfer::Bundle later = make_bundle(1, 10, ItemId::make(3'000'000, random));
  for (const transfer::Bundle& bundle : {old, waiting, later}) insert(store, bundle);
  for (const PendingBundle& one : pending(store)) {
    if (one.id == waiting.id) continue;
    Outcome outcome;
    outcome.bundle = one;
    outcome.finished = {0};
    record(store, outcome);
  }
  store.begin();
  store.prune(4'000'000);
  store.commit();
  CHECK(insert(store, old));
  CHECK_FALSE(insert(store, waiting));
  CHECK_FALSE(insert(store, later));
}

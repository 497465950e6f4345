// Several hosts on either side: what each gate may deliver, what happens when one dies, and who hears what.
#include "service/gate/lease.h"

#include "service/gate/outbox.h"
#include "service/gate/pick_up/pick_up.h"
#include "service/gate/way_back.h"
#include "tests/unit/service_gate/gate_fixture.h"
#include "tests/unit/soon.h"

using namespace kiyome;
using namespace kiyome::gate;
using namespace kiyome::testing;
using namespace std::chrono_literals;

namespace {

// A gate without its mouth: it takes bundles and knows which are its own.
struct Node {
  Folder own;
  GateStore store;
  Writer writer;
  Guarded<std::vector<PendingBundle>> adopted;
  std::atomic<int> abandoned{0};
  std::unique_ptr<Lease> lease;

  static GateAt at(Folder& own, Folder& shared) {
    GateAt out = shared.gate();
    out.folder = own.path.string();
    return out;
  }
  explicit Node(Folder& shared, bool lives = true) : store(at(own, shared)), writer(store, [] {}) {
    Lease::Calls calls;
    calls.adopted = [this](const std::vector<PendingBundle>& bundles) {
      adopted.with([&](auto& all) { all.insert(all.end(), bundles.begin(), bundles.end()); });
    };
    calls.abandon = [this] { ++abandoned; };
    calls.made_due = [](const std::vector<std::int64_t>&) {};
    calls.tick = [] {};
    lease = std::make_unique<Lease>(store, writer, std::move(calls), Lease::Times{50ms, 500ms, 1000ms});
    if (lives) lease->start();
  }
  std::optional<std::int64_t> take(const transfer::Bundle& bundle) {
    const auto row = std::make_shared<std::optional<std::int64_t>>();
    commit(writer, [=](GateStore& disk) { *row = disk.insert(bundle, 1); });
    return *row;
  }
  std::size_t count() {
    return adopted.with([](const auto& all) { return all.size(); });
  }
};

void put(Outbox& outbox, Writer& writer) {
  const auto bundle = std::make_shared<const transfer::Bundle>(make_bundle());
  PendingBundle pending;
  commit(writer, [&](GateStore& disk) { pending.row = disk.insert(*bundle, 1).value(); });
  pending.id = bundle->id;
  pending.part = bundle->part;
  pending.received_ms = pending.next_ms = unix_ms_now();
  outbox.add(pending, bundle);
}

#define ON_POSTGRES_ALONE \
  if (!store::tests_on_postgres()) return

}  // namespace

TEST_CASE("gates: each bundle is taken once, whoever hears it, and its number is nobody else's") {
  ON_POSTGRES_ALONE;
  Folder shared;
  Node a(shared), b(shared);
  std::set<std::int64_t> rows;
  for (int i = 0; i < 20; ++i) {
    const transfer::Bundle bundle = make_bundle(1, i % 2 == 0 ? 100 : 100000);
    Node &first = i % 4 < 2 ? a : b, &second = i % 4 < 2 ? b : a;
    const std::optional<std::int64_t> row = first.take(bundle);
    REQUIRE(row);
    CHECK(!second.take(bundle));
    rows.insert(*row);
    // Its content is there for both.
    CHECK((second.store.load(*row).value().content->view() == bundle.content));
  }
  CHECK(rows.size() == 20);
  CHECK(a.count() + b.count() == 0);
}

TEST_CASE("gates: the bundles of one that died are another's, and of one that lives they are not") {
  ON_POSTGRES_ALONE;
  Folder shared;
  Node b(shared);
  std::set<std::int64_t> theirs;
  {
    Node a(shared, false);  // its heart never beats
    Node c(shared);
    for (int i = 0; i < 3; ++i) theirs.insert(a.take(make_bundle()).value());
    CHECK(c.take(make_bundle()));
    CHECK(soon([&] { return b.count() + c.count() == 3; }));
    CHECK(b.count() * c.count() == 0);  // all at once by one of them
    std::this_thread::sleep_for(300ms);
    CHECK(b.count() + c.count() == 3);
    c.lease->stop();  // and what this one took or adopted, when it goes
  }
  CHECK(soon([&] { return b.count() >= 1; }));
  CHECK(b.lease->valid());
}

TEST_CASE("gates: one that was taken for dead gives up what it had, and begins anew") {
  ON_POSTGRES_ALONE;
  Folder shared;
  Node a(shared), b(shared);
  CHECK(a.take(make_bundle()));
  store::Database(*shared.shared).execute("DELETE FROM gates WHERE beat > 0");  // as if both had slept
  CHECK(soon([&] { return a.abandoned == 1 && b.abandoned == 1; }));
  CHECK(soon([&] { return a.count() + b.count() == 1; }));
  CHECK(soon([&] { return a.lease->valid() && b.lease->valid(); }));
  CHECK(a.take(make_bundle()));
  std::this_thread::sleep_for(300ms);
  CHECK(a.count() + b.count() == 1);
}

TEST_CASE("gates: the same host comes back at once to what it had") {
  ON_POSTGRES_ALONE;
  Folder shared;
  Node a(shared, false);
  CHECK(a.take(make_bundle()));
  std::filesystem::remove(a.own.path / "gate.id.new");
  const auto began = Steady::now();
  Node again(shared, false);
  std::filesystem::copy_file(a.own.path / "gate.id", again.own.path / "gate.id",
                             std::filesystem::copy_options::overwrite_existing);
  again.lease = nullptr;
  Lease::Calls calls;
  calls.adopted = [&](const std::vector<PendingBundle>& bundles) {
    again.adopted.with([&](auto& all) { all = bundles; });
  };
  calls.made_due = [](const std::vector<std::int64_t>&) {};
  calls.tick = [] {};
  again.lease =
      std::make_unique<Lease>(again.store, again.writer, std::move(calls), Lease::Times{50ms, 5s, 10s});
  again.lease->start();
  CHECK(soon([&] { return again.count() == 1; }));
  CHECK(Steady::now() - began < 5s);
}

TEST_CASE("gates: a mail that may be another's by now is not sent to its end, nor counted as an attempt") {
  Folder folder;
  GateStore store(folder.gate());
  Writer writer(store, [] {});
  std::atomic<bool> ours{true}, slow{true};
  SmtpSink sink(scripted([&](const std::string& what) -> std::optional<std::string> {
    if (what.starts_with("RCPT") && slow.exchange(false)) ours = false;
    return std::nullopt;
  }));
  Outbox::Calls calls;
  calls.now_ms = [] { return unix_ms_now(); };
  calls.results = [](const std::vector<NumberedResult>&) {};
  calls.may_send = [&] { return ours.load(); };
  Outbox outbox(store, writer, deliver_to({sink.port()}), "kiyome.example", std::move(calls));
  put(outbox, writer);
  CHECK(soon([&] { return !ours && outbox.numbers().sending == 0; }));
  CHECK(outbox.numbers().waiting == 1);
  CHECK(sink.count() == 0);
  store.list([](const ListedDelivery& each) {
    CHECK(each.bundle.attempts == 0);
    return true;
  });
  ours = true;
  CHECK(soon([&] { return sink.count() == 1; }));
  outbox.stop(1s);
}

TEST_CASE("gates: one that begins anew in the middle of a session does not end that") {
  Folder folder;
  GateStore store(folder.gate());
  Writer writer(store, [] {});
  Outbox* box = nullptr;
  SmtpSink sink(scripted([&](const std::string& what) -> std::optional<std::string> {
    if (what.starts_with("RCPT")) box->abandon();
    return std::nullopt;
  }));
  Outbox::Calls calls;
  calls.now_ms = [] { return unix_ms_now(); };
  calls.results = [](const std::vector<NumberedResult>&) {};
  calls.may_send = [] { return true; };
  Outbox outbox(store, writer, deliver_to({sink.port()}), "kiyome.example", std::move(calls));
  box = &outbox;
  put(outbox, writer);
  CHECK(soon([&] { return sink.connections() == 1; }));
  CHECK(soon([&] { return outbox.numbers().sending == 0; }));
  CHECK(outbox.numbers().waiting == 0);  // it is another's
  outbox.stop(1s);
  CHECK(sink.count() == 0);
}

TEST_CASE("gates: what was sent is written down although the database is away when the gate stops") {
  ON_POSTGRES_ALONE;
  Folder folder;
  GateStore store(folder.gate());
  auto writer = std::make_unique<Writer>(store, [] {});
  store::Database there(store::Place{{}, folder.shared->url, "public"});
  const std::string schema = folder.shared->schema;
  there.execute(("ALTER SCHEMA " + schema + " RENAME TO " + schema + "_away").c_str());
  Writer::Work work;
  work.kept = true;
  work.apply = [](GateStore& disk) { disk.insert(make_bundle(), 1); };
  writer->submit(std::move(work));
  std::jthread back([&] {
    std::this_thread::sleep_for(2s);
    there.execute(("ALTER SCHEMA " + schema + "_away RENAME TO " + schema).c_str());
  });
  writer.reset();
  unsigned found = 0;
  store.list([&](const ListedDelivery&) { return ++found != 0; });
  CHECK(found == 1);
}

TEST_CASE("gates: a duty is one gate's, and another's when that one goes or does not want it") {
  ON_POSTGRES_ALONE;
  Folder shared;
  auto a = std::make_unique<Node>(shared);
  Node b(shared);
  const auto one_has = [&](Duty duty) { return a->lease->has(duty) != b.lease->has(duty); };
  CHECK(soon([&] { return one_has(Duty::house); }));
  a->lease->wish(Duty::doors, true);
  CHECK(soon([&] { return a->lease->has(Duty::doors); }));
  b.lease->wish(Duty::doors, true);
  std::this_thread::sleep_for(200ms);
  CHECK(!b.lease->has(Duty::doors));
  a->lease->wish(Duty::doors, false);
  CHECK(soon([&] { return b.lease->has(Duty::doors); }));
  CHECK(!a->lease->has(Duty::doors));
  a->lease->stop();
  CHECK(soon([&] { return b.lease->has(Duty::house); }));
}

TEST_CASE("gates: results of one that has no line are said by another, and not those that are fresh") {
  ON_POSTGRES_ALONE;
  Folder shared;
  Node a(shared), b(shared);
  const transfer::Bundle bundle = make_bundle();
  const std::int64_t row = a.take(bundle).value();
  commit(a.writer, [&](GateStore& disk) {
    Outcome outcome;
    outcome.bundle.row = row;
    outcome.bundle.id = bundle.id;
    outcome.finished = {0};
    transfer::DeliveryResult result;
    result.id = bundle.id;
    result.result = transfer::ResultClass::delivered;
    outcome.results = {result};
    std::vector<NumberedResult> ignored;
    disk.record(outcome, ignored);
  });
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
  const Descriptor ours(pair[0]), theirs(pair[1]);
  WayBack way(b.store);
  const WayBack::Line line = way.connect(ours.get());
  way.load_results();  // all that stand there, on a new line
  std::string heard;
  CHECK(read_some(theirs.get(), heard, 65536, Steady::now() + 1s) > 0);
  heard.clear();
  const auto began = Steady::now();
  while (heard.empty() && Steady::now() - began < 15s) {
    way.say_again();
    read_some(theirs.get(), heard, 65536, Steady::now() + 200ms);
  }
  CHECK(!heard.empty());
  CHECK(Steady::now() - began > 3s);
  commit(b.writer, [&](GateStore& disk) {
    disk.taken({bundle.id, 0, 0, static_cast<std::uint8_t>(transfer::ResultClass::delivered)});
  });
  heard.clear();
  for (int i = 0; i < 3; ++i) way.say_again();
  CHECK(read_some(theirs.get(), heard, 65536, Steady::now() + 100ms) < 0);
  way.disconnect(line);
}

TEST_CASE("way back: two lines, each hears of its own bundles, and the other one the results when one ends") {
  Folder folder;
  GateStore store(folder.gate());
  WayBack way(store);
  struct Ends {
    Descriptor ours, theirs;
    Ends() {
      int pair[2];
      REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
      ours.reset(pair[0]);
      theirs.reset(pair[1]);
    }
    std::string heard() {
      std::string out;
      read_some(theirs.get(), out, 65536, Steady::now() + 100ms);
      return out;
    }
  } one, two;
  const WayBack::Line first = way.connect(one.ours.get()), second = way.connect(two.ours.get());
  CHECK(way.connection() == second);
  const transfer::WayBack accepted = transfer::Accepted{new_item_id(), 1};
  way.say(first, accepted);
  way.flush();
  CHECK((one.heard() == transfer::encode(accepted)));
  CHECK(two.heard().empty());
  // A result that stands on the disk is said on the newest line, and again on the other when that ends.
  const transfer::Bundle bundle = make_bundle();
  transfer::DeliveryResult result;
  result.id = bundle.id;
  result.part = bundle.part;
  result.result = transfer::ResultClass::delivered;
  store.begin();
  Outcome outcome;
  outcome.bundle.row = store.insert(bundle, 1).value();
  outcome.finished = {0};
  outcome.results = {result};
  std::vector<NumberedResult> numbered;
  store.record(outcome, numbered);
  store.commit();
  way.load_results();
  CHECK((two.heard() == transfer::encode(transfer::WayBack(result))));
  CHECK(one.heard().empty());
  way.disconnect(second);
  CHECK(way.connection() == first);
  way.load_results();
  CHECK((one.heard() == transfer::encode(transfer::WayBack(result))));
  // What is for a line that has ended goes nowhere.
  way.say(second, accepted);
  way.flush();
  CHECK(one.heard().empty());
  way.disconnect(first);
  CHECK(!way.connected());
}

// Two zones in one process: a trail here, one there, and what they say to each other.
#include "service/trail/keeper.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "service/base/clock.h"
#include "service/store/audit_trail.h"
#include "service/trail/export.h"
#include "service/trail/words.h"

using namespace kiyome;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/kiyome-trail.XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

Config config_for_tests(double days = 3650) {
  Config out;
  out.audit.checkpoint_minutes = 1000;  // on demand
  out.audit.days = days;
  out.source = "data_dir = \"x\"\n";
  return out;
}

struct Side {
  Folder folder;
  std::unique_ptr<store::AuditTrail> trail =
      std::make_unique<store::AuditTrail>(folder.path + "/audit.sqlite");
  std::unique_ptr<trail::Keeper> keeper;
  std::function<void(const audit::Checkpoint&)> line;  // to the other side
  bool connected = true;

  Side(audit::Trail of, double days = 3650) {
    keeper = std::make_unique<trail::Keeper>(
        folder.path, config_for_tests(days),
        trail::Keeper::Around{of,
                              trail->book(),
                              {of},
                              [this](const audit::Checkpoint& each) { line(each); },
                              [this] { return connected; }});
  }
  store::Database database() { return store::Database(folder.path + "/audit.sqlite"); }
  void append(int count) {
    for (int i = 0; i < count; ++i) trail->append("sign-in", "taro", R"({"n":)" + std::to_string(i) + "}");
  }
  std::vector<store::KeptCheckpoint> marks(audit::Trail of) {
    return store::checkpoints_of(*trail->book().open(), of);
  }
  std::size_t noted(const std::string& event) {
    std::size_t out = 0;
    std::uint64_t count = 0;
    store::walk_trail(
        *trail->book().open(), [&](const audit::Entry& each) { out += each.event == event ? 1 : 0; }, count);
    return out;
  }
};

struct Zones {
  Side here{audit::Trail::edge}, there{audit::Trail::gate};
  Zones() {
    here.line = [this](const audit::Checkpoint& each) { say(each); };
    there.line = [](const audit::Checkpoint&) {};
  }
  void say(const audit::Checkpoint& each) {
    there.keeper->heard(each, [this](const audit::Checkpoint& kept) { here.keeper->confirmed(kept); });
  }
  audit::Checkpoint agreed() {
    const auto made = here.keeper->checkpoint_now();
    REQUIRE(made);
    say(*made);
    return *made;
  }
  std::vector<audit::Checkpoint> kept_there() {
    std::vector<audit::Checkpoint> out;
    for (const auto& each : there.marks(audit::Trail::edge)) out.push_back(each.checkpoint);
    return out;
  }
};

std::vector<std::string> lines_of(Side& side, const trail::ExportRange& range = {}) {
  std::vector<std::string> out;
  trail::export_trail(*side.trail->book().open(), audit::Trail::edge, side.keeper->key(), range,
                      [&](std::string_view line) {
                        out.emplace_back(line);
                        return true;
                      });
  return out;
}

trail::Examined examined(const std::vector<std::string>& lines) {
  std::stringstream text;
  for (const std::string& line : lines) text << line << "\n";
  const auto found = trail::examine_export(text, {});
  REQUIRE(found.size() == 1);
  return found.front();
}

}  // namespace

TEST_CASE("keeper: a checkpoint stands in the other zone, is confirmed, and is noted there") {
  Zones zones;
  zones.here.append(5);
  zones.agreed();
  REQUIRE(zones.kept_there().size() == 1);
  CHECK(zones.kept_there()[0].sequence == 6);  // with the start
  CHECK(zones.here.marks(audit::Trail::edge)[0].told_ms != 0);
  CHECK(zones.there.noted("checkpoint-kept") == 1);
  CHECK_FALSE(zones.here.keeper->examine(zones.kept_there()).fault);
}

TEST_CASE("keeper: nothing new gives no checkpoint, also when only notes about others' are new") {
  Zones zones;
  REQUIRE(zones.there.keeper->checkpoint_now());
  zones.agreed();
  CHECK_FALSE(zones.here.keeper->checkpoint_now());
  CHECK_FALSE(zones.there.keeper->checkpoint_now());
  zones.there.append(1);
  CHECK(zones.there.keeper->checkpoint_now());
}

TEST_CASE("keeper: a second head for an entry is refused, told and noted, and so is a second key") {
  Zones zones;
  zones.here.append(3);
  const audit::Checkpoint true_one = zones.agreed();
  const audit::Signer same(zones.here.folder.path);
  audit::Hash other = true_one.head;
  other[0] ^= 1;
  zones.say(same.sign(audit::Trail::edge, audit::CheckpointKind::head, true_one.sequence, other, 1));
  CHECK(zones.there.noted("checkpoint-conflict") == 1);
  CHECK(zones.kept_there() == std::vector{true_one});
  const Folder folder;
  zones.say(audit::Signer(folder.path).sign(audit::Trail::edge, audit::CheckpointKind::head, 99, other, 1));
  CHECK(zones.there.noted("checkpoint-conflict") == 2);
  CHECK(zones.kept_there() == std::vector{true_one});
  audit::Checkpoint unsigned_one = true_one;
  unsigned_one.sequence = 50;
  zones.say(unsigned_one);
  CHECK(zones.kept_there() == std::vector{true_one});
}

TEST_CASE("keeper: a peer that says more than a peer has to say fills no disk") {
  Zones zones;
  const audit::Signer signer(zones.here.folder.path);
  for (std::uint64_t at = 1; at <= 230; ++at) {
    const auto one = signer.sign(audit::Trail::edge, audit::CheckpointKind::head, at, audit::Hash{}, 1);
    zones.there.keeper->heard(one, {});
    zones.there.keeper->heard(one, {});  // again costs nothing
  }
  CHECK(zones.kept_there().size() == 200);
  CHECK(zones.there.noted("checkpoint-kept") == 200);
}

TEST_CASE("keeper: a trail written anew with its own key is named by the other zone's checkpoint") {
  Zones zones;
  zones.here.append(10);
  zones.agreed();
  zones.here.append(10);
  zones.agreed();
  {
    store::Database db = zones.here.database();
    const audit::Signer signer(zones.here.folder.path);
    std::vector<audit::Linked> all = store::audit_page(db, 0, 1000);
    all[14].entry.actor = "nobody";
    audit::Hash head = all[13].hash;
    for (std::size_t i = 14; i < all.size(); ++i) {
      head = audit::link(head, all[i].entry);
      store::Statement(db, "UPDATE audit SET actor=?, hash=? WHERE sequence=?")
          .run(all[i].entry.actor, store::Blob{{reinterpret_cast<const char*>(head.data()), 32}}, i + 1);
    }
    const auto mark = signer.sign(audit::Trail::edge, audit::CheckpointKind::head, all.size(), head, 1);
    store::Statement(db, "UPDATE checkpoints SET head=?, signature=?, unix_ms=1 WHERE sequence=?")
        .run(store::Blob{{reinterpret_cast<const char*>(head.data()), 32}},
             store::Blob{{reinterpret_cast<const char*>(mark.signature.data()), 64}}, all.size());
  }
  CHECK_FALSE(zones.here.keeper->examine({}).fault);
  const auto finding = zones.here.keeper->examine(zones.kept_there());
  REQUIRE(finding.fault);
  CHECK(finding.fault->sequence == 12);  // behind the checkpoint at 11, where both still agree
}

TEST_CASE("keeper: what is done to the database is named by its entry") {
  for (const auto& [harm, bad] :
       {std::pair{"UPDATE audit SET detail='{\"n\":9}' WHERE sequence=4", 4},
        {"UPDATE audit SET item=x'00112233445566778899aabbccddeeff' WHERE sequence=5", 5},
        {"UPDATE audit SET hash=hash||x'00' WHERE sequence=6", 6},
        {"DELETE FROM audit WHERE sequence=7", 7},
        {"UPDATE audit SET sequence=-1 WHERE sequence=8; UPDATE audit SET sequence=8 WHERE "
         "sequence=9; UPDATE audit SET sequence=9 WHERE sequence=-1",
         8},
        {"DELETE FROM audit WHERE sequence>9", 10},
        {"DELETE FROM audit WHERE sequence>9; UPDATE audit_base SET last=9", 10},
        {"UPDATE audit_base SET sequence=3, head=(SELECT hash FROM audit WHERE sequence=3)", 1},
        {"UPDATE checkpoints SET head=zeroblob(32)", 11}}) {
    Zones zones;
    zones.here.append(10);
    zones.agreed();
    zones.here.database().execute(harm);
    const auto finding = zones.here.keeper->examine({});
    const std::string what = harm;
    INFO(what);
    REQUIRE(finding.fault);
    CHECK(finding.fault->sequence == static_cast<std::uint64_t>(bad));
  }
}

TEST_CASE(
    "keeper: what is past its days goes, up to a checkpoint that the other zone has, and that is told") {
  Zones zones;
  zones.here.append(10);
  const audit::Checkpoint first = zones.agreed();
  zones.here.append(5);
  zones.here.keeper->reload(config_for_tests(0.0000001));  // notes that, too
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  const auto second = zones.here.keeper->checkpoint_now();
  REQUIRE(second);
  auto db = zones.here.database();
  CHECK(store::audit_base(db).sequence == first.sequence);
  const auto marks = zones.here.marks(audit::Trail::edge);
  const auto cut = std::find_if(marks.begin(), marks.end(), [](const auto& each) {
    return each.checkpoint.kind == audit::CheckpointKind::cut;
  });
  REQUIRE(cut != marks.end());
  zones.say(cut->checkpoint);
  CHECK(zones.there.noted("trail-cut-told") == 1);
  CHECK(zones.here.noted("trail-cut") == 1);
  zones.here.append(1);
  zones.here.keeper->checkpoint_now();  // the next turn removes the rows
  CHECK(store::audit_page(db, 0, 1).front().entry.sequence == first.sequence + 1);
  CHECK_FALSE(zones.here.keeper->examine(zones.kept_there()).fault);
  store::AuditTrail again(zones.here.folder.path + "/audit.sqlite");  // the chain goes on behind it
  again.append("sign-in", "jiro", "{}");
  CHECK_FALSE(zones.here.keeper->examine(zones.kept_there()).fault);
}

TEST_CASE("keeper: nothing is cut while the other zone has no checkpoint of it") {
  Zones zones;
  zones.here.append(10);
  REQUIRE(zones.here.keeper->checkpoint_now());
  zones.here.append(1);
  zones.here.keeper->reload(config_for_tests(0.0000001));
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  zones.here.keeper->checkpoint_now();
  auto db = zones.here.database();
  CHECK(store::audit_base(db).sequence == 0);
}

TEST_CASE("export: the lines are examined elsewhere as the trail is here, and name what was done to them") {
  Zones zones;
  zones.here.trail->append("sign-in", "\"総務\\太郎\"\n\x01", R"({"a":"]}\"","b":{"c":[1]}})");
  zones.here.append(8);
  zones.agreed();
  zones.here.append(3);
  const std::vector<std::string> lines = lines_of(zones.here);
  const trail::Examined whole = examined(lines);
  CHECK(!whole.finding.fault);
  CHECK(whole.finding.entries == 13);
  CHECK(whole.finding.checkpoints == 1);
  const auto bad = [&](auto&& harm) {
    std::vector<std::string> other = lines;
    harm(other);
    const auto fault = examined(other).finding.fault;
    return fault ? fault->sequence : 0;
  };
  // lines[0] begins, lines[1] is the checkpoint, entry n is lines[n + 1]
  CHECK(bad([](auto& all) { all[5].replace(all[5].find("taro"), 4, "jiro"); }) == 4);
  CHECK(bad([](auto& all) { all.erase(all.begin() + 6); }) == 5);
  CHECK(bad([](auto& all) { std::swap(all[7], all[8]); }) == 6);
  CHECK(bad([](auto& all) { all.resize(12); }) == 11);
  CHECK(bad([](auto& all) { all[9] = "rubbish"; }) == 8);
  for (std::size_t at = 0; at < lines[4].size(); ++at)
    CHECK(bad([&](auto& all) { all[4][at] ^= 1; }) <= 3);  // `at`, the time for people, is not of the chain
}

TEST_CASE("export: a part says where it begins, and holds by itself") {
  Zones zones;
  zones.here.append(8);
  zones.agreed();
  const std::vector<std::string> lines = lines_of(zones.here, {0, 0, 4});
  const trail::Examined part = examined(lines);
  CHECK(!part.finding.fault);
  CHECK(part.first == 5);
  CHECK(part.finding.entries == 5);
}

TEST_CASE("export: damaged lines never do more than fail") {
  for (const char* text :
       {"{", "{}", "{\"trail\":\"edge\"}", "\xff\xfe", "{\"trail\":\"edge\",\"begin\":{}}"}) {
    std::stringstream in(text);
    CHECK_THROWS(trail::examine_export(in, {}));
  }
}

TEST_CASE("find_audit: each filter finds what it should, newest first, page by page") {
  Zones zones;
  zones.here.append(30);
  zones.here.trail->append("sign-out", "jiro", "{}");
  const auto db = zones.here.trail->book().open();
  store::AuditQuery query;
  query.max = 10;
  const auto first = store::find_audit(*db, query);
  REQUIRE(first.size() == 10);
  CHECK(first[0].event == "sign-out");
  query.before = first.back().sequence;
  CHECK(store::find_audit(*db, query)[0].sequence == first.back().sequence - 1);
  query = {};
  query.max = 100;
  query.event = "sign-in";
  CHECK(store::find_audit(*db, query).size() == 30);
  query.actor = "jiro";
  CHECK(store::find_audit(*db, query).empty());
  query.event.clear();
  CHECK(store::find_audit(*db, query).size() == 1);
  query = {};
  query.max = 100;
  query.since_ms = unix_ms_now() + 1000;
  CHECK(store::find_audit(*db, query).empty());
  query.since_ms = 0;
  query.until_ms = unix_ms_now() + 1000;
  CHECK(store::find_audit(*db, query).size() == 32);
  query.until_ms = 1;
  CHECK(store::find_audit(*db, query).empty());
}

TEST_CASE("words: verification over the admin socket names the first bad entry") {
  Zones zones;
  zones.here.append(5);
  zones.agreed();
  std::string said;
  const auto ask = [&](const std::string& request) {
    said.clear();
    return trail::tell_trail(*zones.here.keeper, request, [&](std::string_view line) {
      said.append(line).append("\n");
      return true;
    });
  };
  CHECK(ask(R"({"command":"audit.verify"})"));
  CHECK(said.find("\"intact\":true") != std::string::npos);
  zones.here.database().execute("UPDATE audit SET actor='x' WHERE sequence=3");
  CHECK(ask(R"({"command":"audit.verify"})"));
  CHECK(said.find("\"first_bad\":3") != std::string::npos);
  CHECK_THROWS(ask(R"({"command":"audit.verify","elsewhere":[{}]})"));
  CHECK_FALSE(ask(R"({"command":"queue.list"})"));
}

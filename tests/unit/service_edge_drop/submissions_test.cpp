// Submissions over real sockets: what reaches the log of originals, who may ask what, and how files fare.
#include "tests/unit/service_edge_drop/drop_fixture.h"

#include "proto/base/limits.h"
#include "proto/clean/findings.h"
#include "service/compose/compose.h"
#include "service/compose/type_names.h"
#include "service/document/route.h"
#include "service/edge/drop/held_types.h"

using namespace drop_test;

TEST_CASE("submission: each file becomes an item of its own, on disk and announced when 201 is said") {
  Edge edge;
  const std::string first = octets(900000, 7), second = "二つ目";
  const std::string a = edge.uploaded(first, "資料/予算.xlsx"), b = edge.uploaded(second, "メモ.txt");
  const Answer answer =
      edge.post("{\"uploads\":[{\"id\":\"" + a + "\",\"password\":\"ひみつ\"},{\"id\":\"" + b +
                    "\"}],\"recipients\":[\"Tanaka@City.Example.JP\",\"tanaka@city.example.jp\",\"only@town."
                    "example.jp\"],"
                    "\"title\":\"予算案\",\"message\":\"ご確認ください。\\n以上\",\"importance\":\"至急\"}",
                "key-00000001");
  REQUIRE(answer.status == 201);
  const auto items = Edge::items_of(answer);
  REQUIRE(items.size() == 2);
  CHECK(answer.headers.at("location") == "/api/v1/submissions/" + Edge::id_of(answer));
  CHECK(answer.says("\"recipients\":[\"tanaka@city.example.jp\",\"only@town.example.jp\"]"));
  CHECK(answer.says("\"state\":\"received\""));
  CHECK(!answer.says("ひみつ"));
  CHECK(edge.upload_files() == 0);
  CHECK(edge.tus("HEAD", "/uploads/" + a).status == 410);

  const auto told = edge.told();
  REQUIRE(told.size() == 2);
  CHECK(told[0].id.text() == items[0]);
  CHECK(told[1].id.text() == items[1]);
  const store::Original original = edge.original(told[0]);
  CHECK(store::test::text_of(original) == first);
  const store::Envelope& envelope = original.envelope;
  CHECK(envelope.protocol == "DROP");
  CHECK(envelope.sender == "sato@outside.example.jp");
  CHECK(envelope.client_address == "127.0.0.1");
  REQUIRE(envelope.recipients.size() == 2);
  CHECK(envelope.recipients[1].address == "only@town.example.jp");
  REQUIRE(envelope.drop);
  CHECK(envelope.drop->submission.text() == Edge::id_of(answer));
  CHECK(envelope.drop->number == 1);
  CHECK(envelope.drop->count == 2);
  CHECK(envelope.drop->sender_name == "sato 太郎");
  CHECK(envelope.drop->file_name == "資料/予算.xlsx");
  CHECK(envelope.drop->title == "予算案");
  CHECK(envelope.drop->message == "ご確認ください。\n以上");
  CHECK(envelope.drop->importance == "至急");
  CHECK(envelope.drop->password == "ひみつ");
  const store::Original other = edge.original(told[1]);
  CHECK(store::test::text_of(other) == second);
  CHECK(other.envelope.drop->number == 2);
  CHECK(other.envelope.drop->password.empty());
}

TEST_CASE("submission: the same key gives the same submission, once; with something else it is a mistake") {
  Edge edge;
  const std::string a = edge.uploaded("a"), b = edge.uploaded("b");
  const Answer first = edge.submit({a});
  REQUIRE(first.status == 201);
  const Answer again = edge.submit({a});
  CHECK(again.status == 201);
  CHECK(again.body == first.body);
  CHECK(edge.submit({b}).code() == "key-reused");
  edge.restart();
  CHECK(edge.submit({a}).body == first.body);
  CHECK(edge.told().empty());
  CHECK(edge.submit({b}, "key-00000002").status == 201);
  CHECK(edge.submit({edge.uploaded("c", "c", "suzuki")}, "key-00000001", "suzuki").status == 201);  // his key
}

TEST_CASE("submission: twenty at the same time with the same key are one") {
  Edge edge;
  const std::string id = edge.uploaded(octets(2000000));
  std::vector<std::thread> threads;
  Guarded<std::set<std::string>> bodies;
  std::atomic<int> created{0};
  for (int i = 0; i < 20; ++i)
    threads.emplace_back([&] {
      const Answer answer = edge.submit({id});
      created += answer.status == 201;
      bodies.with([&](auto& all) { all.insert(answer.body); });
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(created == 20);
  CHECK(bodies.with([](auto& all) { return all.size(); }) == 1);
  CHECK(edge.told().size() == 1);
}

TEST_CASE(
    "submission: uploads that are not whole, not his, sent before, or named twice do not go, nor does any "
    "beside them") {
  Edge edge;
  const std::string whole = edge.uploaded("whole"), half = edge.begun(10),
                    others = edge.uploaded("x", "x", "suzuki");
  const Answer incomplete = edge.submit({whole, half});
  CHECK(incomplete.status == 409);
  CHECK(incomplete.code() == "incomplete-upload");
  CHECK(incomplete.says("uploads[1].id"));
  const Answer stolen = edge.submit({whole, others});
  const Answer nobodys = edge.submit({whole, new_item_id().text()});
  CHECK(stolen.status == 422);
  CHECK(stolen.body == nobodys.body);
  CHECK(edge.submit({whole, whole}).status == 422);
  const std::string dropped = edge.uploaded("dropped");
  edge.tus("DELETE", "/uploads/" + dropped);
  CHECK(edge.submit({dropped}).status == 422);
  CHECK(edge.told().empty());
  CHECK(edge.submit({whole}).status == 201);
  CHECK(edge.submit({whole}, "key-00000002").code() == "submitted");
  CHECK(edge.submit({others}, "key-00000001", "suzuki").status == 201);
}

TEST_CASE("submission: recipients that SMTP would refuse are named, each by its place") {
  Edge edge;
  const std::string id = edge.uploaded("x");
  const auto to = [&](const std::string& recipients) {
    return edge.submit({id}, "key-00000001", "sato", "", recipients);
  };
  const Answer answer = to("\"tanaka@city.example.jp\",\"other@town.example.jp\",\"no address\"");
  CHECK(answer.status == 422);
  CHECK(answer.says("recipients[1]"));
  CHECK(answer.says("recipients[2]"));
  CHECK(!answer.says("recipients[0]"));
  for (const char* bad :
       {"", "\"\"", "\"@city.example.jp\"", "\"postmaster\"", "\"a@city.example.jp>,<b@city.example.jp\"",
        "\"a@city.example.jp\\n\"", "1", "\"a b@city.example.jp\""})
    CHECK_MESSAGE(to(bad).status == 422, bad);
  std::string many;
  for (std::size_t i = 0; i < limits::kDropRecipients; ++i)
    many += (i == 0 ? "\"p" : ",\"p") + std::to_string(i) + "@city.example.jp\"";
  CHECK(to(many + ",\"more@city.example.jp\"").status == 422);
  CHECK(to(many).status == 201);
}

TEST_CASE("submission: an account of a tenant sends to that tenant's addresses, others are as unknown") {
  Edge edge;
  edge.is_own = [](const auth::Account& account, const std::string& mailbox) {
    return account.login != "sato" || mailbox.ends_with("@city.example.jp");
  };
  const std::string town = "\"only@town.example.jp\"", both = "\"tanaka@city.example.jp\"," + town;
  const Answer refused = edge.submit({edge.uploaded("x")}, "key-00000001", "sato", "", both);
  CHECK(refused.status == 422);
  CHECK(refused.says("recipients[1]"));
  const Answer unknown = edge.submit({edge.uploaded("x")}, "key-00000002", "sato", "",
                                     "\"tanaka@city.example.jp\",\"nobody@elsewhere.example\"");
  CHECK(refused.body == unknown.body);
  CHECK(edge.submit({edge.uploaded("x")}, "key-00000003").status == 201);
  CHECK(edge.submit({edge.uploaded("x", "a.txt", "suzuki")}, "key-00000004", "suzuki", "", town).status ==
        201);
}

TEST_CASE("submission: what is malformed or unknown is refused, and the honest one passes") {
  Edge edge;
  const std::string id = edge.uploaded("x");
  const std::string one =
      "{\"uploads\":[{\"id\":\"" + id + "\"}],\"recipients\":[\"tanaka@city.example.jp\"]";
  for (const char* key : {"", "short", "with blank", "key-0000000\xc3\xa9",
                          "01234567890123456789012345678901234567890123456789012345678901234"})
    CHECK_MESSAGE(edge.post(one + "}", key).status == 400, key);
  CHECK(edge.post("not json", "key-00000001").status == 400);
  CHECK(edge.post(one, "key-00000001").status == 400);
  CHECK(edge.post("[]", "key-00000001").status == 422);
  CHECK(edge.post(one + ",\"unknown\":1}", "key-00000001").status == 422);
  CHECK(edge.post(one + ",\"importance\":\"極秘\"}", "key-00000001").says("importance"));
  CHECK(edge.post(one + ",\"title\":\"a\\nb\"}", "key-00000001").status == 422);
  CHECK(edge.post(one + ",\"title\":\"\\u0000\"}", "key-00000001").status == 422);
  CHECK(edge.post("{\"uploads\":[],\"recipients\":[\"tanaka@city.example.jp\"]}", "key-00000001").status ==
        422);
  CHECK(
      edge.post("{\"uploads\":[{\"id\":\"x\"}],\"recipients\":[\"tanaka@city.example.jp\"]}", "key-00000001")
          .status == 422);
  const auto repeated = [](std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += "字";
    return out;
  };
  CHECK(edge.post(one + ",\"title\":\"" + repeated(limits::kDropTitle + 1) + "\"}", "key-00000001").status ==
        422);
  CHECK(edge.post(one + ",\"message\":\"" + repeated(limits::kDropMessage + 1) + "\"}", "key-00000001")
            .status == 422);
  CHECK(edge.ask("POST", "/submissions", "sato",
                 {{"Idempotency-Key", "key-00000001"}, {"Content-Type", "text/plain"}}, one + "}")
            .status == 415);
  const std::string password(limits::kDropPassword, 'p');
  const auto locked = [&](const std::string& with) {
    return edge.post("{\"uploads\":[{\"id\":\"" + id + "\",\"password\":\"" + with +
                         "\"}],\"recipients\":[\"tanaka@city.example.jp\"],\"title\":\"" +
                         repeated(limits::kDropTitle) + "\",\"message\":\"" + repeated(limits::kDropMessage) +
                         "\"}",
                     "key-00000001");
  };
  CHECK(locked(password + "p").status == 422);
  CHECK(locked(repeated(limits::kDropPassword)).status == 422);  // three octets each
  CHECK(locked(password).status == 201);
}

TEST_CASE("submission: texts and names are kept in the clean form") {
  Edge edge;
  const Answer answer = edge.submit({edge.uploaded("x", "か\u3099\u202e.txt")}, "key-00000001", "sato",
                                    ",\"title\":\"か\u3099\u200b\",\"message\":\"か\u3099\u2060\\n2\"");
  REQUIRE(answer.status == 201);
  std::vector<clean::Finding> findings;
  const store::Original original = edge.original(edge.told().at(0));
  const store::Drop& drop = *original.envelope.drop;
  CHECK(drop.title == "\u304c");
  CHECK(drop.message == "\u304c\n2");
  CHECK(drop.file_name == "\u304c.txt");
  CHECK(compose::clean_line(drop.title, findings) == drop.title);
  CHECK(findings.empty());
}

TEST_CASE("submission: texts that no record could hold are refused, and the longest that it can pass") {
  Edge edge;
  const auto many = [](const char* character, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += character;
    return out;
  };
  const std::string upload = edge.uploaded("x");
  // One character of four octets that NFC makes three of twelve: 200 of them were taken, and lost.
  Answer answer =
      edge.submit({upload}, "key-00000001", "sato", ",\"title\":\"" + many("\U0001D160", 200) + "\"");
  CHECK(answer.status == 422);
  CHECK(answer.says("\"title\""));
  answer = edge.submit({upload}, "key-00000001", "sato", ",\"message\":\"" + many("\U0001D160", 4000) + "\"");
  CHECK(answer.status == 422);
  CHECK(answer.says("\"message\""));
  // A noncharacter, which no line bears.
  answer = edge.post("{\"uploads\":[{\"id\":\"" + upload +
                         "\",\"password\":\"a\xef\xbf\xbe\"}],\"recipients\":[\"tanaka@city.example.jp\"]}",
                     "key-00000001");
  CHECK(answer.status == 422);
  CHECK(answer.says("password"));
  const std::string title = many("𠮷", 200), message = many("𠮷", 4000);
  REQUIRE(edge.submit({upload}, "key-00000001", "sato",
                      ",\"title\":\"" + title + "\",\"message\":\"" + message + "\"")
              .status == 201);
  const store::Original original = edge.original(edge.told().at(0));
  CHECK(original.envelope.drop->title == title);
  CHECK(original.envelope.drop->message == message);
}

TEST_CASE("submission: an account whose mail is no address sends without one") {
  Edge edge;
  auth::Account odd;
  odd.login = "odd";
  odd.name = "奇妙";
  for (int i = 0; i < 60; ++i) odd.name += "\U0001D160";  // 246 octets, cleaned 726
  odd.mail = "a\"b@outside.example.jp";
  odd.roles = {auth::Role::sender};
  edge.accounts->add(odd, "", "test");
  edge.tokens["odd"] = edge.accounts->add_program_token("odd", "test", "test");
  REQUIRE(edge.submit({edge.uploaded("x", "x.txt", "odd")}, "key-00000001", "odd").status == 201);
  const store::Original original = edge.original(edge.told().at(0));
  CHECK(original.envelope.sender.empty());
  CHECK(original.envelope.drop->sender_name.starts_with("奇妙"));
}

TEST_CASE("guest: one submission in all, told again by its key when the answer was lost, and no second one") {
  Edge edge;
  std::atomic<bool> open = true;
  edge.allowance = [&](const auth::Account& account) -> std::optional<edge::drop::Allowance> {
    if (account.login != "suzuki") return std::nullopt;
    return edge::drop::Allowance{
        open ? std::vector<std::string>{"tanaka@city.example.jp"} : std::vector<std::string>(), 1000,
        "guest@supplier.example"};
  };
  const std::string a = edge.uploaded("a", "a.txt", "suzuki"), b = edge.uploaded("b", "b.txt", "suzuki");
  CHECK(edge.submit({a}, "key-00000001", "suzuki", "", "\"other@city.example.jp\"").status == 422);
  const Answer first = edge.submit({a}, "key-00000001", "suzuki");
  REQUIRE(first.status == 201);
  CHECK(edge.original(edge.told().at(0)).envelope.sender == "guest@supplier.example");
  // Two at once: both saw the invitation open.
  CHECK(edge.submit({b}, "key-00000002", "suzuki").status == 403);
  open = false;
  const Answer again = edge.submit({a}, "key-00000001", "suzuki");
  CHECK(again.status == 201);
  CHECK(again.body == first.body);
  CHECK(edge.submit({b}, "key-00000002", "suzuki").status == 403);
  CHECK(edge.submit({a}, "key-00000001", "suzuki", ",\"title\":\"other\"").code() == "key-reused");
  CHECK(edge.create(1, "c.txt", "suzuki").status == 403);
  CHECK(edge.told().size() == 1);
  // Whose invitation ended unused sends nothing either; one with an account is no guest.
  CHECK(edge.submit({edge.uploaded("c")}, "key-00000001").status == 201);
  CHECK(edge.submit({edge.uploaded("d")}, "key-00000002").status == 201);
}

TEST_CASE("guest: his share of octets is for all days of the invitation, an account's for each day") {
  Edge edge;
  edge.config.upload_hours = 100;
  edge.config.day_bytes_max = 100;
  edge.restart();
  edge.allowance = [&](const auth::Account& account) -> std::optional<edge::drop::Allowance> {
    if (account.login != "suzuki") return std::nullopt;
    return edge::drop::Allowance{{"tanaka@city.example.jp"}, 100, "guest@supplier.example"};
  };
  for (const char* who : {"suzuki", "sato"}) CHECK(edge.create(60, "a.txt", who).status == 201);
  for (const char* who : {"suzuki", "sato"}) CHECK(edge.create(60, "b.txt", who).status == 429);
  edge.later_ms = std::int64_t{25} * 3600 * 1000;
  CHECK(edge.create(60, "b.txt", "sato").status == 201);
  CHECK(edge.create(60, "b.txt", "suzuki").status == 429);
  CHECK(edge.create(40, "b.txt", "suzuki").status == 201);
}

TEST_CASE("submission: nothing of another's can be seen, and it looks as if it were not there") {
  Edge edge;
  const Answer sent = edge.submit({edge.uploaded("x")});
  const std::string path = "/submissions/" + Edge::id_of(sent);
  const Answer others = edge.ask("GET", path, "suzuki");
  CHECK(others.status == 404);
  CHECK(others.body == edge.ask("GET", "/submissions/" + new_item_id().text(), "suzuki").body);
  CHECK(edge.ask("GET", path, "suzuki", {{"If-None-Match", "*"}}).status == 404);
  CHECK(edge.ask("GET", "/submissions", "suzuki").body == "{\"submissions\":[]}");
  for (const std::string& each : {path, std::string("/submissions"), std::string("/drop-box")}) {
    CHECK(edge.ask("GET", each, "").status == 401);
    CHECK(edge.ask("GET", each, "staff").status == 403);
    CHECK(edge.ask("GET", each).status == 200);
  }
  CHECK(edge.submit({edge.uploaded("y")}, "key-00000001", "").status == 401);
  CHECK(edge.submit({edge.uploaded("y")}, "key-00000001", "staff").status == 403);
  // Another's item's id as a submission's, and an id with a trick in it.
  CHECK(edge.ask("GET", "/submissions/" + Edge::items_of(sent)[0]).status == 404);
  CHECK(edge.ask("GET", "/submissions/" + Edge::id_of(sent) + "'").status == 404);
}

TEST_CASE("history: the newest first, in pages, with bounds that are told") {
  Edge edge;
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i)
    ids.push_back(Edge::id_of(edge.submit({edge.uploaded("x")}, "key-0000000" + std::to_string(i))));
  const Answer page = edge.ask("GET", "/submissions?limit=2");
  CHECK(page.body.find(ids[4]) < page.body.find(ids[3]));
  CHECK(!page.says(ids[2]));
  const Answer next = edge.ask("GET", "/submissions?limit=2&before=" + ids[3]);
  CHECK(next.says(ids[2]));
  CHECK(next.says(ids[1]));
  CHECK(!next.says(ids[0]));
  CHECK(edge.ask("GET", "/submissions?before=" + ids[0]).body == "{\"submissions\":[]}");
  for (const char* bad : {"limit=0", "limit=101", "limit=-1", "limit=x", "limit=", "before=x", "limit=2%20"})
    CHECK_MESSAGE(edge.ask("GET", std::string("/submissions?") + bad).status == 422, bad);
  CHECK(edge.ask("GET", "/submissions?limit=100").status == 200);
}

TEST_CASE("states: what the cleaner says stands in the submission, with words; without news it is 304") {
  Edge edge;
  const Answer sent = edge.submit({edge.uploaded("x")});
  const std::string path = "/submissions/" + Edge::id_of(sent);
  const ItemId item = drop_test::id_of(Edge::items_of(sent)[0]);
  const std::string first = edge.ask("GET", path).headers.at("etag");
  CHECK(edge.ask("GET", path, "sato", {{"If-None-Match", first}}).status == 304);
  CHECK(edge.ask("GET", path, "sato", {{"If-None-Match", "\"x\", W/" + first}}).status == 304);

  edge.life->box->heard({item, transfer::DropProgress::cleaning, 12, {}});
  CHECK(soon([&] { return edge.ask("GET", path, "sato", {{"If-None-Match", first}}).status == 200; }));
  const Answer cleaning = edge.ask("GET", path);
  CHECK(cleaning.says("\"state\":\"cleaning\",\"pages\":12"));
  edge.life->box->heard({item, transfer::DropProgress::cleaning, 12, {}});      // said again
  edge.life->box->heard({new_item_id(), transfer::DropProgress::held, 0, {}});  // of nobody
  std::this_thread::sleep_for(300ms);
  CHECK(edge.ask("GET", path, "sato", {{"If-None-Match", cleaning.headers.at("etag")}}).status == 304);

  const auto encrypted = static_cast<std::uint16_t>(*clean::finding_of_slug("encrypted"));
  edge.life->box->heard({item, transfer::DropProgress::held, 0, {encrypted, 65535}});
  CHECK(soon([&] { return edge.ask("GET", path).says("\"state\":\"held\""); }));
  const Answer held = edge.ask("GET", path);
  CHECK(held.says("{\"code\":\"encrypted\",\"effect\":\"part\",\"japanese\":\""));
  edge.restart();
  const Answer later = edge.ask("GET", path);
  CHECK(later.body == held.body);
  edge.life->box->heard({item, transfer::DropProgress::picked_up, 0, {}});
  CHECK(soon([&] { return edge.ask("GET", path).says("\"state\":\"picked-up\""); }));
}

TEST_CASE("states: after a start and whenever the link stands again, what is still to come is asked for") {
  Edge edge;
  const std::string waiting = Edge::items_of(edge.submit({edge.uploaded("x")}, "key-00000001"))[0];
  const std::string done = Edge::items_of(edge.submit({edge.uploaded("y")}, "key-00000002"))[0];
  edge.life->box->heard({drop_test::id_of(done), transfer::DropProgress::picked_up, 0, {}});
  CHECK(soon([&] { return edge.ask("GET", "/submissions").says("picked-up"); }));
  edge.restart();
  const auto asked = [&] { return edge.life->asked.with([](auto& all) { return all; }); };
  CHECK(soon([&] { return asked().size() >= 2; }));  // once as what moves, once as what is open
  for (const ItemId& id : asked()) CHECK(id.text() == waiting);
  const std::size_t before = asked().size();
  edge.life->box->connected();
  CHECK(soon([&] { return asked().size() >= before + 2; }));
}

TEST_CASE("history: it is pruned after its days, and keeps younger ones") {
  Edge edge;
  edge.config.history_days = 30;
  edge.restart();
  const std::string old = Edge::id_of(edge.submit({edge.uploaded("x")}, "key-00000001"));
  edge.later_ms = std::int64_t{20} * 24 * 3600 * 1000;
  const std::string young = Edge::id_of(edge.submit({edge.uploaded("y")}, "key-00000002"));
  std::this_thread::sleep_for(1500ms);
  CHECK(edge.ask("GET", "/submissions/" + old).status == 200);
  edge.later_ms = std::int64_t{31} * 24 * 3600 * 1000;
  CHECK(soon([&] { return edge.ask("GET", "/submissions/" + old).status == 404; }));
  CHECK(edge.ask("GET", "/submissions/" + young).status == 200);
}

TEST_CASE("drop box: the rules are told before the upload") {
  Edge edge;
  const Answer answer = edge.ask("GET", "/drop-box");
  CHECK(answer.status == 200);
  CHECK(answer.says("\"file_bytes_max\":8388608"));
  CHECK(answer.says("\"files_max\":100"));
  CHECK(answer.says("\"day_bytes_left\":67108864"));
  CHECK(answer.says("[\"通常\",\"重要\",\"至急\"]"));
  CHECK(answer.says("\"jtd\""));
  DropBoxConfig other = edge.config;
  other.importances = {"急"};
  other.file_bytes_max = 5;
  edge.life->box->reload(other);
  CHECK(edge.ask("GET", "/drop-box").says("[\"急\"]"));
  CHECK(edge.create(6).status == 413);
  CHECK(edge.create(5).status == 201);
}

TEST_CASE("drop box: every ending that is told to be held has content that no sanitizer reads") {
  std::set<std::string_view> seen;
  for (const edge::drop::HeldType& held : edge::drop::held_types()) {
    CHECK_MESSAGE(document::route_of(held.type) == document::Route::none, held.type);
    CHECK_MESSAGE(!compose::type_name(held.type).empty(), held.type);
    CHECK_MESSAGE(seen.insert(held.ending).second, held.ending);
  }
  CHECK(seen.size() > 50);
  for (const char* cleaned : {"pdf", "docx", "xlsx", "zip", "jpg", "txt", "eml"})
    CHECK(!seen.contains(cleaned));
}

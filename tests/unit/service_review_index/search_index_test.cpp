#include "service/review/index/index.h"

#include <fstream>
#include <set>

#include "tests/unit/service_review_index/index_fixture.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using review::Count;
using review::Query;
using store::State;
using test::Made;
using test::Store;

namespace {

template <class Set>
Query with(Set&& set) {
  Query query;
  set(query);
  return query;
}

const std::string kHash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

}  // namespace

TEST_CASE("search index: an item is found by each of its words, by their beginnings, and by none it lacks") {
  Store store;
  store.add({.subject = "令和8年度 予算要求資料の送付",
             .sender = "taro.yamada@kensetsu.example.co.jp",
             .to = {"soumu@city.example.lg.jp"},
             .report = test::report_of("見積書 第2版.xlsx", kHash, "")});
  store.add({.subject = "Meeting tomorrow"});
  store.catch_up();
  for (const char* text :
       {"予算", "予", "要求資料", "予算要求資料の送付", "令和8年度", "yamada", "YAMA", "taro.yamada@kensetsu",
        "y", "soumu@city.example.lg.jp", "見積書", "見積 第2版", "xlsx", "予算 yamada 見積",
        "kensetsu.example.co.jp", "ｙａｍａｄａ", "\"予算\"", "001122334455"})
    CHECK_MESSAGE(store.count_text(text) == 1, std::string(text));
  for (const char* text : {"予求", "算予", "amada", "予算 tomorrow", "yamadaz", "kensetsu.city", "AND",
                           "予算 NOT y", "001122334456", "***", "\""})
    CHECK_MESSAGE(store.count_text(text) == 0, std::string(text));
  CHECK(store.count_text("") == 2);
}

TEST_CASE("search index: words longer than the beginnings it keeps are found, too") {
  Store store;
  store.add({.subject = "internationalization and internationalisms"});
  store.catch_up();
  CHECK(store.count_text("internationali") == 1);
  CHECK(store.count_text("internationalization") == 1);
  CHECK(store.count_text("and internationalis") == 1);
  CHECK(store.count_text("internationalizatiom") == 0);
}

TEST_CASE("search index: an address that is known is that address, one that is not is words") {
  Store store;
  const ItemId one = store.add({.sender = "Taro@example.co", .to = {"taro@example.co.jp", "x@y.example"}});
  const ItemId other = store.add({.sender = "taro@example.co.jp", .to = {"jiro.taro@example.co.jp"}});
  store.catch_up();
  using Ids = std::vector<ItemId>;
  const auto from = [&](const char* text) { return store.ids(with([&](Query& q) { q.sender = text; })); };
  const auto to = [&](const char* text) { return store.ids(with([&](Query& q) { q.recipient = text; })); };
  CHECK(from("taro@example.co") == Ids{one});
  CHECK(from("<TARO@example.co.jp>,") == Ids{other});
  CHECK(from("taro@example.c") == Ids{other, one});
  CHECK(from("taro@") == Ids{other, one});
  CHECK(to("taro@example.co.jp") == Ids{one});
  CHECK(to("taro@example.co.j") == Ids{other, one});
  CHECK(to("x@y.example") == Ids{one});
  CHECK(store.count_text("taro@example.co.jp") == 2);
  CHECK(store.count_text("x@y.example taro@example.co") == 1);
  CHECK(from("nobody@example.co.jp").empty());
}

TEST_CASE("search index: each filter finds what it says and nothing else") {
  Store store;
  const ItemId plain = store.add({.subject = "平文", .sender = "x@one.example", .to = {"p@a.city.example"}});
  const ItemId held = store.add({.subject = "暗号",
                                 .sender = "y@two.example",
                                 .to = {"q@b.city.example"},
                                 .verdict = Verdict::held,
                                 .reasons = {clean::Finding::kPolicyVerdictHeld},
                                 .report = test::report_of("暗号.zip", kHash, "encrypted")});
  const ItemId refused = store.add({.subject = "拒否",
                                    .sender = "z@two.example",
                                    .verdict = Verdict::rejected,
                                    .reasons = {clean::Finding::kMalware}});
  store.deliver(plain);
  store.catch_up();
  using Ids = std::vector<ItemId>;
  CHECK(store.ids(with([](Query& q) { q.sender = "two.example"; })) == Ids{refused, held});
  CHECK(store.ids(with([](Query& q) { q.sender = "平文"; })).empty());
  CHECK(store.ids(with([](Query& q) { q.recipient = "q@b"; })) == Ids{held});
  CHECK(store.ids(with([](Query& q) { q.subject = "拒"; })) == Ids{refused});
  CHECK(store.ids(with([](Query& q) { q.file = "暗号"; })) == Ids{held});
  CHECK(store.ids(with([](Query& q) { q.file = "平文"; })).empty());
  CHECK(store.ids(with([](Query& q) { q.sha256 = kHash; })) == Ids{held});
  CHECK(store.ids(with([](Query& q) { q.sha256 = kHash.substr(0, 12); })) == Ids{held});
  CHECK(store.ids(with([](Query& q) { q.sha256 = "ab0000000000000000"; })).size() == 0);
  CHECK(store.ids(with([](Query& q) { q.sha256 = "ab0000"; })).size() == 3);  // the originals'
  CHECK(store.ids(with([&](Query& q) { q.id = held; })) == Ids{held});
  CHECK(store.ids(with([&](Query& q) { q.id = new_item_id(); })).empty());
  CHECK(store.ids(with([](Query& q) { q.reason = clean::Finding::kEncrypted; })) == Ids{held});  // of a part
  CHECK(store.ids(with([](Query& q) { q.reason = clean::Finding::kMalware; })) == Ids{refused});
  CHECK(store.ids(with([](Query& q) { q.verdict = Verdict::held; })) == Ids{held});
  CHECK(store.ids(with([](Query& q) { q.state = State::held; })) == Ids{refused, held});
  CHECK(store.ids(with([](Query& q) { q.state = State::delivered; })) == Ids{plain});
  CHECK(store.ids(with([](Query& q) { q.drop = true; })).empty());
  CHECK(store.ids(with([](Query& q) { q.drop = false; })).size() == 3);
  CHECK(store.ids(with([](Query& q) {
    q.state = State::held;
    q.sender = "y";
    q.reason = clean::Finding::kPolicyVerdictHeld;
    q.text = "暗";
  })) == Ids{held});
  CHECK(store.ids(with([&](Query& q) { q.id = held, q.state = State::delivered; })).empty());
}

TEST_CASE("search index: times are of receipt, from the first moment to before the last") {
  Store store;
  std::vector<ItemId> ids;
  for (std::int64_t ms : {1'000'000, 2'000'000, 3'000'000}) ids.push_back(store.add({.received_ms = ms}));
  store.catch_up();
  const auto between = [&](std::int64_t since, std::int64_t until) {
    return store.ids(with([&](Query& q) { q.since_ms = since, q.until_ms = until; }));
  };
  CHECK(between(2'000'000, 0) == std::vector<ItemId>{ids[2], ids[1]});
  CHECK(between(2'000'001, 0) == std::vector<ItemId>{ids[2]});
  CHECK(between(0, 2'000'000) == std::vector<ItemId>{ids[0]});
  CHECK(between(0, 2'000'001) == std::vector<ItemId>{ids[1], ids[0]});
  CHECK(between(3'000'000, 2'000'000).empty());
}

TEST_CASE("search index: an item follows what becomes of it, and so do the counts") {
  Store store;
  const ItemId id = store.add({.to = {"p@city.example", "q@city.example"}});
  store.catch_up();
  const auto in = [&](State state) { return store.count(with([&](Query& q) { q.state = state; })); };
  CHECK(in(State::sending) == 1);
  store.deliver(id, 0);
  store.catch_up();
  CHECK(in(State::sending) == 1);
  CHECK(store.index->item(id)->recipients[0].state == State::delivered);
  store.deliver(id, 1, transfer::ResultClass::failed);
  store.catch_up();
  CHECK(in(State::sending) == 0);
  CHECK(in(State::bounced) == 1);
  CHECK(store.count_text("件名") == 1);
  CHECK(store.counted({}, Count::items, "") == 1);
  CHECK(store.counted({}, Count::state, "bounced") == 1);
  CHECK(store.counted({}, Count::state, "sending") == 0);
  CHECK(store.counted({}, Count::bytes, "") == 1000);

  const ItemId held = store.add({.verdict = Verdict::held, .reasons = {clean::Finding::kEncrypted}});
  store.catch_up();
  CHECK(store.counted({}, Count::open, "held") == 1);
  CHECK(store.counted({}, Count::sender_held, "a@outside.example") == 1);
  std::promise<unsigned> removed;
  store.items.remove(held, "op", [&](unsigned count) { removed.set_value(count); });
  CHECK(removed.get_future().get() == 1);
  store.catch_up();
  CHECK(in(State::deleted) == 1);
  CHECK(in(State::held) == 0);
  CHECK(store.counted({}, Count::open, "held") == 0);
}

TEST_CASE("search index: open requests, proposals and legal hold are seen as they come and go") {
  Store store;
  const ItemId id = store.add({.verdict = Verdict::held});
  store.add({});
  store.change(
      id, "request",
      "INSERT INTO requests (id, recipient, part, asked_ms, state, decided_by, decided_ms, answer) VALUES "
      "(?,0,1,1,'open','',0,'')");
  store.change(id, "keep", "INSERT INTO kept VALUES (?,'a','b',1)");
  store.catch_up();
  const Query asked = with([](Query&q) { q.asked = true; }), kept = with([](Query&q) { q.kept = true; });
  CHECK(store.ids(asked) == std::vector<ItemId>{id});
  CHECK(store.ids(kept) == std::vector<ItemId>{id});
  CHECK(store.index->item(id)->requests == 1);
  CHECK(store.counted({}, Count::open, "requests") == 1);
  store.change(id, "request-decided", "UPDATE requests SET state='granted' WHERE id=?");
  store.change(id, "unkeep", "DELETE FROM kept WHERE id=?");
  store.catch_up();
  CHECK(store.ids(asked).empty());
  CHECK(store.ids(kept).empty());
  CHECK(store.counted({}, Count::open, "requests") == 0);
}

TEST_CASE(
    "search index: pages have neither gaps nor repeats while items arrive, and what arrives is told once") {
  Store store;
  for (int i = 0; i < 50; ++i) store.add({.subject = i % 2 == 0 ? "偶数" : "奇数"});
  store.catch_up();
  for (const char* text : {"", "偶数"}) {
    Query query = with([&](Query& q) { q.text = text, q.limit = 7; });
    std::vector<ItemId> seen;
    const std::int64_t newest = store.index->find(query).newest;
    std::size_t added = 0;
    for (review::Found found = store.index->find(query);; found = store.index->find(query)) {
      for (const review::ListedItem& item : found.items) seen.push_back(item.id);
      if (!found.next) break;
      query.after = found.next;
      store.add({.subject = "偶数 追加"});
      ++added;
      store.catch_up();
    }
    CHECK(std::is_sorted(seen.rbegin(), seen.rend()));
    CHECK(std::set<ItemId>(seen.begin(), seen.end()).size() == seen.size());
    CHECK(seen.size() == (std::string(text).empty() ? 50 : 25 + 7));  // 7 came in the first walk
    const Query later = with([&](Query& q) { q.text = text, q.before = newest; });
    CHECK(store.count(later) == added);
    const Query none = with([&](Query& q) { q.before = store.index->find(later).newest; });
    CHECK(store.count(none) == 0);
  }
}

TEST_CASE("search index: who asks right after a change sees it, without waiting for the thread") {
  Store store;
  const ItemId id = store.add({});
  store.catch_up();
  store.deliver(id);
  CHECK(store.count(with([](Query& q) { q.state = State::delivered; })) == 1);
  CHECK(store.count(with([](Query& q) { q.state = State::sending; })) == 0);
}

TEST_CASE("search index: what was received earlier and decided later still arrives") {
  Store store;
  store.add({.received_ms = 2'000'000'000});
  store.catch_up();
  const std::int64_t newest = store.index->find({}).newest;
  const ItemId late = store.add({.received_ms = 1'000'000'000});
  store.catch_up();
  CHECK(store.ids(with([&](Query& q) { q.before = newest; })) == std::vector<ItemId>{late});
}

TEST_CASE("search index: items of one moment whose numbers meet are all there") {
  Store store;
  std::set<ItemId> ids;
  for (int i = 0; i < 20; ++i) ids.insert(store.add({.received_ms = 5'000'000}));  // the same last bits
  store.catch_up();
  std::set<ItemId> found;
  Query query = with([](Query& q) { q.limit = 3; });
  do {
    const review::Found page = store.index->find(query);
    for (const auto& item : page.items) CHECK(found.insert(item.id).second);
    query.after = page.next;
  } while (query.after);
  CHECK(found == ids);
}

TEST_CASE("search index: it goes on after a restart, and is made anew when it is damaged or missing") {
  Store store;
  store.add({.subject = "一番"});
  store.catch_up();
  store.index.reset();
  store.index = store.opened();
  store.add({.subject = "二番"});
  store.catch_up();
  CHECK(store.count_text("番") == 2);
  CHECK(store.count({}) == 2);

  store.index.reset();
  SUBCASE("missing") {
    for (const char* name : {"review.db", "review.db-wal", "review.db-shm"})
      std::filesystem::remove(store.folder.path / name);
  }
  SUBCASE("no database") { std::ofstream(store.folder.path / "review.db") << std::string(8192, 'x'); }
  SUBCASE("of another version") {
    store::Database database(store.folder.path / "review.db");
    database.execute("PRAGMA user_version=999; DROP TABLE entries");
  }
  store.index = store.opened();
  store.catch_up();
  CHECK(store.count({}) == 2);
  CHECK(store.count_text("一番") == 1);
  CHECK(store.counted({}, Count::items, "") == 2);
  CHECK(store.index->state().complete);
}

TEST_CASE("search index: another items.db, as from a backup, is noticed") {
  Store store;
  const ItemId first = store.add({.subject = "残る"});
  store.catch_up();
  store.add({.subject = "消える"});
  store.catch_up();
  CHECK(store.count({}) == 2);
  store.index.reset();
  {
    store::Database database(store::items_at(store.folder.path).place);
    database.execute(
        "DELETE FROM items WHERE subject='消える'; DELETE FROM audit WHERE sequence>1; UPDATE audit SET "
        "hash=x'00'");
  }
  store.index = store.opened();
  store.catch_up();
  CHECK(store.ids({}) == std::vector<ItemId>{first});
  CHECK(store.count_text("消える") == 0);
  CHECK(store.counted({}, Count::items, "") == 1);
}

TEST_CASE("search index: a record that retention took is not found any more") {
  Store store;
  const ItemId id = store.add({.subject = "古い", .verdict = Verdict::held});
  store.catch_up();
  store.change(id, "record-erased", "DELETE FROM items WHERE id=?");
  store.catch_up();
  CHECK(store.count({}) == 0);
  CHECK(store.count_text("古い") == 0);
  CHECK(store.counted({}, Count::items, "") == 0);
  CHECK(store.counted({}, Count::open, "held") == 0);
  store.add({.subject = "古い"});
  store.catch_up();
  CHECK(store.count_text("古い") == 1);
}

TEST_CASE("search index: tenants and departments narrow, and another configuration goes through all again") {
  Store store;
  Config config;
  config.console.departments.push_back({"総務部", {"*@soumu.town.example"}});
  TenantConfig town;
  town.name = "町";
  town.domains = {"*town.example"};
  town.organisations.push_back({"議会", {"gikai@*"}});
  config.tenants.push_back(town);
  store.config = std::make_shared<const Config>(config);
  const ItemId both = store.add({.to = {"x@soumu.town.example", "gikai@town.example"}, .tenants = {"町"}});
  const ItemId other = store.add({.to = {"x@village.example"}, .tenants = {"村"}});
  store.catch_up();
  using Ids = std::vector<ItemId>;
  const auto of_tenants = [&](std::vector<std::string> names) {
    return store.ids(with([&](Query& q) { q.tenants = names; }));
  };
  const auto of_department = [&](const std::string& name) {
    return store.ids(with([&](Query& q) { q.department = name; }));
  };
  CHECK(of_tenants({"町"}) == Ids{both});
  CHECK(of_tenants({"村"}) == Ids{other});
  CHECK(of_tenants({"町", "村"}).empty());
  CHECK(of_tenants({"市"}).empty());
  CHECK(of_department("総務部") == Ids{both});
  CHECK(of_department("議会") == Ids{both});
  CHECK(store.counted({"町", "議会"}, Count::items, "") == 1);
  CHECK(store.counted({"村", "議会"}, Count::items, "") == 0);
  CHECK(store.counted({"", ""}, Count::items, "") == 2);

  config.console.departments = {{"村役場", {"*@village.example"}}};
  store.config = std::make_shared<const Config>(config);
  store.catch_up();
  CHECK(of_department("総務部").empty());
  CHECK(of_department("村役場") == Ids{other});
  CHECK(store.counted({"", "総務部"}, Count::items, "") == 0);
  CHECK(store.counted({"", "村役場"}, Count::items, "") == 1);
  CHECK(store.counted({"", ""}, Count::items, "") == 2);
}

TEST_CASE("search index: alike is what has the same file, then what has the same sender") {
  Store store;
  const ItemId same_sender = store.add({.sender = "A@outside.example", .tenants = {"町"}});
  const ItemId same_file =
      store.add({.sender = "z@z.example", .report = test::report_of("b.pdf", kHash, "")});
  const ItemId id = store.add({.report = test::report_of("a.pdf", kHash, ""), .tenants = {"町"}});
  store.add({.sender = "aa@outside.example"});
  store.catch_up();
  const auto alike = [&](const std::vector<std::string>& tenants) {
    std::vector<ItemId> out;
    for (const auto& item : store.index->similar(id, tenants, 20)) out.push_back(item.id);
    return out;
  };
  CHECK(alike({}) == std::vector<ItemId>{same_file, same_sender});
  CHECK(alike({"町"}) == std::vector<ItemId>{same_sender});
  CHECK(store.index->similar(new_item_id(), {}, 20).empty());
}

TEST_CASE("search index: hostile texts and queries are texts") {
  Store store;
  store.add({.subject = std::string("a\0b\xff\xfe\" OR 1 \n\t", 14),
             .sender = "\"x y\"@\n.example",
             .to = {"", "\x01@\x02", std::string(5000, 'z')},
             .report = "{\"groups\":[{\"parts\":[{\"sha256\":\""});
  store.add({.subject = std::string(200'000, 'q'), .report = std::string(100'000, '[')});
  store.catch_up();
  CHECK(store.count({}) == 2);
  CHECK(store.index->find({}).items.back().recipients.size() == 3);
  for (const std::string text :
       {"\"", "a\" OR \"b", "subject : a", "{subject files} : a", "NEAR(a b, 2)", "a AND", "^a", "a*b", "-",
        "a + b", "\\", "%", "_", "\xf0\x9f\x98", "rowid:1", "a\"\"\"b"})
    CHECK_NOTHROW(store.count_text(text));
  CHECK(store.count_text("or 1") == 1);
  CHECK(store.count_text(std::string(100'000, '"')) == 0);
  CHECK_NOTHROW(store.count_text(std::string(100'000, 'q')));
}

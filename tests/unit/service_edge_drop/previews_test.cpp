// Previews: who may look at which page of what.
#include "service/edge/drop/picture_asks.h"
#include "tests/unit/service_edge_drop/drop_fixture.h"

using drop_test::Answer;
using drop_test::Edge;
using drop_test::soon;
using namespace kiyome;
using namespace std::chrono_literals;
using edge::drop::PictureAsks;

namespace {

// A submission with one file that has `pages` previews.
struct Sent {
  std::string path;  // without the page
  ItemId item;
};
Sent sent_with(Edge& edge, std::uint32_t pages, const std::string& key = "key-00000001",
               const std::string& who = "sato") {
  const Answer sent = edge.submit({edge.uploaded("x", "x.docx", who)}, key, who);
  REQUIRE(sent.status == 201);
  const std::string item = Edge::items_of(sent)[0], submission = "/submissions/" + Edge::id_of(sent);
  edge.life->box->heard({drop_test::id_of(item), transfer::DropProgress::clean, pages, {}, pages});
  if (pages > 0)
    REQUIRE(soon(
        [&] { return edge.ask("GET", submission, who).says("\"preview_pages\":" + std::to_string(pages)); }));
  return {submission + "/files/" + item + "/pages/", drop_test::id_of(item)};
}

std::shared_ptr<const std::string> octets(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace

TEST_CASE("preview: the sender gets the picture of a page, as a picture that runs nothing") {
  Edge edge;
  const Sent sent = sent_with(edge, 2);
  edge.picture = [&](const ItemId& id, std::uint32_t page) {
    CHECK(id == sent.item);
    return octets("\x89PNG of page " + std::to_string(page));
  };
  const Answer answer = edge.ask("GET", sent.path + "2");
  CHECK(answer.status == 200);
  CHECK(answer.body == "\x89PNG of page 2");
  CHECK(answer.headers.at("content-type") == "image/png");
  CHECK(answer.headers.at("x-content-type-options") == "nosniff");
  CHECK(answer.headers.at("content-security-policy").starts_with("sandbox; default-src 'none'"));
  CHECK(answer.headers.at("cache-control") == "private, max-age=60");
  const Answer head = edge.ask("HEAD", sent.path + "1");
  CHECK(head.status == 200);
  CHECK(head.headers.at("content-length") == "14");
}

TEST_CASE("preview: nothing of another's can be seen, and it looks as if it were not there") {
  Edge edge;
  const Sent mine = sent_with(edge, 2), others = sent_with(edge, 2, "key-00000001", "suzuki");
  std::atomic<int> asked{0};
  edge.picture = [&](const ItemId&, std::uint32_t) {
    ++asked;
    return octets("picture");
  };
  const std::string nobodys =
      "/submissions/" + new_item_id().text() + "/files/" + new_item_id().text() + "/pages/1";
  const std::string missing = edge.ask("GET", nobodys).body;
  CHECK(edge.ask("GET", mine.path + "1", "suzuki").status == 404);
  CHECK(edge.ask("GET", mine.path + "1", "suzuki").body == missing);
  // Another's item within a submission of one's own, and the other way round.
  const std::string submission = mine.path.substr(0, mine.path.find("/files"));
  CHECK(edge.ask("GET", submission + "/files/" + others.item.text() + "/pages/1").body == missing);
  CHECK(edge.ask("GET", submission + "/files/" + others.item.text() + "/pages/1", "suzuki").body == missing);
  CHECK(edge.ask("GET", mine.path + "1", "").status == 401);
  CHECK(edge.ask("GET", mine.path + "1", "staff").status == 403);
  CHECK(asked == 0);
  CHECK(edge.ask("GET", mine.path + "1").status == 200);
  CHECK(asked == 1);
}

TEST_CASE("preview: pages that are none, and ids with tricks, are not found and not asked for") {
  Edge edge;
  std::atomic<int> asked{0};
  edge.picture = [&](const ItemId&, std::uint32_t) {
    ++asked;
    return octets("picture");
  };
  const Sent sent = sent_with(edge, 2), none = sent_with(edge, 0, "key-00000002");
  for (const char* page :
       {"0", "3", "21", "-1", "+1", "1x", "x", "1%20", "4294967297", "99999999999999999999"})
    CHECK_MESSAGE(edge.ask("GET", sent.path + page).status == 404, page);
  CHECK(edge.ask("GET", none.path + "1").status == 404);
  CHECK(edge.ask("GET", "/submissions/x/files/y/pages/1").status == 404);
  CHECK(edge.ask("POST", sent.path + "1").status == 405);
  CHECK(asked == 0);
}

TEST_CASE("preview: a cleaner that is away is busy; one that has none any more has none") {
  Edge edge;
  const Sent sent = sent_with(edge, 1);
  const Answer busy = edge.ask("GET", sent.path + "1");
  CHECK(busy.status == 503);
  CHECK(busy.code() == "busy");
  CHECK(busy.headers.at("retry-after") == "5");
  edge.picture = [](const ItemId&, std::uint32_t) { return octets(""); };
  CHECK(edge.ask("GET", sent.path + "1").status == 404);
  // The number goes when the cleaner says so.
  edge.life->box->heard({sent.item, transfer::DropProgress::clean, 1, {}, 0});
  CHECK(soon(
      [&] { return !edge.ask("GET", sent.path.substr(0, sent.path.find("/files"))).says("preview_pages"); }));
}

TEST_CASE("preview: how many there are outlives a restart") {
  Edge edge;
  const Sent sent = sent_with(edge, 7);
  edge.restart();
  edge.picture = [](const ItemId&, std::uint32_t) { return octets("picture"); };
  CHECK(edge.ask("GET", sent.path + "7").status == 200);
}

TEST_CASE("picture asks: several who wait for one page share one ask") {
  Guarded<std::vector<transfer::AskPicture>> asked;
  PictureAsks asks(
      [&](const transfer::AskPicture& ask) {
        asked.with([&](auto& all) { all.push_back(ask); });
        return true;
      },
      10s);
  const ItemId id = new_item_id();
  std::vector<std::thread> people;
  Guarded<std::vector<std::shared_ptr<const std::string>>> got;
  for (int i = 0; i < 8; ++i)
    people.emplace_back([&, page = i < 5 ? 1u : 2u] {
      auto octets = asks.get(id, page);
      got.with([&](auto& all) { all.push_back(std::move(octets)); });
    });
  CHECK(soon([&] { return asked.with([](auto& all) { return all.size(); }) == 2; }));
  std::this_thread::sleep_for(50ms);  // … and no more come
  asks.came({new_item_id(), 1, "of nobody"});
  asks.came({id, 3, "of nobody"});
  asks.came({id, 2, "two"});
  asks.came({id, 1, "one"});
  for (std::thread& each : people) each.join();
  CHECK(asked.with([](auto& all) { return all.size(); }) <= 8);
  got.with([](auto& all) {
    CHECK(std::count_if(all.begin(), all.end(), [](auto& each) { return each && *each == "one"; }) == 5);
    CHECK(std::count_if(all.begin(), all.end(), [](auto& each) { return each && *each == "two"; }) == 3);
  });
}

TEST_CASE("picture asks: without a link, after its end, and when nobody answers, there is nothing") {
  bool linked = false;
  PictureAsks asks([&](const transfer::AskPicture&) { return linked; }, 300ms);
  const ItemId id = new_item_id();
  CHECK(asks.get(id, 1) == nullptr);
  linked = true;
  const auto began = Steady::now();
  CHECK(asks.get(id, 1) == nullptr);
  CHECK(Steady::now() - began >= 300ms);
  asks.came({id, 1, "too late"});  // is let go

  PictureAsks patient([](const transfer::AskPicture&) { return true; }, 20s);
  std::thread waits([&] { CHECK(patient.get(id, 1) == nullptr); });
  std::this_thread::sleep_for(50ms);
  const auto cut = Steady::now();
  patient.away();
  waits.join();
  CHECK(Steady::now() - cut < 10s);
}

TEST_CASE("picture asks: no more are under way than kPicturesAsked, and one more can when one has come") {
  std::atomic<std::size_t> asked{0};
  PictureAsks asks(
      [&](const transfer::AskPicture&) {
        ++asked;
        return true;
      },
      20s);
  const ItemId id = new_item_id();
  std::vector<std::thread> people;
  for (std::uint32_t page = 1; page <= limits::kPicturesAsked; ++page)
    people.emplace_back([&asks, &id, page] { CHECK(asks.get(id, page) != nullptr); });
  CHECK(soon([&] { return asked == limits::kPicturesAsked; }));
  const auto began = Steady::now();
  CHECK(asks.get(id, 1000) == nullptr);  // at once
  CHECK(Steady::now() - began < 10s);
  asks.came({id, 1, "one"});
  people.emplace_back([&] { CHECK(asks.get(id, 1000) != nullptr); });
  CHECK(soon([&] { return asked == limits::kPicturesAsked + 1; }));
  for (std::uint32_t page = 2; page <= limits::kPicturesAsked; ++page) asks.came({id, page, ""});
  asks.came({id, 1000, "it"});
  for (std::thread& each : people) each.join();
}

// Doors at the gate: what they show, who may knock, and what of it crosses back.
#include <doctest/doctest.h>
#include <poll.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/base/limits.h"
#include "proto/transfer/frame.h"
#include "service/base/descriptor.h"
#include "service/gate/door_back.h"
#include "service/gate/door_store.h"
#include "service/gate/intake.h"
#include "tests/unit/service_gate/drop_fixture.h"
#include "tests/unit/service_gate/gate_fixture.h"

using namespace kiyome;
using namespace kiyome::testing;
using gate::DoorMark;
using transfer::DoorStep;

namespace {

std::string base64url(std::string_view octets) {
  std::string out(sodium_base64_encoded_len(octets.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(octets.data()),
                    octets.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  out.pop_back();
  return out;
}

struct Link {
  transfer::Door door;
  std::string token;  // as it stands in the link
};

Link make_link(std::int64_t until_ms, std::uint32_t recipient = 0, const ItemId& id = new_item_id()) {
  static unsigned char next = 0;
  std::string octets(limits::kDoorToken, 'k');
  octets[0] = static_cast<char>(++next);
  Link out{{id,
            recipient,
            "taro@city.example.jp",
            sha256(octets),
            static_cast<std::uint64_t>(until_ms),
            "山田 <yamada@supplier.example>",
            "名簿の件",
            {}},
           base64url(octets)};
  out.door.parts = {
      {2, "名簿.zip", "application/zip", 100, {43}, transfer::kDoorAsk | transfer::kDoorPassword},
      {3, "図.docx", "application/msword", 200, {}, transfer::kDoorAsk},
      {4, "見るだけ.exe", "", 300, {}, 0}};
  return out;
}

class Pages {
 public:
  PickUpDesk desk;
  Link link = make_link(desk.now_ms + 1000);
  Pages() { insert(link); }
  void insert(const Link& one) {
    gate::commit(*desk.writer, [&](gate::GateStore& store) { store.doors().insert(one.door); });
  }
  Told post(const std::string& what, const std::string& json) {
    return desk.ask("", "/doors/" + what, "POST", json);
  }
  Told open(const std::string& token) { return post("open", R"({"token":")" + token + "\"}"); }
  Told ask(const std::string& token, const std::string& parts) {
    return post("ask", R"({"token":")" + token + R"(","parts":[)" + parts + "]}");
  }
};

// A way back, and what comes out at its other end.
struct Ends {
  Descriptor ours, theirs;
  transfer::FrameReader reader{limits::kWayBackFrame};
  Ends() {
    int both[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, both) == 0);
    ours = Descriptor(both[0]);
    theirs = Descriptor(both[1]);
  }
  // Of the next password; 0: none came within a while.
  std::uint64_t next_attempt(int polls = 100) {
    for (int tries = 0; tries < polls; ++tries) {
      std::string frame;
      const auto more = reader.next(frame);
      REQUIRE(more);
      if (*more) {
        const auto message = transfer::decode_way_back(frame);
        REQUIRE(message);
        return std::get<transfer::DoorPassword>(*message).attempt;
      }
      pollfd waiting{theirs.get(), POLLIN, 0};
      char octets[4096];
      if (::poll(&waiting, 1, 100) != 1) continue;
      const ssize_t got = ::read(theirs.get(), octets, sizeof octets);
      if (got > 0) reader.feed(std::string_view(octets, static_cast<std::size_t>(got)));
    }
    return 0;
  }
};

std::string with_last(std::string token, char c) {
  token.back() = c;
  return token;
}

}  // namespace

TEST_CASE("door pages: a token shows what its recipient was not given, and nothing is changed by looking") {
  Pages pages;
  for (int i = 0; i < 2; ++i) {
    const Told shown = pages.open(pages.link.token);
    CHECK(shown.status == 200);
    CHECK(shown.member("recipient") == "taro@city.example.jp");
    CHECK(shown.member("subject") == "名簿の件");
    CHECK(shown.has(R"("part":"2","name":"名簿.zip")"));
    CHECK(shown.has("\"state\":\"none\""));
    CHECK_FALSE(shown.has("\"state\":\"sending\""));
    CHECK(shown.member("password") == "none");
  }
  CHECK(pages.desk.store->doors().waiting() == 0);
}

TEST_CASE(
    "door pages: a wrong token, a changed one, one with spare bits and one past its time are all not there") {
  Pages pages;
  CHECK(pages.open(pages.link.token).status == 200);
  const std::string& good = pages.link.token;
  const char last = good.back();
  // 16 octets leave four spare bits in the last character: only one of sixteen spellings counts.
  std::size_t spellings = 0;
  for (const char c : std::string("ABCDEFGHIJKLMNOP"))
    spellings += c != last && pages.open(with_last(good, c)).status == 200 ? 1 : 0;
  CHECK(spellings == 0);
  pages.desk.now_ms += 999;
  CHECK(pages.desk.store->doors().find(pages.link.door.token_hash, pages.desk.now_ms).has_value());
  pages.desk.now_ms += 1;
  CHECK_FALSE(pages.desk.store->doors().find(pages.link.door.token_hash, pages.desk.now_ms).has_value());
}

TEST_CASE("door pages: who guesses is stopped after kDoorTries wrong ones, also with a good one then") {
  Pages pages;
  for (std::uint32_t i = 0; i < limits::kDoorTries; ++i) {
    CHECK(pages.open(pages.link.token).status == 200);  // good ones cost nothing
    CHECK(pages.open(base64url(std::string(16, static_cast<char>('A' + i)))).status == 404);
  }
  CHECK(pages.open("short").status == 429);
  CHECK(pages.open(pages.link.token).status == 429);
}

TEST_CASE("door pages: asking is once for each part, only for what can be asked for, and waits on the disk") {
  Pages pages;
  const std::string& token = pages.link.token;
  CHECK(pages.ask(token, "\"4\"").status == 422);
  CHECK(pages.ask(token, "\"9\"").status == 422);
  CHECK(pages.ask(token, "").status == 422);
  CHECK(pages.ask(token, "3").status == 422);
  CHECK(pages.desk.store->doors().waiting() == 0);
  for (int i = 0; i < 3; ++i) {
    const Told asked = pages.ask(token, R"("3","2")");
    CHECK(asked.status == 200);
    CHECK(asked.has("\"state\":\"sending\""));
  }
  CHECK(pages.desk.store->doors().waiting() == 2);
  CHECK(pages.desk.audit("request").size() == 2);
  pages.desk.reopen();
  CHECK(pages.desk.store->doors().unanswered(10).size() == 2);
}

TEST_CASE("door pages: one recipient's token neither shows nor asks what is another's") {
  Pages pages;
  const Link other = make_link(pages.desk.now_ms + 1000, 1, pages.link.door.id);
  pages.insert(other);
  CHECK(pages.ask(pages.link.token, "\"3\"").status == 200);
  CHECK_FALSE(pages.open(other.token).has("sending"));
  const auto waiting = pages.desk.store->doors().unanswered(10);
  REQUIRE(waiting.size() == 1);
  CHECK(waiting[0] == transfer::DoorRequest{pages.link.door.id, 0, 3});
}

TEST_CASE("door pages: another site's page, a form and a body of other members are refused") {
  Pages pages;
  CHECK(pages.post("open", R"({"token":")" + pages.link.token + R"(","x":1})").status == 422);
  CHECK(pages.post("open", "{}").status == 422);
  CHECK(pages.post("password", R"({"token":")" + pages.link.token + R"("})").status == 422);
  CHECK(pages
            .post("password", R"({"token":")" + pages.link.token + R"(","password":")" +
                                  std::string(limits::kJobPassword + 1, 'x') + "\"}")
            .status == 422);
}

TEST_CASE("door pages: what became of it is shown; of a restart a password is told to be entered again") {
  Pages pages;
  auto& link = pages.link;
  const auto hear = [&](std::uint32_t part, DoorStep step, std::uint64_t attempt = 0) {
    gate::commit(*pages.desk.writer, [&](gate::GateStore& store) {
      store.doors().heard({link.door.id, 0, part, step, attempt}, pages.desk.now_ms + 1000);
    });
  };
  CHECK(pages.ask(link.token, "\"3\"").status == 200);
  hear(3, DoorStep::asked);
  CHECK(pages.desk.store->doors().waiting() == 0);
  CHECK(pages.open(link.token).has("\"state\":\"asked\""));
  hear(3, DoorStep::refused);
  CHECK(pages.open(link.token).has("\"state\":\"refused\""));
  CHECK(pages.ask(link.token, "\"3\"").has("\"state\":\"refused\""));  // not asked again
  CHECK(pages.desk.store->doors().waiting() == 0);
  hear(transfer::kLockedParts, DoorStep::wrong, 41);
  CHECK(pages.open(link.token).member("password") == "wrong");
  gate::commit(*pages.desk.writer, [&](gate::GateStore& store) {
    store.doors().password_sent(link.door.id, 0, 42, pages.desk.now_ms, pages.desk.now_ms + 1000);
  });
  CHECK(pages.post("password", R"({"token":")" + link.token + R"(","password":"x"})").code == "busy");
  gate::commit(*pages.desk.writer, [&](gate::GateStore& store) { store.doors().passwords_lost(); });
  CHECK(pages.open(link.token).member("password") == "lost");
  // What is said of an item that has no door here is nobody's.
  gate::commit(*pages.desk.writer, [&](gate::GateStore& store) {
    store.doors().heard({new_item_id(), 0, 3, DoorStep::asked}, pages.desk.now_ms + 1000);
  });
}

TEST_CASE("door pages: what became of an earlier password never answers a later one, also after a restart") {
  Pages pages;
  const auto& id = pages.link.door.id;
  const auto send = [&](std::uint64_t attempt) {
    gate::commit(*pages.desk.writer, [&](gate::GateStore& store) {
      store.doors().password_sent(id, 0, attempt, pages.desk.now_ms, pages.desk.now_ms + 1000);
    });
  };
  const auto hear = [&](std::uint64_t attempt, DoorStep step) {
    gate::commit(*pages.desk.writer, [&](gate::GateStore& store) {
      store.doors().heard({id, 0, transfer::kLockedParts, step, attempt}, pages.desk.now_ms + 1000);
    });
  };
  const auto shown = [&] { return pages.open(pages.link.token).member("password"); };
  send(7);
  gate::commit(*pages.desk.writer, [&](gate::GateStore& store) { store.doors().passwords_lost(); });
  send(8);
  for (const DoorStep late : {DoorStep::wrong, DoorStep::opened, DoorStep::spent}) {
    hear(7, late);
    CHECK(shown() == "sending");
  }
  hear(8, DoorStep::opened);
  CHECK(shown() == "opened");
  hear(7, DoorStep::wrong);
  CHECK(shown() == "opened");
  // Of one that was lost here, and yet tried there, what is true is told.
  send(9);
  gate::commit(*pages.desk.writer, [&](gate::GateStore& store) { store.doors().passwords_lost(); });
  CHECK(shown() == "lost");
  hear(9, DoorStep::wrong);
  CHECK(shown() == "wrong");
}

TEST_CASE("door pages: each password given is a try of its own, with a number that crosses") {
  Pages pages;
  std::vector<transfer::DoorPassword> given;
  pages.desk.give_password = [&](const transfer::DoorPassword& password) {
    given.push_back(password);
    return true;
  };
  const std::string body = R"({"token":")" + pages.link.token + R"(","password":"x"})";
  for (int i = 0; i < 2; ++i) {
    CHECK(pages.post("password", body).status == 200);
    REQUIRE(given.size() == static_cast<std::size_t>(i + 1));
    gate::commit(*pages.desk.writer, [&](gate::GateStore& store) {
      store.doors().heard(
          {pages.link.door.id, 0, transfer::kLockedParts, DoorStep::wrong, given.back().attempt},
          pages.desk.now_ms + 1000);
    });
  }
  CHECK(given[0].attempt != given[1].attempt);
  for (const transfer::DoorPassword& each : given)
    CHECK(transfer::decode_way_back(transfer::encode(transfer::WayBack(each)).substr(4)).has_value());
}

TEST_CASE("doors: an earlier try's answer has the password that waits said again at once, its own ends it") {
  Folder folder;
  gate::GateStore store(folder.path.string());  // in a shared one the mark on the disk ends it, too
  gate::Writer writer(store, [] {});
  gate::WayBack way(store);
  Ends ends;
  way.connect(ends.ours.get());
  gate::DoorBack back({store, writer, way, unix_ms_now, [&] { way.flush(); }});
  const ItemId id = new_item_id();
  const auto answer = [&](std::uint64_t attempt) {
    back.answered({id, 0, transfer::kLockedParts, DoorStep::wrong, attempt});
  };
  CHECK(back.give({id, 0, 8, "pw"}));
  CHECK(ends.next_attempt() == 8);
  answer(7);
  CHECK(ends.next_attempt() == 8);
  answer(8);
  answer(7);
  CHECK(back.give({id, 0, 9, "pw"}));
  CHECK(ends.next_attempt() == 9);
  back.stop();
  CHECK(ends.next_attempt(2) == 0);  // nothing was said more often
}

TEST_CASE("doors: they go when their time is over, and with them what was asked") {
  Pages pages;
  CHECK(pages.ask(pages.link.token, "\"3\"").status == 200);
  gate::commit(*pages.desk.writer, [&](gate::GateStore& store) { store.doors().expire(pages.desk.now_ms); });
  CHECK(pages.desk.store->doors().waiting() == 1);
  gate::commit(*pages.desk.writer,
               [&](gate::GateStore& store) { store.doors().expire(pages.desk.now_ms + 1000); });
  CHECK(pages.desk.store->doors().waiting() == 0);
  CHECK(pages.open(pages.link.token).status == 404);
}

TEST_CASE("pick-up: a recipient asks once for a file of his that was held, nobody else does") {
  PickUpDesk desk;
  desk.add("taro");
  desk.add("hanako");
  transfer::DropBundle held = make_drop();
  set_held(held);
  const transfer::DropBundle clean = make_drop();
  CHECK(desk.take(held) == gate::DropStore::Inserted::taken);
  CHECK(desk.take(clean) == gate::DropStore::Inserted::taken);
  const auto path = [](const transfer::DropBundle& of) {
    return path_of(of) + "/items/" + of.id.text() + "/request";
  };
  CHECK(desk.ask("taro", path_of(held)).member("request") == "none");
  CHECK_FALSE(desk.ask("taro", path_of(clean)).has("\"request\""));
  CHECK(desk.ask("hanako", path(held), "POST").status == 404);
  CHECK(desk.ask("taro", path(clean), "POST").status == 409);
  CHECK(desk.ask("taro", path_of(held) + "/items/" + clean.id.text() + "/request", "POST").status == 404);
  CHECK(desk.ask("taro", path(held), "POST").status == 204);
  CHECK(desk.ask("taro", path(held), "POST").status == 204);
  const auto waiting = desk.store->doors().unanswered(10);
  REQUIRE(waiting.size() == 1);
  CHECK(waiting[0] == transfer::DoorRequest{held.id, 0, transfer::kWholeItem});
  CHECK(desk.ask("taro", path_of(held)).member("request") == "sending");
  CHECK(desk.audit("request").size() == 1);
}

TEST_CASE("door: a line that no clean line may be is not taken, its twin is") {
  Link link = make_link(1000);
  CHECK_FALSE(gate::refuse(link.door).has_value());
  link.door.subject = "a\u202eb";
  CHECK(gate::refuse(link.door).has_value());
  link = make_link(1000);
  link.door.parts[0].name = "\u200b";
  CHECK(gate::refuse(link.door).has_value());
}

// Decisions over the real store, the real queue, the real processor and a real sandbox: only the gate is not
// there, so what leaves stays in the store and is counted.
#include "service/cleaner/decide/decisions.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <sstream>
#include <thread>

#include "service/base/clock.h"
#include "service/compose/compose.h"
#include "service/gate/verify.h"
#include "tests/unit/store_place.h"

using namespace kiyome;
using cleaner::Decision;
using cleaner::DecisionKind;
using review::Call;
using review::Reply;

namespace {

struct Folder {
  std::string path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "kiyome-decide-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
    std::filesystem::create_directory(path + "/originals");
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

std::string mail_octets(const std::string& subject) {
  return "Authentication-Results: mx.city.example; dmarc=pass header.from=outside.example\r\n"
         "From: a@outside.example\r\nTo: b@city.example\r\nSubject: " +
         subject +
         "\r\nMessage-ID: <first@outside.example>\r\nMIME-Version: 1.0\r\n"
         "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
         "--x\r\nContent-Type: text/plain\r\n\r\nHello body\r\n"
         "--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=one.txt\r\n\r\n"
         "words of one\r\n"
         "--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=two.txt\r\n\r\n"
         "words of two\r\n--x--\r\n";
}

// The cleaner's inner parts with two workers. Everything is held by policy until it is told otherwise.
class Room {
 public:
  explicit Room(Config config = held_config())
      : key_(store::load_or_make_cleaner_key(folder_.path)),
        current_(std::move(config)),
        items_(store::items_at(folder_.path), [] {}),
        locks_(store::items_at(folder_.path), key_),
        originals_(folder_.path + "/originals", key_),
        log_(folder_.path + "/originals", store::load_cleaner_public_key(folder_.path + "/cleaner.pub"),
             [](const transfer::Announce&) {}),
        sanitizers_([](document::Kind kind) {
          return Descriptor(::open((std::string(KIYOME_SANITIZERS) + "/" + document::name_of(kind)).c_str(),
                                   O_PATH | O_CLOEXEC));
        }),
        attempts_(folder_.path + "/attempts"),
        gate_(folder_.path + "/nobody.sock", {}),
        processor_({originals_, items_, locks_, sanitizers_, attempts_, queue_, current_,
                    [](const ItemId&) {},
                    [this](std::vector<transfer::AnyBundle> bundles) {
                      for (const transfer::AnyBundle& each : bundles)
                        if (transfer::part_of(each) != 0) ++leaving_[transfer::id_of(each)];
                    },
                    [](const transfer::DropState&) {}}),
        sight_(store::items_at(folder_.path), current_),
        decisions_({items_, locks_, originals_, queue_, gate_, current_, sight_}) {
    compose::warm_up();
    decisions_.add_to(desk_);
    for (int i = 0; i < 2; ++i)
      threads_.emplace_back([this] {
        while (auto work = queue_.take()) processor_.process(std::move(*work));
      });
  }
  ~Room() {
    queue_.stop();
    for (std::thread& each : threads_) each.join();
    items_.stop();
  }

  static Config held_config() {
    Config out;
    out.smtp.hostname = "kiyome.example.jp";
    out.policy.attachments = Action::strip;
    PolicyRule rule;
    rule.actions.verdict = Verdict::held;
    out.policy.rules.push_back(rule);
    return out;
  }

  // A mail that was taken in and has its verdict.
  ItemId add(const std::vector<std::string>& recipients = {"b@city.example"},
             const std::string& subject = "s", const std::string& sender = "a@outside.example") {
    const ItemId id = new_item_id();
    auto writer = log_.begin(id);
    writer->append(mail_octets(subject));
    store::Envelope envelope;
    envelope.id = id;
    envelope.received_ms = unix_ms_now();
    envelope.client_address = "192.0.2.1";
    envelope.client_helo = "outside.example";
    envelope.protocol = "ESMTP";
    envelope.sender = sender;
    for (const std::string& each : recipients)
      envelope.recipients.push_back({static_cast<std::uint32_t>(envelope.recipients.size()), each, 0, ""});
    std::promise<transfer::Announce> where;
    log_.commit(std::move(writer), envelope, [&](Result<transfer::Announce> done) {
      where.set_value(done ? *done : transfer::Announce{});
    });
    cleaner::Work work;
    work.where = where.get_future().get();
    queue_.put(std::move(work));
    for (int i = 0; i < 2000 && !items_.knows(id); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    REQUIRE(items_.knows(id));
    return id;
  }

  // 200 → the number of recipients; else the problem's status as a negative number.
  Reply ask(const ItemId& id, const std::string& body, const std::string& login = "one") {
    Call call;
    call.operation = "decideItem";
    call.actor.login = login;
    call.actor.roles = review::kReviewer;
    call.path["item"] = id.text();
    call.body = body;
    try {
      return desk_.answer(call);
    } catch (const http::Problem& problem) {
      return {problem.status, problem.code, {}, {}};
    }
  }
  store::State state(const ItemId& id, std::uint32_t number = 0) {
    return items_.recipient(id, number)->state;
  }
  std::string content(const ItemId& id, std::uint16_t part) {
    const auto bundle = items_.load_bundle(id, part);
    REQUIRE(bundle);
    return std::get<transfer::Bundle>(*bundle).content;
  }

  Folder folder_;
  store::CleanerKeyPair key_;
  cleaner::CurrentConfig current_;
  std::map<ItemId, int> leaving_;  // the store's writer alone writes it
  cleaner::WorkQueue queue_;
  store::ItemStore items_;
  store::Locks locks_;
  store::OriginalReader originals_;
  store::OriginalLog log_;
  document::Sanitizers sanitizers_;
  cleaner::Attempts attempts_;
  cleaner::GateLink gate_;
  cleaner::Processor processor_;
  cleaner::ReviewSight sight_;
  cleaner::Decisions decisions_;
  review::Desk desk_;
  std::vector<std::thread> threads_;
};

bool contains(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }

// The mail, and behind it what its lines of base64 say.
std::string decoded(const std::string& mail) {
  std::string out = mail, digits;
  std::istringstream lines(mail);
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    std::string octets(line.size(), '\0');
    std::size_t size = 0;
    if (!line.empty() &&
        ::sodium_base642bin(reinterpret_cast<unsigned char*>(octets.data()), octets.size(), line.data(),
                            line.size(), nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL) == 0)
      out.append(octets, 0, size);
  }
  return out;
}

std::size_t bundles_of(Room& room, const ItemId& id) {
  std::size_t out = 0;
  for (const auto& [item, part] : room.items_.unaccepted_bundles()) out += item == id && part != 0 ? 1 : 0;
  return out;
}

}  // namespace

TEST_CASE("decisions: two people release the same 200 items at the same moment; each leaves exactly once") {
  Room room;
  std::vector<ItemId> ids;
  for (int i = 0; i < 200; ++i) ids.push_back(room.add());
  std::atomic<int> won = 0, lost = 0, other = 0;
  std::atomic<std::size_t> turn[2] = {0, 0};
  const auto press = [&](int me) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      turn[me] = i + 1;
      while (turn[1 - me] < i + 1) std::this_thread::yield();  // both at this item
      const Reply reply = room.ask(ids[i], R"({"kind":"release","reason":"ok"})", me == 0 ? "one" : "two");
      if (reply.status == 200 && contains(reply.content, "\"recipients\":1"))
        ++won;
      else if (reply.status == 409 && contains(reply.content, "\"code\":\"decided\"") &&
               contains(reply.content, "\"state\":\"sending\""))
        ++lost;
      else
        ++other;
    }
  };
  std::thread second([&] { press(1); });
  press(0);
  second.join();
  CHECK(won == 200);
  CHECK(lost == 200);
  CHECK(other == 0);
  for (const ItemId& id : ids) {
    CHECK(bundles_of(room, id) == 1);
    CHECK(room.leaving_[id] == 1);
  }
}

TEST_CASE("decisions: of a release, a refusal and a deletion at the same moment one counts") {
  Room room;
  for (int i = 0; i < 20; ++i) {
    const ItemId id = room.add();
    std::atomic<int> won = 0, lost = 0;
    const auto press = [&](const char* kind) {
      const Reply reply = room.ask(id, std::string(R"({"kind":")") + kind + R"(","reason":"r"})");
      if (reply.status == 200) ++won;
      if (reply.status == 409) ++lost;
    };
    std::thread a([&] { press("reject"); }), b([&] { press("delete"); });
    press("release");
    a.join();
    b.join();
    // What was refused may still be deleted; nothing else goes together.
    CHECK(won + lost == 3);
    CHECK(won >= 1);
    const bool sent = room.state(id) == store::State::sending;
    CHECK(bundles_of(room, id) == (sent ? 1 : 0));
    if (sent) CHECK(won == 1);
  }
}

TEST_CASE("decisions: a release speaks of the recipients that were named, and of nobody else") {
  Room room;
  const ItemId id = room.add({"b@city.example", "c@city.example"});
  const Reply reply = room.ask(id, R"({"kind":"release","reason":"r","recipients":[1]})");
  CHECK(reply.status == 200);
  CHECK(room.state(id, 0) == store::State::held);
  CHECK(room.state(id, 1) == store::State::sending);
  CHECK(room.ask(id, R"({"kind":"release","reason":"r","recipients":[1]})").status == 409);
  CHECK(room.ask(id, R"({"kind":"release","reason":"r"})").status == 200);
  CHECK(room.state(id, 0) == store::State::sending);
  CHECK(bundles_of(room, id) == 2);
}

TEST_CASE("decisions: a retry keeps what policy holds; a release lifts it, also for later retries") {
  Room room;
  const ItemId id = room.add();
  const Reply again = room.ask(id, R"({"kind":"retry"})");
  CHECK(again.status == 200);
  CHECK(contains(again.content, "\"recipients\":0"));
  CHECK(contains(again.content, "policy-held"));
  CHECK(room.ask(id, R"({"kind":"release"})").status == 200);
  // The gate refuses it, for whatever reason: it is held again …
  std::promise<bool> done;
  room.items_.bundle_refused({id, 1, transfer::RefusalReason::grammar, 0}, std::nullopt,
                             [&](bool ok) { done.set_value(ok); });
  REQUIRE(done.get_future().get());
  REQUIRE(room.state(id) == store::State::held);
  // … and a retry is not caught by the policy any more.
  CHECK(contains(room.ask(id, R"({"kind":"retry"})").content, "\"recipients\":1"));
  CHECK(room.state(id) == store::State::sending);
}

TEST_CASE("decisions: without a part the mail leaves and tells so; a part that is not there is refused") {
  Config config = Room::held_config();
  config.policy.attachments = Action::text;
  Room room(config);
  const ItemId id = room.add();
  CHECK(room.ask(id, R"({"kind":"without-part","part":"77","reason":"r"})").status == 422);
  CHECK(room.ask(id, R"({"kind":"without-part","part":"2/","reason":"r"})").status == 422);
  CHECK(room.ask(id, R"({"kind":"without-part","reason":"r"})").status == 422);
  // Nobody has looked into part 2 yet; that nothing lies in it shows when it is cleaned.
  const Reply within = room.ask(id, R"({"kind":"without-part","part":"2/5","reason":"r"})");
  CHECK(within.status == 200);
  CHECK(contains(within.content, R"("recipients":0,"why":[{"code":"operator-hold")"));
  CHECK(room.state(id) == store::State::held);
  const Reply reply = room.ask(id, R"({"kind":"without-part","part":"2","reason":"r"})");
  CHECK(reply.status == 200);
  const std::string mail = room.content(id, 1);
  CHECK_FALSE(gate::verify_mail(mail));
  CHECK_FALSE(contains(mail, "words of one"));
  CHECK(contains(mail, "words of two"));
}

TEST_CASE("decisions: the body cannot be left out; nothing leaves") {
  Config config = Room::held_config();
  Room room(config);
  const ItemId id = room.add();
  const Reply reply = room.ask(id, R"({"kind":"without-part","part":"1","reason":"r"})");
  CHECK((reply.status == 422 || contains(reply.content, "\"recipients\":0")));
  CHECK(room.state(id) == store::State::held);
}

TEST_CASE(
    "decisions: who has a mail gets the parts that were stripped in a further one, and only those, once") {
  Config config = Room::held_config();
  config.policy.rules.clear();
  config.console.second_person = false;
  Room room(config);
  const ItemId id = room.add({"b@city.example"}, "見積");
  CHECK(contains(decoded(room.content(id, 1)), "Hello body"));
  REQUIRE(room.state(id) == store::State::sending);
  const Reply one =
      room.ask(id, R"({"kind":"clean-again","policy":"text","part":"2","reason":"r","text":"どうぞ"})");
  CHECK(contains(one.content, "\"recipients\":1"));
  std::string mail = room.content(id, 2);
  CHECK_FALSE(gate::verify_mail(mail));
  CHECK(contains(mail, "In-Reply-To: <first@outside.example>"));
  CHECK(contains(mail, "words of one"));
  CHECK_FALSE(contains(mail, "words of two"));
  CHECK_FALSE(contains(decoded(mail), "Hello body"));
  CHECK(contains(decoded(mail), "先にお届けしたメールの添付 1 件を追加でお届けします"));
  CHECK(contains(decoded(mail), "どうぞ"));
  // The same again: he has it.
  CHECK(room.ask(id, R"({"kind":"clean-again","policy":"text","part":"2","reason":"r"})").status == 409);
  const Reply all = room.ask(id, R"({"kind":"clean-again","policy":"text","reason":"r"})");
  CHECK(contains(all.content, "\"recipients\":1"));
  mail = room.content(id, 3);
  CHECK(contains(mail, "words of two"));
  CHECK_FALSE(contains(mail, "words of one"));
}

TEST_CASE("decisions: what loosens a policy is proposed, what does not is done") {
  Config config = Room::held_config();
  config.policy.rules.clear();
  Room room(config);
  const ItemId id = room.add();
  std::string kept;
  CHECK(room.ask(id, R"({"kind":"clean-again","policy":"flatten","reason":"r"})").status == 403);
  room.decisions_.on_propose([&](const Call&, const std::string& kind, const ItemId& item,
                                 const std::string& what, const std::string& reason) {
    CHECK(kind == "clean-again");
    CHECK(item == id);
    CHECK(reason == "r");
    kept = what;
    return std::int64_t{7};
  });
  const Reply reply = room.ask(id, R"({"kind":"clean-again","policy":"text","reason":"r"})");
  CHECK(reply.status == 202);
  CHECK(reply.content == R"({"proposal":7})");
  CHECK(bundles_of(room, id) == 1);
  CHECK(room.ask(id, R"({"kind":"clean-again","policy":"text","passwords":["x"],"reason":"r"})").status ==
        422);
  // Agreed: done once, however often it is said.
  store::Proposal agreed;
  agreed.number = 7;
  agreed.item = id;
  agreed.what = kept;
  agreed.proposed_by = "one";
  agreed.decided_by = "two";
  std::optional<cleaner::Decided> done;
  for (int i = 0; i < 20 && !done; ++i) done = room.decisions_.carry_out(agreed);
  REQUIRE(done);
  CHECK(done->recipients == 1);
  CHECK_THROWS_AS(room.decisions_.carry_out(agreed), http::Problem);
  CHECK(bundles_of(room, id) == 2);
  // strip is what the policy says.
  CHECK(room.ask(id, R"({"kind":"clean-again","policy":"strip","reason":"r"})").status == 409);
}

TEST_CASE("decisions: a refused item is told with a notice of its own, and is not released any more") {
  Room room;
  const ItemId id = room.add();
  const std::size_t before = room.items_.unaccepted_bundles().size();
  CHECK(room.ask(id, R"({"kind":"reject","reason":"広告","notice":true,"text":"不要です"})").status == 200);
  CHECK(room.items_.recipient(id, 0)->verdict == Verdict::rejected);
  CHECK(contains(room.items_.recipient(id, 0)->reasons, "reviewer-rejected"));
  std::size_t notices = 0;
  for (const auto& [item, part] : room.items_.unaccepted_bundles()) {
    if (item == id) continue;
    ++notices;
    const std::string mail = std::get<transfer::Bundle>(*room.items_.load_bundle(item, part)).content;
    CHECK_FALSE(gate::verify_mail(mail));
    CHECK(contains(mail, "X-Kiyome-Id: " + item.text()));
  }
  CHECK(notices == 1);
  CHECK(room.items_.unaccepted_bundles().size() == before + 1);
  CHECK(room.ask(id, R"({"kind":"release"})").status == 409);
  CHECK(room.ask(id, R"({"kind":"reject"})").status == 409);
}

TEST_CASE("decisions: many at once are told one by one") {
  Room room;
  const ItemId a = room.add(), b = room.add(), c = room.add();
  CHECK(room.ask(b, R"({"kind":"delete"})").status == 200);
  Call call;
  call.operation = "decideItems";
  call.actor.login = "one";
  call.actor.roles = review::kReviewer;
  call.body = R"({"kind":"release","reason":"r","items":[")" + a.text() + R"(",")" + b.text() + R"(",")" +
              c.text() + R"(",")" + new_item_id().text() + R"(","nonsense"]})";
  const std::string text = room.desk_.answer(call).content;
  CHECK(contains(text, R"({"id":")" + a.text() + R"(","recipients":1})"));
  CHECK(contains(text, R"({"id":")" + b.text() + R"(","code":"decided"})"));
  CHECK(contains(text, R"({"id":")" + c.text() + R"(","recipients":1})"));
  CHECK(contains(text, R"({"id":"nonsense","code":"not-found"})"));
  CHECK(bundles_of(room, a) + bundles_of(room, c) == 2);
}

TEST_CASE("decisions: words that fit no kind are refused, each by its name") {
  Room room;
  const ItemId id = room.add();
  for (const char* body :
       {R"({})", R"({"kind":"open"})", R"({"kind":"release","policy":"text"})",
        R"({"kind":"release","extra":1})", R"({"kind":"clean-again","reason":"r"})",
        R"({"kind":"clean-again","policy":"hold","reason":"r"})", R"({"kind":"release","recipients":[-1]})",
        R"({"kind":"release","recipients":"all"})",
        R"({"kind":"allow","part_type":"application/pdf","reason":"r"})",
        R"({"kind":"clean-again","passwords":["a\nb"],"reason":"r"})"})
    CHECK_MESSAGE(room.ask(id, body).status == 422, body);
  CHECK(room.state(id) == store::State::held);
  CHECK(room.ask(id, R"({"kind":"release"})").status == 200);
}

TEST_CASE("decisions: an allowance is for the item's sender, and for whom an upstream can prove") {
  Config config = Room::held_config();
  config.console.second_person = false;
  Room unproven(config);
  const ItemId one = unproven.add();
  const std::string body = R"({"kind":"allow","part_type":"application/pdf","days":7,"reason":"r"})";
  CHECK(unproven.ask(one, body).type == "unproven");
  config.notice.trusted_authserv_id = "mx.city.example";
  Room room(config);
  const ItemId id = room.add();
  CHECK(
      room.ask(
              id,
              R"({"kind":"allow","part_type":"application/pdf","days":7,"reason":"r","sender":"x@y.example"})")
          .status == 422);
  CHECK(room.ask(room.add({"b@city.example"}, "s", "a@elsewhere.example"), body).type == "unproven");
  CHECK(room.ask(id, body).status == 200);
  CHECK(room.ask(id, R"({"kind":"allow","part":"2","days":7,"reason":"r","sender":"@outside.example"})")
            .status == 200);
  const auto standing = room.items_.allowed(unix_ms_now());
  REQUIRE(standing.size() == 2);
  CHECK(standing[0].sender == "a@outside.example");
  CHECK(standing[0].type == "application/pdf");
  CHECK(standing[1].sender == "@outside.example");
  CHECK(standing[1].type == "text/plain");
}

TEST_CASE("decisions: what would be refused later is not proposed") {
  Config config = Room::held_config();
  config.notice.trusted_authserv_id = "mx.city.example";
  config.console.second_person = true;
  Room room(config);
  int proposed = 0;
  room.decisions_.on_propose([&](const Call&, const std::string&, const ItemId&, const std::string&,
                                 const std::string&) { return std::int64_t{++proposed}; });
  const std::string allow = R"({"kind":"allow","part_type":"application/pdf","days":7,"reason":"r"})";
  CHECK(room.ask(room.add({"b@city.example"}, "s", "a@elsewhere.example"), allow).type == "unproven");
  const ItemId id = room.add();
  CHECK(room.ask(id, R"({"kind":"clean-again","policy":"image","part":"7","reason":"r"})").status == 422);
  CHECK(proposed == 0);
  CHECK(room.ask(id, allow).status == 202);
  CHECK(room.ask(id, R"({"kind":"clean-again","policy":"image","part":"1","reason":"r"})").status == 202);
  CHECK(proposed == 2);
  CHECK(room.items_.allowed(unix_ms_now()).empty());
}

TEST_CASE("decisions: nothing is deleted under legal hold; it can be released or refused") {
  Room room;
  const ItemId a = room.add(), b = room.add();
  const auto keep = [&](bool kept) {
    std::promise<bool> done;
    const auto told = [&](std::optional<store::Keep> result) { done.set_value(result.has_value()); };
    if (kept)
      room.items_.keep(a, "one", "a court asks for it", told);
    else
      room.items_.unkeep(a, "one", told);
    REQUIRE(done.get_future().get());
  };
  keep(true);
  CHECK(room.ask(a, R"({"kind":"delete","reason":"r"})").type == "kept");
  CHECK(room.state(a) == store::State::held);
  CHECK(room.ask(b, R"({"kind":"delete","reason":"r"})").status == 200);
  CHECK(room.ask(b, R"({"kind":"delete","reason":"r"})").status == 409);
  keep(false);
  CHECK(room.ask(a, R"({"kind":"delete","reason":"r"})").status == 200);
  const ItemId c = room.add();
  std::promise<void> kept;
  room.items_.keep(c, "one", "r", [&](auto) { kept.set_value(); });
  kept.get_future().wait();
  CHECK(room.ask(c, R"({"kind":"release","reason":"r"})").status == 200);
  CHECK(room.ask(c, R"({"kind":"delete","reason":"r"})").status ==
        409);  // it has left: there is nothing held
}

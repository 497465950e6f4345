#include "service/review/wire.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "service/base/errors.h"
#include "service/base/sockets.h"
#include "service/review/call_client.h"
#include "service/review/call_server.h"

using namespace kiyome;
using namespace std::chrono_literals;
using review::Answer;
using review::Call;
using review::Reply;

namespace {

Call a_call() {
  Call out;
  out.operation = "decideItem";
  out.actor = {"suzuki", "鈴木", "suzuki@city.example.jp", "北市", review::kReviewer, "192.0.2.7", true};
  out.path = {{"item", "0193"}};
  out.query = {{"q", "議事録"}, {"limit", "20"}};
  out.body = R"({"reason":"電話で確認"})";
  return out;
}

std::string payload_of(const std::string& frame) { return frame.substr(4); }

// A folder with a socket in it, and what is on its other side.
struct Line {
  std::string folder = std::filesystem::temp_directory_path() / ("kiyome-wire-" + std::to_string(::getpid()));
  std::string path = folder + "/review.sock";
  std::unique_ptr<review::CallServer> server;

  Line() { std::filesystem::create_directories(folder); }
  ~Line() {
    server.reset();
    std::filesystem::remove_all(folder);
  }
  void serve(review::CallServer::Handler handler) {
    server.reset();
    server = std::make_unique<review::CallServer>(listen_unix(AT_FDCWD, path), std::move(handler));
  }
};

http::Problem refusal(review::CallClient& client, const Call& call, bool reads) {
  try {
    client.ask(call, reads);
  } catch (const http::Problem& problem) {
    return problem;
  }
  return {0, "none", {}, {}, {}};
}

}  // namespace

TEST_CASE("review wire: a call and both kinds of answer come back as they were") {
  const Call call = a_call();
  const auto back = review::decode_call(payload_of(review::encode(call)));
  REQUIRE(back.has_value());
  CHECK(back->operation == call.operation);
  CHECK(back->actor.login == "suzuki");
  CHECK(back->actor.name == "鈴木");
  CHECK(back->actor.mail == call.actor.mail);
  CHECK(back->actor.tenant == "北市");
  CHECK(back->actor.client == "192.0.2.7");
  CHECK(back->actor.roles == review::kReviewer);
  CHECK(back->actor.program);
  CHECK(back->path == call.path);
  CHECK(back->query == call.query);
  CHECK(back->body == call.body);

  const Answer reply = Reply{200, "image/png", "a.png", std::string("\x89PNG\0x", 6)};
  const auto picture = review::decode_answer(payload_of(review::encode(reply)));
  REQUIRE(picture.has_value());
  CHECK(std::get<Reply>(*picture).type == "image/png");
  CHECK(std::get<Reply>(*picture).file_name == "a.png");
  CHECK(std::get<Reply>(*picture).content == std::get<Reply>(reply).content);

  const Answer refused = http::Problem{409, "decided", "すでに", {"reason"}, {{"Retry-After", "5"}}};
  const auto problem = review::decode_answer(payload_of(review::encode(refused)));
  REQUIRE(problem.has_value());
  const auto& told = std::get<http::Problem>(*problem);
  CHECK(told.status == 409);
  CHECK(told.code == "decided");
  CHECK(told.title == "すでに");
  CHECK(told.fields == std::vector<std::string>{"reason"});
  CHECK(told.headers.at("Retry-After") == "5");
}

TEST_CASE("review wire: what is cut anywhere, or longer than its fields, is refused") {
  const std::string call = payload_of(review::encode(a_call()));
  for (std::size_t i = 0; i < call.size(); ++i)
    CHECK_FALSE(review::decode_call(call.substr(0, i)).has_value());
  CHECK_FALSE(review::decode_call(call + "x").has_value());
  const std::string answer = payload_of(review::encode(Answer{Reply::json("{}")}));
  for (std::size_t i = 0; i < answer.size(); ++i)
    CHECK_FALSE(review::decode_answer(answer.substr(0, i)).has_value());
  CHECK_FALSE(review::decode_answer(answer + "x").has_value());
  std::string strange = answer;
  strange[0] = 3;  // no such kind
  CHECK_FALSE(review::decode_answer(strange).has_value());
  // A status that is none of an answer's: no way to have a redirection or a second status line said.
  for (const int status : {0, 100, 199, 300, 303, 399, 600, 65535})
    CHECK_FALSE(
        review::decode_answer(payload_of(review::encode(Answer{Reply{status, "", "", ""}}))).has_value());
  for (const int status : {200, 299, 409})  // a refusal may tell more than a problem does
    CHECK(review::decode_answer(payload_of(review::encode(Answer{Reply{status, "", "", ""}}))).has_value());
  for (const int status : {0, 200, 399, 600})
    CHECK_FALSE(
        review::decode_answer(payload_of(review::encode(Answer{http::Problem{status, "x", {}, {}, {}}})))
            .has_value());
}

TEST_CASE("review wire: texts and pairs have bounds") {
  Call call = a_call();
  call.query["q"] = std::string(4096, 'a');
  CHECK(review::decode_call(payload_of(review::encode(call))).has_value());
  call.query["q"] += 'a';
  CHECK_FALSE(review::decode_call(payload_of(review::encode(call))).has_value());
  call.query.clear();
  for (std::size_t i = 0; i < limits::kHttpQueryFields; ++i) call.query["n" + std::to_string(i)] = "";
  CHECK(review::decode_call(payload_of(review::encode(call))).has_value());
  call.query["more"] = "";
  CHECK_FALSE(review::decode_call(payload_of(review::encode(call))).has_value());
  call.query.clear();
  call.body = std::string(limits::kReviewCall, ' ');
  CHECK(review::decode_call(payload_of(review::encode(call))).has_value());
  call.body += ' ';
  CHECK_FALSE(review::decode_call(payload_of(review::encode(call))).has_value());
}

TEST_CASE("review line: many calls at once are each answered with their own answer") {
  Line line;
  line.serve([](const Call& call) { return Reply::json(call.body); });
  review::CallClient client(line.path, 10s);
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 48; ++i)  // more than connections
    threads.emplace_back([&, i] {
      for (int j = 0; j < 20; ++j) {
        Call call = a_call();
        call.actor.login = std::to_string(i);
        call.body = std::to_string(i) + "," + std::to_string(j);
        right += client.ask(call, true).content == call.body ? 1 : 0;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 48 * 20);
}

TEST_CASE("review line: one person's calls leave room for others'") {
  Line line;
  std::atomic<bool> go{false};
  std::atomic<unsigned> waiting{0}, refused{0};
  line.serve([&](const Call& call) {
    if (call.actor.login == "suzuki") ++waiting;
    while (call.actor.login == "suzuki" && !go) std::this_thread::sleep_for(1ms);
    return Reply::json("{}");
  });
  review::CallClient client(line.path, 10s);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < limits::kReviewCalls + 8; ++i)
    threads.emplace_back([&] { refused += refusal(client, a_call(), false).code == "busy" ? 1 : 0; });
  while (waiting + refused < limits::kReviewCalls + 8) std::this_thread::sleep_for(1ms);
  CHECK(waiting == limits::kReviewCalls * 3 / 4);
  Call other = a_call();
  other.actor.login = "sato";
  CHECK(client.ask(other, false).status == 200);
  go = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(client.ask(a_call(), false).status == 200);
}

TEST_CASE("review line: refusals cross as they are, trouble becomes busy, and what nobody foresaw is ours") {
  Line line;
  line.serve([](const Call& call) -> Reply {
    if (call.operation == "refuse") throw http::Problem{409, "decided", {}, {"item"}, {}};
    if (call.operation == "trouble") throw TemporaryFailure("the disk");
    if (call.operation == "bug") throw std::runtime_error("secret words");
    return Reply::json(std::string(1 << 20, 'x'));
  });
  review::CallClient client(line.path, 10s);
  Call call = a_call();
  CHECK(client.ask(call, false).content.size() == 1 << 20);
  call.operation = "refuse";
  CHECK(refusal(client, call, false).code == "decided");
  CHECK(refusal(client, call, false).fields == std::vector<std::string>{"item"});
  call.operation = "trouble";
  CHECK(refusal(client, call, false).status == 503);
  CHECK(refusal(client, call, false).title.empty());
  call.operation = "bug";
  CHECK(refusal(client, call, false).status == 500);
  CHECK(refusal(client, call, false).title.empty());
}

TEST_CASE("review line: nobody there is unavailable, and a cleaner that comes again is found") {
  Line line;
  review::CallClient client(line.path, 10s);
  CHECK(refusal(client, a_call(), true).code == "unavailable");
  std::atomic<int> calls{0};
  const auto count = [&](const Call&) {
    ++calls;
    return Reply::json("{}");
  };
  line.serve(count);
  CHECK(client.ask(a_call(), false).status == 200);
  line.serve(count);  // the old connection is dead now
  CHECK(client.ask(a_call(), false).status == 200);
  CHECK(calls == 2);
}

TEST_CASE(
    "review line: a call that changes something is said once, whatever becomes of it; a question again") {
  Line line;
  const Descriptor listening = listen_unix(AT_FDCWD, line.path);
  std::atomic<int> heard{0};
  std::thread dying([&] {  // takes a call and dies without an answer, each time
    for (int i = 0; i < 3; ++i) {
      const Descriptor connection(::accept(listening.get(), nullptr, nullptr));
      std::string payload;
      if (review::read_frame(connection.get(), payload, review::kCallFrame, Steady::now() + 5s)) ++heard;
    }
  });
  review::CallClient client(line.path, 5s);
  const http::Problem lost = refusal(client, a_call(), false);
  CHECK(lost.status == 503);
  CHECK(lost.title.find("行われたか") != std::string::npos);
  CHECK(heard == 1);
  CHECK(refusal(client, a_call(), true).code == "unavailable");
  dying.join();
  CHECK(heard == 3);
}

TEST_CASE("review line: a cleaner that stands still is unavailable after our patience") {
  Line line;
  const Descriptor listening = listen_unix(AT_FDCWD, line.path);  // nobody accepts
  review::CallClient client(line.path, 300ms);
  const auto began = Steady::now();
  CHECK(refusal(client, a_call(), false).status == 503);
  CHECK(Steady::now() - began < 3s);
}

TEST_CASE("review line: a frame that claims to be too long ends the connection, the next one is answered") {
  Line line;
  line.serve([](const Call&) { return Reply::json("{}"); });
  for (const std::string& hostile :
       {std::string("\xff\xff\xff\xff", 4), std::string("\x02\0\0\0ab", 6), std::string(4, '\0')}) {
    const Descriptor connection = connect_unix(line.path);
    REQUIRE(connection);
    CHECK(write_all(connection.get(), hostile, Steady::now() + 1s));
    std::string answer;
    CHECK(read_some(connection.get(), answer, 100, Steady::now() + 5s) == 0);
  }
  review::CallClient client(line.path, 5s);
  CHECK(client.ask(a_call(), true).status == 200);
}

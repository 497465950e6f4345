#include "service/review/call_client.h"

#include <poll.h>

#include <optional>
#include <vector>

#include "service/base/guarded.h"
#include "service/base/sockets.h"
#include "service/review/wire.h"

namespace kiyome::review {
namespace {

[[noreturn]] void unavailable(const char* words) {
  throw http::Problem{503, "unavailable", words, {}, {{"Retry-After", "5"}}};
}

constexpr const char* kAway =
    "無害化サービスが応答していません。しばらくしてからお試しください / The cleaner does not answer; please "
    "try again in a while";
constexpr const char* kUnknown =
    "無害化サービスの応答が途切れました。操作が行われたかどうかを画面で確かめてください / The cleaner fell "
    "silent: please look whether it was done";

}  // namespace

struct CallClient::Impl {
  struct Lines {
    std::vector<Descriptor> idle;
    unsigned out = 0;  // in calls
  };
  std::string socket;
  std::chrono::milliseconds patience;
  Guarded<Lines> lines;

  // The right to one connection, and an idle one if there is one.
  Descriptor take() {
    std::optional<Descriptor> line = lines.wait_until(
        Steady::now() + patience, [](Lines& all) { return all.out < limits::kReviewCalls; },
        [](Lines& all) -> std::optional<Descriptor> {
          if (all.out >= limits::kReviewCalls) return std::nullopt;
          ++all.out;
          if (all.idle.empty()) return Descriptor();
          Descriptor out = std::move(all.idle.back());
          all.idle.pop_back();
          return out;
        });
    if (!line) unavailable(kAway);
    return std::move(*line);
  }

  void give_back(Descriptor line) {
    lines.with([&](Lines& all) {
      --all.out;
      if (line) all.idle.push_back(std::move(line));
    });
    lines.notify_one();
  }

  // A connection on which nobody has said anything since the last answer: one that has ended meanwhile, or
  // speaks unasked, is none. So a cleaner that started again is found without a call being said twice.
  static bool alive(const Descriptor& line) {
    pollfd entry{line.get(), POLLIN, 0};
    return line && ::poll(&entry, 1, 0) == 0;
  }

  std::optional<Answer> ask(Descriptor& line, const std::string& frame) {
    const auto deadline = Steady::now() + patience;
    std::string payload;
    if (!write_all(line.get(), frame, deadline) || !read_frame(line.get(), payload, kAnswerFrame, deadline))
      return std::nullopt;
    Result<Answer> answer = decode_answer(payload);
    if (!answer) return std::nullopt;
    return std::move(*answer);
  }
};

namespace {

// Gives the line back, however the call ends.
template <class Impl>
struct Turn {
  Impl& impl;
  Descriptor line;
  ~Turn() { impl.give_back(std::move(line)); }
};
template <class Impl>
Turn(Impl&, Descriptor) -> Turn<Impl>;

}  // namespace

CallClient::CallClient(std::string socket, std::chrono::milliseconds patience)
    : impl_(std::make_unique<Impl>()) {
  impl_->socket = std::move(socket);
  impl_->patience = patience;
}

CallClient::~CallClient() = default;

Reply CallClient::ask(const Call& call, bool reads) {
  const std::string frame = encode(call);
  if (frame.size() > kCallFrame) throw http::Problem{413, "too-large", {}, {}, {}};
  Turn turn{*impl_, impl_->take()};
  Descriptor& line = turn.line;
  std::optional<Answer> answer;
  bool said = false;
  for (int tries = reads ? 2 : 1; tries > 0 && !answer; --tries) {
    if (!Impl::alive(line)) line = connect_unix(impl_->socket);
    if (!line) break;
    said = true;
    answer = impl_->ask(line, frame);
    if (!answer) line.reset();
  }
  if (!answer) unavailable(said && !reads ? kUnknown : kAway);
  if (auto* refused = std::get_if<http::Problem>(&*answer)) throw std::move(*refused);
  return std::move(std::get<Reply>(*answer));
}

}  // namespace kiyome::review

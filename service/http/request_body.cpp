#include "service/http/request_body.h"

#include <algorithm>
#include <vector>

#include "proto/base/limits.h"

namespace kiyome::http {
namespace {

constexpr auto kSlowGrace = std::chrono::seconds(2);  // a header and a form come within milliseconds

}  // namespace

Steady::time_point Pace::deadline() const {
  const auto still = std::chrono::seconds(seconds_);
  const auto earned = std::chrono::seconds(octets_ / std::max<std::uint32_t>(octets_per_second_min_, 1));
  return std::min(begin_ + still + earned, Steady::now() + still);
}

Steady::time_point Pace::slow_from() const {
  return begin_ + kSlowGrace +
         std::chrono::seconds(octets_ / std::max<std::uint32_t>(octets_per_second_min_, 1));
}

RequestBody::RequestBody(Wire& wire, const Head& head, Pace pace, Turn& turn)
    : wire_(wire),
      length_(head.length),
      chunked_(head.chunked),
      expects_continue_(head.expects_continue),
      pace_(pace),
      turn_(turn),
      state_(chunked_                  ? State::chunk_size
             : length_.value_or(0) > 0 ? State::data
                                       : State::ended),
      left_(length_.value_or(0)) {}

std::optional<std::uint64_t> RequestBody::length() const {
  if (chunked_) return std::nullopt;
  return length_.value_or(0);
}

void RequestBody::refuse(int status, const char* code) {
  state_ = State::broken;
  throw Problem{status, code, {}};
}

// Meanwhile the connection may be ended for another one, if it is slow.
template <class Read>
auto RequestBody::waiting_for(Read&& read) {
  turn_.reading(/*was_idle=*/false, pace_.slow_from());
  auto out = read();
  if (!turn_.busy()) throw Lost("slow, and there was no more room");
  return out;
}

// More octets of a chunk's size or end.
void RequestBody::more() {
  if (!waiting_for([&] { return wire_.fill(pace_.deadline()); })) throw Lost("end of stream");
}

// A line of at most kHttpChunkLine octets with its CRLF, which is not in what it gives.
std::string RequestBody::read_line() {
  for (;;) {
    const std::string_view there = wire_.waiting().substr(0, limits::kHttpChunkLine);
    const std::size_t end = there.find('\n');
    if (end != std::string_view::npos) {
      if (end == 0 || there[end - 1] != '\r') refuse(400, "malformed");
      std::string line(there.substr(0, end - 1));
      wire_.use(end + 1);
      return line;
    }
    if (there.size() == limits::kHttpChunkLine) refuse(400, "malformed");
    more();
  }
}

// RFC 9112 section 7.1. Extensions and trailers have no use here and are refused: readers differ in them.
void RequestBody::read_chunk_size() {
  const std::string line = read_line();
  if (line.empty() || line.size() > 16) refuse(400, "malformed");  // 64 bits
  left_ = 0;
  for (const char c : line) {
    const bool digit = c >= '0' && c <= '9';
    const char small = static_cast<char>(c | 0x20);
    if (!digit && (small < 'a' || small > 'f')) refuse(400, "malformed");
    left_ = left_ << 4 | static_cast<std::uint64_t>(digit ? c - '0' : small - 'a' + 10);
  }
  state_ = left_ > 0 ? State::data : State::ended;
  if (left_ == 0 && !read_line().empty()) refuse(400, "malformed");
}

std::size_t RequestBody::read_data(char* into, std::size_t size) {
  const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
  const std::size_t count = waiting_for([&] { return wire_.read(into, want, pace_.deadline()); });
  if (count == 0) throw Lost("end of stream within a body");
  pace_.moved(count);
  left_ -= count;
  if (left_ == 0) state_ = chunked_ ? State::chunk_end : State::ended;
  return count;
}

std::size_t RequestBody::read(char* into, std::size_t size) try {
  if (state_ == State::broken) throw Lost("a body that was broken before");
  if (state_ != State::ended && std::exchange(expects_continue_, false))
    wire_.write("HTTP/1.1 100 Continue\r\n\r\n", pace_.deadline());
  if (state_ == State::chunk_end) {
    if (!read_line().empty()) refuse(400, "malformed");
    state_ = State::chunk_size;
  }
  if (state_ == State::chunk_size) read_chunk_size();
  return state_ == State::ended || size == 0 ? 0 : read_data(into, size);
} catch (const Late&) {
  refuse(408, "timeout");
} catch (const Lost&) {
  state_ = State::broken;
  throw;
}

bool RequestBody::drain(Pace pace) {
  if (state_ == State::ended) return true;
  // Who waits for 100 and gets another answer may send the body or not: the connection cannot go on.
  if (state_ == State::broken || chunked_ || expects_continue_ || left_ > limits::kHttpDrain) return false;
  pace_ = pace;
  std::vector<char> dropped(limits::kHttpDrain);
  try {
    while (read(dropped.data(), dropped.size()) != 0) continue;
  } catch (const Problem&) {
    return false;
  }
  return state_ == State::ended;
}

}  // namespace kiyome::http

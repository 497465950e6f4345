#include "service/zone/relay.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "proto/base/limits.h"

namespace kiyome::zone {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 1s;       // between looks at what does not wake us: silence, a certificate's end
constexpr auto kLastWords = 2s;  // one side has ended: so long may what it said still go to the other
constexpr int kPieces = 16;      // moved each way in one turn: others have theirs

}  // namespace

void Relay::Way::sent(std::size_t count) {
  begin += count;
  if (begin == end) begin = end = 0;
  if (room.size() - end >= kLeast || begin == 0) return;
  std::memmove(room.data(), room.data() + begin, end - begin);
  end -= begin;
  begin = 0;
}

Relay::Relay(std::unique_ptr<Session> session, Descriptor plain, std::size_t read_second,
             std::chrono::seconds silence)
    : session_(std::move(session)), plain_(std::move(plain)), read_second_(read_second), silence_(silence) {}

bool Relay::finish(std::string why) {
  if (why_.empty()) why_ = std::move(why);
  return false;
}

void Relay::end() {
  if (why_.empty()) why_ = "we stop";
  ending_ = in_.closed = true;
}

// The cap of what a peer may say, whatever it is: a second's octets, then the rest of the second nothing.
bool Relay::may_read(Steady::time_point now) {
  if (read_second_ == 0) return true;
  if (now - second_ >= 1s) {
    second_ = now;
    read_before_ = session_->octets_read();
    paused_ = false;
  }
  if (paused_ || session_->octets_read() - read_before_ < read_second_) return !paused_;
  paused_ = true;
  ++slowed_;
  return false;
}

// false: the connection is of no more use.
bool Relay::read_session(Steady::time_point now) {
  read_wants_write_ = false;
  for (int piece = 0; piece < kPieces && in_.wants(); ++piece) {
    if (!may_read(now)) return true;
    std::size_t count = 0;
    const Session::Step step = session_->read(in_.room.data() + in_.end, in_.room.size() - in_.end, count);
    if (step == Session::Step::done) {
      in_.end += count;
      continue;
    }
    read_wants_write_ = step == Session::Step::want_write;
    if (step == Session::Step::want_read || step == Session::Step::want_write) return true;
    in_.closed = true;  // what he said before is still told
    if (why_.empty()) why_ = session_->why();
    return step == Session::Step::ended;
  }
  return true;
}

bool Relay::write_session() {
  write_wants_read_ = false;
  for (int piece = 0; piece < kPieces && !out_.waiting().empty(); ++piece) {
    std::size_t count = 0;
    const Session::Step step = session_->write(out_.waiting(), count);
    if (step == Session::Step::done) {
      out_.sent(count);
      continue;
    }
    write_wants_read_ = step == Session::Step::want_read;
    return step == Session::Step::want_read || step == Session::Step::want_write || finish(session_->why());
  }
  return true;
}

void Relay::read_plain() {
  for (int piece = 0; piece < kPieces && out_.wants(); ++piece) {
    const ssize_t count =
        ::recv(plain_.get(), out_.room.data() + out_.end, out_.room.size() - out_.end, MSG_DONTWAIT);
    if (count > 0) {
      out_.end += static_cast<std::size_t>(count);
      continue;
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    out_.closed = true;
    if (why_.empty()) why_ = "our side closed";
    return;
  }
}

void Relay::write_plain() {
  for (int piece = 0; piece < kPieces && !in_.waiting().empty(); ++piece) {
    const std::string_view octets = in_.waiting();
    const ssize_t count = ::send(plain_.get(), octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      in_.sent(static_cast<std::size_t>(count));
      continue;
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    in_.begin = in_.end = 0;  // nobody hears it any more; what ours said last still goes out
    in_.closed = out_.closed = true;
    if (why_.empty()) why_ = "our side closed";
  }
}

// While the other side takes nothing, ours is not read; that it has closed is seen all the same.
void Relay::look_for_hang_up() {
  pollfd entry{plain_.get(), 0, 0};
  if (out_.closed || out_.wants() || ::poll(&entry, 1, 0) <= 0 || (entry.revents & POLLHUP) == 0) return;
  out_.closed = true;
  if (why_.empty()) why_ = "our side closed";
}

bool Relay::over(Steady::time_point now) const {
  if (out_.closed && out_.waiting().empty()) return true;
  if (in_.closed && in_.waiting().empty() && (!ending_ || out_.waiting().empty())) return true;
  return now >= patience_;
}

bool Relay::turn(Steady::time_point now, std::int64_t unix_ms) {
  const bool alive = read_session(now);
  read_plain();
  write_plain();  // also the last words of a session that broke
  if (!alive || !write_session()) return false;
  look_for_hang_up();
  if ((in_.closed || out_.closed) && patience_ == Steady::time_point::max()) patience_ = now + kLastWords;
  if (over(now)) {
    session_->say_close();
    return finish("ended");
  }
  if (unix_ms >= session_->peer_end_ms()) return finish("the peer's certificate ended");
  if (session_->silent_for(silence_)) return finish("the peer does not answer");
  due_ = std::min(now + kTick, patience_);
  if (paused_) due_ = std::min(due_, second_ + 1s);
  return true;
}

void Relay::wishes(pollfd* entries) const {
  const bool read = (in_.wants() && !paused_) || (write_wants_read_ && !out_.waiting().empty());
  const bool write = read_wants_write_ || (!out_.waiting().empty() && !write_wants_read_);
  entries[0] = {session_->fd(), static_cast<short>((read ? POLLIN : 0) | (write ? POLLOUT : 0)), 0};
  entries[1] = {plain_.get(),
                static_cast<short>((out_.wants() ? POLLIN : 0) | (in_.waiting().empty() ? 0 : POLLOUT)), 0};
  // A socket that hung up wakes poll whatever is asked of it: not while there is nothing to do about it.
  for (int i = 0; i < 2; ++i)
    if (entries[i].events == 0) entries[i].fd = -1;
}

}  // namespace kiyome::zone

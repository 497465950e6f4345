#include "service/edge/event_loop.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/meters.h"

namespace kiyome::edge {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kInboxSlot = 0xffffffff;
constexpr std::uint32_t kListenerSlot = 0xfffffffe;  // the serial is the listener's number
constexpr int kAcceptsPerTurn = 64;
constexpr auto kAcceptPause = 200ms;  // when descriptors have run out

std::uint64_t packed(Token token) { return static_cast<std::uint64_t>(token.slot) << 32 | token.serial; }
Token unpacked(std::uint64_t data) {
  return {static_cast<std::uint32_t>(data >> 32), static_cast<std::uint32_t>(data)};
}

void watch(int epoll, int operation, int descriptor, std::uint32_t events, Token token) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = packed(token);
  if (::epoll_ctl(epoll, operation, descriptor, &event) != 0) throw_errno("epoll_ctl");
}

}  // namespace

EventLoop::EventLoop(std::shared_ptr<ServerParts> parts)
    : parts_(std::move(parts)),
      inbox_(std::make_shared<LoopInbox>()),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      scratch_(limits::kSmtpReadBuffer) {
  if (!epoll_) throw_errno("epoll_create1");
  watch(epoll_.get(), EPOLL_CTL_ADD, inbox_->descriptor(), EPOLLIN, {kInboxSlot, 0});
}

EventLoop::~EventLoop() = default;

void EventLoop::accept_for(const std::vector<int>& listeners, std::vector<std::shared_ptr<LoopInbox>> loops) {
  listeners_ = listeners;
  loops_ = std::move(loops);
  listen(true);
}

void EventLoop::start() {
  thread_ = std::thread([this] { run(); });
}

void EventLoop::listen(bool on) {
  if (on == listening_) return;
  listening_ = on;
  for (std::size_t i = 0; i < listeners_.size(); ++i)
    watch(epoll_.get(), on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, listeners_[i], EPOLLIN,
          {kListenerSlot, static_cast<std::uint32_t>(i)});
}

void EventLoop::run() {
  std::array<epoll_event, 256> events{};
  while (!stopping_ || (alive_ > 0 && Steady::now() < stop_by_)) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), patience());
    for (int i = 0; i < count; ++i) {
      const std::uint32_t happened = events[static_cast<std::size_t>(i)].events;
      const Token token = unpacked(events[static_cast<std::size_t>(i)].data.u64);
      if (token.slot == kInboxSlot)
        read_inbox();
      else if (token.slot == kListenerSlot)
        accept_some(listeners_[token.serial]);
      else
        use(token, [&](Connection& connection) { connection.on_events(happened, scratch_); });
    }
    take_turns();
    expire();
  }
  slots_.clear();
}

// Milliseconds until something must be done without an event.
int EventLoop::patience() {
  if (!turns_.empty()) return 0;
  auto next = Steady::time_point::max();
  if (!deadlines_.empty()) next = deadlines_.top().at;
  if (stopping_) next = std::min(next, stop_by_);
  if (!listening_ && !stopping_ && !listeners_.empty()) next = std::min(next, listen_again_);
  if (next == Steady::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Steady::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void EventLoop::read_inbox() {
  LoopMail mail = inbox_->take();
  for (Accepted& accepted : mail.accepted) adopt(std::move(accepted));
  for (const Committed& committed : mail.committed)
    use(committed.connection,
        [&](Connection& connection) { connection.on_committed(committed.reply, scratch_); });
  if (mail.crowded) look_at_deadlines();
  if (mail.stop && !stopping_) begin_stop(mail.stop_by);
}

void EventLoop::accept_some(int listener) {
  for (int i = 0; i < kAcceptsPerTurn && listening_; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    Descriptor socket(
        ::accept4(listener, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
      log::error("accept_paused", {{"reason", std::string_view(std::strerror(errno))}});
      listen(false);
      listen_again_ = Steady::now() + kAcceptPause;
      return;
    }
    if (!socket && (errno == ECONNABORTED || errno == EINTR)) continue;
    if (!socket) return;
    meters::smtp.connections.add();
    const auto settings = parts_->current();
    const IpAddress peer = IpAddress::from(address);
    if (!parts_->admission.enter(settings->config.connections_max)) {
      meters::smtp.refused(meters::SessionRefusal::full);
      tell_crowded(*settings);
      const std::string line = smtp::replies::too_many_connections(settings->config.hostname).line();
      [[maybe_unused]] const ssize_t sent =
          ::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      log::info("refused",
                {{"client", peer.text()}, {"code", std::int64_t{421}}, {"reason", "too many connections"}});
      continue;
    }
    tell_crowded(*settings);
    const std::size_t to = next_loop_++ % loops_.size();
    if (loops_[to] == inbox_)
      adopt({std::move(socket), peer});
    else
      loops_[to]->accepted({std::move(socket), peer});
  }
}

// At most once a second: every loop shortens the deadlines of its silent connections.
void EventLoop::tell_crowded(const EdgeSettings& settings) {
  if (!parts_->crowded(settings) || Steady::now() < crowded_again_) return;
  crowded_again_ = Steady::now() + 1s;
  for (const auto& inbox : loops_) inbox->crowded();
}

void EventLoop::look_at_deadlines() {
  for (std::uint32_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].connection)
      use({i, slots_[i].serial}, [](Connection& connection) { connection.on_crowded(); });
}

void EventLoop::adopt(Accepted accepted) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const Token token{free_.back(), ++serial_};
  free_.pop_back();
  Slot& slot = slots_[token.slot];
  slot.connection = std::make_unique<Connection>(parts_, inbox_, token, std::move(accepted));
  slot.serial = token.serial;
  slot.queued = Steady::time_point::max();
  slot.in_turns = false;
  ++alive_;
  watch(epoll_.get(), EPOLL_CTL_ADD, slot.connection->socket(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
        token);
  use(token, [&](Connection& connection) { connection.begin(scratch_); });
  if (stopping_) use(token, [&](Connection& connection) { connection.on_stop(scratch_); });
}

Connection* EventLoop::find(Token token) {
  if (token.slot >= slots_.size() || slots_[token.slot].serial != token.serial) return nullptr;
  return slots_[token.slot].connection.get();
}

template <class F>
void EventLoop::use(Token token, F&& call) {
  Connection* const connection = find(token);
  if (connection == nullptr) return;
  call(*connection);
  after(token);
}

// What a connection wants after it did something.
void EventLoop::after(Token token) {
  Slot& slot = slots_[token.slot];
  if (slot.connection->dead()) {
    slot.connection.reset();  // closes the socket, which leaves the epoll set
    free_.push_back(token.slot);
    --alive_;
    return;
  }
  if (slot.connection->wants_turn() && !std::exchange(slot.in_turns, true)) turns_.push_back(token);
  // One entry at or before the true deadline is enough: when it comes up it is put back. So a deadline that
  // moves forward with each command costs nothing.
  if (slot.connection->deadline() < slot.queued) {
    slot.queued = slot.connection->deadline();
    deadlines_.push({slot.queued, token});
  }
}

void EventLoop::take_turns() {
  const std::vector<Token> turns = std::exchange(turns_, {});
  for (const Token token : turns) {
    if (find(token) == nullptr) continue;
    slots_[token.slot].in_turns = false;
    use(token, [&](Connection& connection) { connection.on_turn(scratch_); });
  }
}

void EventLoop::expire() {
  const auto now = Steady::now();
  if (!listening_ && !stopping_ && !listeners_.empty() && now >= listen_again_) listen(true);
  while (!deadlines_.empty() && deadlines_.top().at <= now) {
    const Deadline due = deadlines_.top();
    deadlines_.pop();
    if (find(due.token) == nullptr || slots_[due.token.slot].queued != due.at) continue;
    slots_[due.token.slot].queued = Steady::time_point::max();
    use(due.token, [&](Connection& connection) { connection.on_deadline(scratch_); });
  }
}

void EventLoop::begin_stop(Steady::time_point by) {
  listen(false);
  stopping_ = true;
  stop_by_ = by;
  for (std::uint32_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].connection)
      use({i, slots_[i].serial}, [&](Connection& connection) { connection.on_stop(scratch_); });
}

}  // namespace kiyome::edge

#include "service/edge/intake_link.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <thread>
#include <unordered_map>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "proto/transfer/bundle.h"
#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/guarded.h"
#include "service/base/log.h"
#include "service/base/sockets.h"

namespace kiyome::edge {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kWriteBatch = 64u << 10;
constexpr auto kBackoffMin = 50ms;
constexpr auto kBackoffMax = 2s;

struct HashId {
  // The tail of a UUIDv7 is random.
  std::size_t operator()(const ItemId& id) const {
    std::size_t out = 0;
    std::memcpy(&out, id.bytes.data() + 8, sizeof out);
    return out;
  }
};

struct Waiting {
  transfer::Announce item;
  bool taken = false;
};

// Announcements in order, numbered from the first; those at the front that are taken go.
struct Queue {
  std::deque<Waiting> items;
  std::uint64_t first = 0;  // number of items.front()
  std::uint64_t next = 0;   // number of the first not said on this connection
  std::unordered_map<ItemId, std::uint64_t, HashId> numbers;
  std::deque<transfer::Intake> asks;  // about files of the drop box
  bool connected = false;
  bool woken = false;
  bool stopping = false;

  void add(const transfer::Announce& item) {
    if (!numbers.emplace(item.id, first + items.size()).second) return;
    items.push_back({item, false});
  }
  void take(const ItemId& id) {
    const auto found = numbers.find(id);
    if (found == numbers.end()) return;
    items[found->second - first].taken = true;
    numbers.erase(found);
    while (!items.empty() && items.front().taken) {
      items.pop_front();
      ++first;
    }
    next = std::max(next, first);
  }
  // Frames not said yet, about as many octets as one write takes.
  std::string batch() {
    std::string out;
    for (; next < first + items.size() && out.size() < kWriteBatch; ++next) {
      const Waiting& waiting = items[next - first];
      if (!waiting.taken) out += transfer::encode(transfer::Intake(waiting.item));
    }
    for (; !asks.empty() && out.size() < kWriteBatch; asks.pop_front()) out += transfer::encode(asks.front());
    return out;
  }
};

}  // namespace

struct IntakeLink::Impl {
  std::string path;
  Guarded<Queue> queue;
  Descriptor wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  store::OriginalLog* log = nullptr;
  DropCalls drops;
  std::thread thread;

  template <class F>
  void tell(F&& change);
  void clear_wake();
  bool stopping() {
    return queue.with([](Queue& now) { return now.stopping; });
  }
  void run();
  void serve(int socket);
  bool say(int socket, std::string& out);
  bool hear(int socket, transfer::FrameReader& frames);
  bool obey(const std::string& frame);
};

// One wake-up for all announcements until the thread looks.
template <class F>
void IntakeLink::Impl::tell(F&& change) {
  const bool awake = queue.with([&](Queue& now) {
    change(now);
    return std::exchange(now.woken, true);
  });
  const std::uint64_t one = 1;
  if (!awake) KIYOME_CHECK(::write(wake.get(), &one, sizeof one) == sizeof one);
}

void IntakeLink::Impl::clear_wake() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t read = ::read(wake.get(), &count, sizeof count);
  queue.with([](Queue& now) { now.woken = false; });
}

void IntakeLink::Impl::run() {
  auto backoff = std::chrono::milliseconds(kBackoffMin);
  bool told = false;
  while (!stopping()) {
    const Descriptor socket = connect_unix(path);
    if (socket) {
      const int flags = ::fcntl(socket.get(), F_GETFL);
      KIYOME_CHECK(::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) == 0);
      log::info("cleaner_connected");
      const auto since = Steady::now();
      serve(socket.get());
      queue.with([](Queue& now) { now.connected = false; });
      if (drops.away) drops.away();
      if (Steady::now() - since > kBackoffMax) backoff = kBackoffMin;
      told = false;
    }
    if (stopping()) return;
    if (!std::exchange(told, true))
      log::warning("cleaner_away",
                   {{"waiting",
                     static_cast<std::int64_t>(queue.with([](Queue& now) { return now.numbers.size(); }))}});
    const auto again = Steady::now() + backoff;
    backoff = std::min<std::chrono::milliseconds>(backoff * 2, kBackoffMax);
    while (!stopping() && wait_for(wake.get(), POLLIN, again)) clear_wake();
  }
}

// Until the connection or the link ends.
void IntakeLink::Impl::serve(int socket) {
  queue.with([](Queue& now) {
    now.next = now.first;
    now.asks.clear();
    now.connected = true;
  });
  if (drops.connected) drops.connected();
  transfer::FrameReader frames(limits::kIntakeFrame + limits::kPictureOctets);
  std::string out;
  while (!stopping()) {
    if (!say(socket, out)) return;
    pollfd entries[2] = {{socket, static_cast<short>(out.empty() ? POLLIN : POLLIN | POLLOUT), 0},
                         {wake.get(), POLLIN, 0}};
    if (::poll(entries, 2, -1) < 0 && errno != EINTR) return;
    if (entries[1].revents != 0) clear_wake();
    if (entries[0].revents != 0 && !hear(socket, frames)) return;
  }
}

// Writes what the socket takes now. `out` keeps what it did not take.
bool IntakeLink::Impl::say(int socket, std::string& out) {
  for (;;) {
    if (out.empty()) out = queue.with([](Queue& now) { return now.batch(); });
    if (out.empty()) return true;
    const ssize_t count = ::send(socket, out.data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0)
      out.erase(0, static_cast<std::size_t>(count));
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      return true;
    else if (errno != EINTR)
      return false;
  }
}

bool IntakeLink::Impl::hear(int socket, transfer::FrameReader& frames) {
  char octets[16384];
  const ssize_t count = ::recv(socket, octets, sizeof octets, MSG_DONTWAIT);
  if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  if (count == 0) return false;
  frames.feed({octets, static_cast<std::size_t>(count)});
  std::string frame;
  for (;;) {
    const Result<bool> whole = frames.next(frame);
    if (whole && !*whole) return true;
    if (!whole || !obey(frame)) {
      log::error("cleaner_said_nonsense");
      return false;
    }
  }
}

bool IntakeLink::Impl::obey(const std::string& frame) {
  Result<transfer::Intake> word = transfer::decode_intake(frame);
  if (!word) return false;
  if (const auto* taken = std::get_if<transfer::Taken>(&*word)) {
    log->taken(taken->id);
    queue.with([&](Queue& now) { now.take(taken->id); });
    return true;
  }
  if (const auto* free = std::get_if<transfer::FreeSegment>(&*word)) {
    log->free_segment(free->segment);
    return true;
  }
  if (const auto* state = std::get_if<transfer::DropState>(&*word)) {
    if (drops.state) drops.state(*state);
    return true;
  }
  if (auto* picture = std::get_if<transfer::Picture>(&*word)) {
    if (drops.picture) drops.picture(std::move(*picture));
    return true;
  }
  if (const auto* checkpoint = std::get_if<transfer::Checkpoint>(&*word)) {
    if (drops.checkpoint) drops.checkpoint(*checkpoint);
    return true;
  }
  return false;  // Announce, AskDrop and AskPicture are ours to say
}

IntakeLink::IntakeLink(std::string path) : impl_(std::make_unique<Impl>()) {
  if (!impl_->wake) throw_errno("eventfd");
  impl_->path = std::move(path);
}

IntakeLink::~IntakeLink() { stop(); }

void IntakeLink::announce(const transfer::Announce& item) {
  impl_->tell([&](Queue& now) { now.add(item); });
}

void IntakeLink::ask(const ItemId& id) {
  impl_->tell([&](Queue& now) {
    if (now.connected) now.asks.push_back(transfer::AskDrop{id});
  });
}

bool IntakeLink::ask(const transfer::AskPicture& picture) {
  bool connected = false;
  impl_->tell([&](Queue& now) {
    connected = now.connected;
    if (connected) now.asks.push_back(picture);
  });
  return connected;
}

void IntakeLink::say(const transfer::Checkpoint& checkpoint) {
  impl_->tell([&](Queue& now) {
    if (now.connected) now.asks.push_back(checkpoint);
  });
}

bool IntakeLink::connected() const {
  return impl_->queue.with([](Queue& now) { return now.connected; });
}

void IntakeLink::start(store::OriginalLog& log, DropCalls drops) {
  impl_->log = &log;
  impl_->drops = std::move(drops);
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

void IntakeLink::stop() {
  if (!impl_->thread.joinable()) return;
  impl_->tell([](Queue& now) { now.stopping = true; });
  impl_->thread.join();
}

std::size_t IntakeLink::waiting() const {
  return impl_->queue.with([](Queue& now) { return now.numbers.size(); });
}

}  // namespace kiyome::edge

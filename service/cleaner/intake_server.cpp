#include "service/cleaner/intake_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <memory>
#include <mutex>
#include <thread>

#include "proto/base/limits.h"
#include "proto/transfer/bundle.h"
#include "service/base/log.h"
#include "service/base/sockets.h"

namespace kiyome::cleaner {
namespace {
constexpr auto kWritePatience = std::chrono::seconds(10);
}

struct IntakeServer::Impl {
  Descriptor listening;
  Calls calls;
  Descriptor stop{::eventfd(0, EFD_CLOEXEC)};
  std::mutex mutex;
  std::shared_ptr<Descriptor> edge;  // shared: a writer may still hold it while a new edge takes its place
  std::string waiting;
  std::mutex writing;  // one flush at a time: frames must not be mixed
  std::thread thread;

  void run();
  void say(const transfer::Intake& message);
  bool flush();
  bool handle(std::string_view frame);
  bool read_from(const Descriptor& connection, transfer::FrameReader& frames);
};

// false when the connection is to be dropped.
bool IntakeServer::Impl::read_from(const Descriptor& connection, transfer::FrameReader& frames) {
  std::string octets;
  if (read_some(connection.get(), octets, 65536, Steady::now()) <= 0) return false;
  frames.feed(octets);
  std::string frame;
  for (;;) {
    const Result<bool> got = frames.next(frame);
    if (!got) return false;
    if (!*got) break;
    if (!handle(frame)) return false;
  }
  return flush();
}

bool IntakeServer::Impl::handle(std::string_view frame) {
  const Result<transfer::Intake> message = transfer::decode_intake(frame);
  if (message)
    if (const auto* announce = std::get_if<transfer::Announce>(&*message)) {
      calls.announced(*announce);
      return true;
    }
  if (message)
    if (const auto* ask = std::get_if<transfer::AskDrop>(&*message)) {
      calls.asked(ask->id);
      return true;
    }
  if (message)
    if (const auto* ask = std::get_if<transfer::AskPicture>(&*message)) {
      std::optional<std::string> picture = calls.picture(ask->id, ask->page);
      if (picture) say(transfer::Picture{ask->id, ask->page, std::move(*picture)});
      return flush();
    }
  if (message && calls.checkpoint)
    if (const auto* checkpoint = std::get_if<transfer::Checkpoint>(&*message);
        checkpoint != nullptr && checkpoint->trail == transfer::Trail::edge) {
      calls.checkpoint(*checkpoint);
      return true;
    }
  log::error("intake refused", {{"why", message ? "not what edge says" : message.error().what}});
  return false;
}

void IntakeServer::Impl::run() {
  std::shared_ptr<Descriptor> current;
  auto frames = std::make_unique<transfer::FrameReader>(limits::kIntakeFrame);
  const auto replace = [&](std::shared_ptr<Descriptor> next) {
    current = std::move(next);
    frames = std::make_unique<transfer::FrameReader>(limits::kIntakeFrame);
    std::lock_guard lock(mutex);
    edge = current;
    waiting.clear();
  };
  for (;;) {
    pollfd entries[3] = {
        {stop.get(), POLLIN, 0}, {listening.get(), POLLIN, 0}, {current ? current->get() : -1, POLLIN, 0}};
    if (::poll(entries, 3, -1) < 0) continue;
    if (entries[0].revents != 0) return;
    if (entries[2].revents != 0 && !read_from(*current, *frames)) replace(nullptr);
    if (entries[1].revents != 0) {
      Descriptor accepted(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (accepted) replace(std::make_shared<Descriptor>(std::move(accepted)));
    }
  }
}

IntakeServer::IntakeServer(Descriptor listening, Calls calls) : impl_(std::make_unique<Impl>()) {
  impl_->listening = std::move(listening);
  impl_->calls = std::move(calls);
}

IntakeServer::~IntakeServer() { stop(); }

void IntakeServer::start() {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

void IntakeServer::stop() {
  ::eventfd_write(impl_->stop.get(), 1);
  if (impl_->thread.joinable()) impl_->thread.join();
}

void IntakeServer::say(const transfer::Intake& message) { impl_->say(message); }

void IntakeServer::Impl::say(const transfer::Intake& message) {
  std::lock_guard lock(mutex);
  if (edge) waiting += transfer::encode(message);
}

void IntakeServer::flush() { impl_->flush(); }

bool IntakeServer::connected() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->edge != nullptr;
}

// false: edge does not read.
bool IntakeServer::Impl::flush() {
  std::lock_guard one(writing);
  std::shared_ptr<Descriptor> reader;
  std::string octets;
  {
    std::lock_guard lock(mutex);
    reader = edge;
    octets.swap(waiting);
  }
  if (!reader || octets.empty()) return true;
  // A half-written frame must not be followed by another one: an edge that does not read is let go and comes
  // again.
  if (write_all(reader->get(), octets, Steady::now() + kWritePatience)) return true;
  ::shutdown(reader->get(), SHUT_RDWR);
  return false;
}

}  // namespace kiyome::cleaner

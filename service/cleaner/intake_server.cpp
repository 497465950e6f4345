#include "service/cleaner/intake_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <memory>
#include <mutex>
#include <thread>

#include "proto/transfer/bundle.h"
#include "service/base/log.h"
#include "service/base/sockets.h"

namespace kiyome::cleaner {
namespace {
constexpr std::size_t kIntakeFrame = 256;  // all of the intake's messages are small
}

struct IntakeServer::Impl {
  Descriptor listening;
  std::function<void(const transfer::Announce&)> announced;
  Descriptor stop{::eventfd(0, EFD_CLOEXEC)};
  std::mutex mutex;
  std::shared_ptr<Descriptor> edge;  // shared: a writer may still hold it while a new edge takes its place
  std::string waiting;
  std::thread thread;

  void run();
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
    if (!*got) return true;
    const Result<transfer::Intake> message = transfer::decode_intake(frame);
    if (!message || !std::holds_alternative<transfer::Announce>(*message)) {
      log::error("intake refused", {{"why", message ? "not an announcement" : message.error().what}});
      return false;
    }
    announced(std::get<transfer::Announce>(*message));
  }
}

void IntakeServer::Impl::run() {
  std::shared_ptr<Descriptor> current;
  auto frames = std::make_unique<transfer::FrameReader>(kIntakeFrame);
  const auto replace = [&](std::shared_ptr<Descriptor> next) {
    current = std::move(next);
    frames = std::make_unique<transfer::FrameReader>(kIntakeFrame);
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

IntakeServer::IntakeServer(Descriptor listening, std::function<void(const transfer::Announce&)> announced)
    : impl_(std::make_unique<Impl>()) {
  impl_->listening = std::move(listening);
  impl_->announced = std::move(announced);
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

IntakeServer::~IntakeServer() {
  ::eventfd_write(impl_->stop.get(), 1);
  impl_->thread.join();
}

void IntakeServer::say(const transfer::Intake& message) {
  std::lock_guard lock(impl_->mutex);
  if (impl_->edge) impl_->waiting += transfer::encode(message);
}

void IntakeServer::flush() {
  std::shared_ptr<Descriptor> edge;
  std::string octets;
  {
    std::lock_guard lock(impl_->mutex);
    edge = impl_->edge;
    octets.swap(impl_->waiting);
  }
  if (!edge || octets.empty()) return;
  // A half-written frame must not be followed by another one: an edge that does not read is let go and comes
  // again.
  if (!write_all(edge->get(), octets, Steady::now() + std::chrono::seconds(10)))
    ::shutdown(edge->get(), SHUT_RDWR);
}

}  // namespace kiyome::cleaner

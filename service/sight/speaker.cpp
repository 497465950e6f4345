#include "service/sight/speaker.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <thread>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/sight/process.h"

namespace kiyome::sight {

struct Speaker::Impl {
  Descriptor listening;
  Tell now, house;
  Descriptor stop{::eventfd(0, EFD_CLOEXEC)};
  Sheet standing;  // what `house` said last
  Steady::time_point looked{};
  std::thread thread;

  static void tell(const Tell& how, Sheet& sheet) {
    try {
      if (how) how(sheet);
    } catch (const std::exception& trouble) {
      log::warning("sight: not all can be seen", {{"why", trouble.what()}});
    }
  }

  std::string text() {
    if (looked == Steady::time_point{} ||
        Steady::now() - looked > std::chrono::milliseconds(limits::kSightHouseMs)) {
      standing = {};
      tell(house, standing);
      looked = Steady::now();
    }
    Sheet sheet = standing;
    show_process(sheet);
    tell(now, sheet);
    return sheet.text();
  }

  void run() {
    for (;;) {
      pollfd entries[2] = {{listening.get(), POLLIN, 0}, {stop.get(), POLLIN, 0}};
      if (::poll(entries, 2, -1) < 0) continue;
      if (entries[1].revents != 0) return;
      const Descriptor asker(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!asker) continue;
      try {
        write_all(asker.get(), text(), Steady::now() + std::chrono::milliseconds(limits::kSightWaitMs));
      } catch (const std::exception& trouble) {
        log::warning("sight", {{"why", trouble.what()}});
      }
    }
  }
};

Speaker::Speaker(Descriptor listening, Tell now, Tell house) : impl_(std::make_unique<Impl>()) {
  if (!listening) return;
  impl_->listening = std::move(listening);
  impl_->now = std::move(now);
  impl_->house = std::move(house);
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

Speaker::~Speaker() {
  ::eventfd_write(impl_->stop.get(), 1);
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace kiyome::sight

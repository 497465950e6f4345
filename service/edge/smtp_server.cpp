#include "service/edge/smtp_server.h"

#include <fcntl.h>

#include <algorithm>
#include <thread>

#include "service/base/errors.h"

namespace kiyome::edge {

SmtpServer::SmtpServer(std::vector<Descriptor> listeners, std::shared_ptr<const EdgeSettings> settings,
                       store::OriginalLog& log, std::function<void(const transfer::Announce&)> announce,
                       std::string directory)
    : listeners_(std::move(listeners)) {
  std::uint32_t threads = settings->config.threads;
  if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
  parts_ = std::make_shared<ServerParts>(log, std::move(announce), std::move(directory), std::move(settings));
  std::vector<int> sockets;
  for (const Descriptor& listener : listeners_) {
    const int flags = ::fcntl(listener.get(), F_GETFL);
    if (flags < 0 || ::fcntl(listener.get(), F_SETFL, flags | O_NONBLOCK) != 0) throw_errno("fcntl");
    sockets.push_back(listener.get());
  }
  std::vector<std::shared_ptr<LoopInbox>> inboxes;
  for (std::uint32_t i = 0; i < threads; ++i) {
    loops_.push_back(std::make_unique<EventLoop>(parts_));
    inboxes.push_back(loops_.back()->inbox());
  }
  loops_.front()->accept_for(sockets, inboxes);
  for (const auto& loop : loops_) loop->start();
  running_ = true;
}

SmtpServer::~SmtpServer() { stop(Steady::now()); }

void SmtpServer::reload(std::shared_ptr<const EdgeSettings> settings) {
  parts_->settings.with([&](std::shared_ptr<const EdgeSettings>& now) { now = std::move(settings); });
}

void SmtpServer::stop(Steady::time_point by) {
  if (!std::exchange(running_, false)) return;
  for (const auto& loop : loops_) loop->inbox()->stop(by);
  for (const auto& loop : loops_) loop->join();
}

}  // namespace kiyome::edge

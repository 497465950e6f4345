#include "service/delivery/pool.h"

#include <sys/eventfd.h>

#include <algorithm>

#include "proto/base/check.h"
#include "service/base/errors.h"
#include "service/base/log.h"

namespace kiyome::delivery {
namespace {

using namespace std::chrono_literals;

constexpr auto kIdle = 10s;           // then an unused connection is closed
constexpr unsigned kMailsMax = 1000;  // of one connection: a next hop gets to spread its load again

// Half of the first retry: a retried mail always asks the host again.
Steady::duration rest_time(const SmtpClientConfig& config) {
  const auto half = std::chrono::duration<double>(config.retry_first_seconds / 2);
  return std::clamp<Steady::duration>(std::chrono::duration_cast<Steady::duration>(half), 50ms, 30s);
}

}  // namespace

Pool::Pool(const SmtpClientConfig& config, std::string hostname)
    : config_(config),
      hostname_(std::move(hostname)),
      hosts_(config.hosts),
      stop_(::eventfd(0, EFD_CLOEXEC)) {
  if (!stop_) throw_errno("eventfd");
  if (config_.tls != TlsMode::none) tls_ = std::make_unique<TlsClient>(config_);
  state_.with([&](State& state) { state.hosts.resize(hosts_.size()); });
  reaper_ = std::thread([this] { close_idle(); });
}

Pool::~Pool() {
  stop();
  reaper_.join();
}

std::optional<Pool::Place> Pool::enter(std::size_t host) {
  const unsigned places = std::max(config_.connections_max, 1u);
  return state_.wait([&](State& state) { return state.stopping || state.hosts[host].in_use < places; },
                     [&](State& state) -> std::optional<Place> {
                       if (state.stopping) return std::nullopt;
                       Host& one = state.hosts[host];
                       ++one.in_use;
                       Place place;
                       if (!one.idle.empty()) {
                         place.session = std::move(one.idle.back().session);
                         one.idle.pop_back();
                       }
                       return place;
                     });
}

void Pool::leave(std::size_t host, std::unique_ptr<Session> session) {
  if (session && session->mails() >= kMailsMax) {
    session->quit();
    session.reset();
  }
  state_.with([&](State& state) {
    KIYOME_CHECK(state.hosts[host].in_use > 0);
    --state.hosts[host].in_use;
    if (!session || state.stopping) return;
    state.hosts[host].idle.push_back({std::move(session), Steady::now()});
  });
  state_.notify_all();  // those who wait for another host wait on the same condition
}

std::unique_ptr<Session> Pool::open(std::size_t host) {
  const auto attempt = [&](const TlsClient* tls) {
    return std::make_unique<Session>(hosts_[host], hostname_, tls, config_.timeout_seconds, stop_.get());
  };
  std::unique_ptr<Session> session = attempt(tls_.get());
  if (session->tls_failed() && config_.tls == TlsMode::opportunistic && !stopped()) {
    log::warning("next hop: TLS failed, going on in the clear",
                 {{"hop", name(host)}, {"why", session->trouble().text}});
    session = attempt(nullptr);
  }
  return session;
}

bool Pool::resting(std::size_t host) {
  return state_.with([&](State& state) { return Steady::now() < state.hosts[host].resting_until; });
}

void Pool::rest(std::size_t host) {
  const auto until = Steady::now() + rest_time(config_);
  state_.with([&](State& state) { state.hosts[host].resting_until = until; });
}

void Pool::stop() {
  state_.with([](State& state) { state.stopping = true; });
  state_.notify_all();
  ::eventfd_write(stop_.get(), 1);
  reaper_wake_.with([](int& stopping) { stopping = 1; });
  reaper_wake_.notify_all();
}

bool Pool::stopped() {
  return state_.with([](State& state) { return state.stopping; });
}

void Pool::close_idle() {
  bool stopping = false;
  while (!stopping) {
    stopping = reaper_wake_.wait_until(
        Steady::now() + 1s, [](int& value) { return value != 0; }, [](int& value) { return value != 0; });
    std::list<Kept> old;
    const auto limit = stopping ? Steady::time_point::max() : Steady::now() - kIdle;
    state_.with([&](State& state) {
      for (Host& host : state.hosts)
        while (!host.idle.empty() && host.idle.front().since < limit)
          old.splice(old.end(), host.idle, host.idle.begin());
    });
    for (Kept& kept : old) kept.session->quit();
  }
}

}  // namespace kiyome::delivery

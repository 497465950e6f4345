#include "service/zone/handshakes.h"

#include <algorithm>
#include <map>
#include <utility>

#include "proto/base/limits.h"

namespace kiyome::zone {

void Handshakes::refuse(const Session& session, std::string why, bool unknown) {
  refused_.push_back({session.address(), std::move(why), unknown, session.refused_us()});
}

void Handshakes::make_room() {
  std::map<std::string_view, std::size_t> held;
  for (const Waiting& each : waiting_) ++held[each.session->address()];
  const auto most = std::max_element(held.begin(), held.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  const auto oldest = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& each) {
    return each.session->address() == most->first;
  });
  refuse(*oldest->session, "too many at once", false);
  waiting_.erase(oldest);
}

void Handshakes::add(std::unique_ptr<Session> session, Steady::time_point now) {
  if (waiting_.size() >= limits::kZoneHandshakes) make_room();
  // Who connects speaks first, once the connection stands; who listens waits for that.
  const bool wants_write = !session->accepting();
  waiting_.push_back(
      {std::move(session), now + std::chrono::milliseconds(limits::kZoneHandshakeMs), wants_write});
}

void Handshakes::wishes(std::vector<pollfd>& entries) const {
  for (const Waiting& each : waiting_)
    entries.push_back({each.session->fd(), static_cast<short>(each.wants_write ? POLLOUT : POLLIN), 0});
}

std::vector<std::unique_ptr<Session>> Handshakes::turn(const pollfd* entries, std::size_t count,
                                                       Steady::time_point now) {
  std::vector<std::unique_ptr<Session>> proved;
  std::vector<Waiting> still;
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    Waiting& each = waiting_[i];
    using Step = Session::Step;
    const Step step = i < count && entries[i].revents != 0 ? each.session->handshake()
                      : each.wants_write                   ? Step::want_write
                                                           : Step::want_read;
    if (step == Step::done) {
      proved.push_back(std::move(each.session));
    } else if (step == Step::failed || step == Step::ended) {
      // A port that somebody only touched, or a peer of ours whose line was cut, is no stranger.
      const bool lost = each.session->lost();
      refuse(*each.session, each.session->why(), !lost && !each.session->refused_us());
    } else if (now >= each.deadline) {
      refuse(*each.session, "no handshake in time", false);
    } else {
      each.wants_write = step == Step::want_write;
      still.push_back(std::move(each));
    }
  }
  waiting_ = std::move(still);
  return proved;
}

std::vector<Handshakes::Refused> Handshakes::take_refused() { return std::exchange(refused_, {}); }

Steady::time_point Handshakes::due() const {
  auto out = Steady::time_point::max();
  for (const Waiting& each : waiting_) out = std::min(out, each.deadline);
  return out;
}

}  // namespace kiyome::zone

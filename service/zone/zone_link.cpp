#include "service/zone/zone_link.h"

#include <sys/eventfd.h>

#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/role.h"
#include "service/zone/wire.h"

namespace kiyome::zone {

struct ZoneLink::Impl {
  Joint joint;
  const std::vector<Descriptor> listening;
  struct Wires {
    std::vector<std::unique_ptr<Wire>> all;
    bool started = false, stopped = false;
  };
  Guarded<Wires> wires;

  Impl(Side side, std::vector<Descriptor> sockets) : joint(side), listening(std::move(sockets)) {}
  bool connects() const { return listening.empty(); }
  void make_wires(std::size_t addresses);
};

// The closed side goes to each host of the Internet side, on a wire of its own; the Internet side to one.
void ZoneLink::Impl::make_wires(std::size_t addresses) {
  const bool each = connects() && joint.own == Side::closed;
  wires.with([&](Wires& state) {
    while (state.all.size() < (each ? std::max<std::size_t>(addresses, 1) : 1) && !state.stopped) {
      state.all.push_back(std::make_unique<Wire>(joint, connects() ? nullptr : &listening,
                                                 each ? std::optional(state.all.size()) : std::nullopt));
      if (state.started) state.all.back()->start();
    }
    if (state.started)  // else it would break off the first attempts
      for (const std::unique_ptr<Wire>& wire : state.all) wire->wake();
  });
}

ZoneLink::ZoneLink(Side own, const TransferConfig& config, std::vector<Descriptor> listening)
    : impl_(std::make_unique<Impl>(own, std::move(listening))) {
  if (!impl_->joint.taken) throw_errno("eventfd");
  if (impl_->connects() && config.connect.empty())
    throw ConfigError("transfer.connect: this host connects in this mode");
  const auto tls = std::make_shared<const PeerTls>(own, config);
  impl_->joint.state.with([&](Joint::State& state) {
    state.tls = tls;
    state.config = config;
  });
  impl_->make_wires(config.connect.size());
}

ZoneLink::~ZoneLink() { stop(); }

void ZoneLink::start() {
  impl_->wires.with([](Impl::Wires& state) {
    state.started = true;
    for (const std::unique_ptr<Wire>& wire : state.all) wire->start();
  });
}

void ZoneLink::stop() {
  impl_->wires.with([](Impl::Wires& state) {
    state.stopped = true;
    for (const std::unique_ptr<Wire>& wire : state.all) wire->ask_to_stop();
    for (const std::unique_ptr<Wire>& wire : state.all) wire->stop();
  });
}

int ZoneLink::ready() const { return impl_->joint.taken.get(); }

Descriptor ZoneLink::next() {
  eventfd_t count = 0;
  ::eventfd_read(impl_->joint.taken.get(), &count);
  return impl_->joint.state.with([&](Joint::State& state) {
    Descriptor out;
    if (state.fresh.empty()) return out;
    out = std::move(state.fresh.front().second);
    state.fresh.pop_front();
    if (!state.fresh.empty()) ::eventfd_write(impl_->joint.taken.get(), 1);
    return out;
  });
}

std::optional<bool> ZoneLink::same_host() const {
  return impl_->joint.state.with([](Joint::State& state) -> std::optional<bool> {
    if (state.standing.empty()) return std::nullopt;
    return std::any_of(state.standing.begin(), state.standing.end(),
                       [](const auto& each) { return each.second.same_host; });
  });
}

std::string ZoneLink::reload(const TransferConfig& next) {
  try {
    const auto tls = std::make_shared<const PeerTls>(impl_->joint.own, next);
    const bool changed = impl_->joint.state.with([&](Joint::State& state) {
      const TransferConfig& now = state.config;
      if (now.connect == next.connect && now.peers == next.peers && now.ca_pem == next.ca_pem &&
          now.certificate_pem == next.certificate_pem && now.key_pem == next.key_pem &&
          now.silence_seconds == next.silence_seconds)
        return false;
      state.tls = tls;
      state.config = next;
      ++state.changes;
      return true;
    });
    if (changed) impl_->make_wires(next.connect.size());
    return {};
  } catch (const ConfigError& mistake) {
    return mistake.what();
  }
}

meters::ZoneCounts ZoneLink::counts() const {
  const Joint& joint = impl_->joint;
  return {joint.unknown, joint.unfinished, joint.sessions, joint.slowed, certificate_end_ms()};
}

std::optional<std::int64_t> ZoneLink::certificate_end_ms() const {
  return impl_->joint.state.with([](Joint::State& state) -> std::optional<std::int64_t> {
    const auto own = facts_of(state.config.certificate_pem);
    const auto authority = facts_of(state.config.ca_pem);
    if (!own || !authority) return std::nullopt;
    std::int64_t out = std::min(own->end_ms, authority->end_ms);
    if (state.peer_end_ms) out = std::min(out, *state.peer_end_ms);
    return out;
  });
}

std::unique_ptr<ZoneLink> take_link(RoleContext& context, Side own) {
  const TransferConfig& config = context.config().transfer;
  if (config.mode == TransferMode::local) return nullptr;
  return std::make_unique<ZoneLink>(own, config, context.take("transfer"));
}

}  // namespace kiyome::zone

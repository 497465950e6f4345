// What `kiyome check --live` says of the other zone: whether it answers, shows the certificate and the pin
// that we know it by, and is content with ours. Trusts no peer: it goes no further than the handshake.
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <poll.h>

#include <memory>

#include "proto/base/limits.h"
#include "service/base/admin.h"
#include "service/base/clock.h"
#include "service/base/config_values.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/command/live_check.h"
#include "service/delivery/stream.h"
#include "service/zone/session.h"

namespace kiyome::command {
namespace {

using zone::Session;

// What the role that speaks with the other zone says of it; nothing: it does not run here.
std::optional<bool> said_connected(const Config& config, bool internet) {
  std::optional<bool> out;
  try {
    const std::string socket =
        config.data_dir + (internet ? "/run/cleaner.admin.sock" : "/run/gate.admin.sock");
    const std::string trouble = ask_admin(socket, R"({"command":"status"})", [&](const std::string& line) {
      const auto told = Poco::JSON::Parser().parse(line).extract<Poco::JSON::Object::Ptr>();
      out = told->optValue<bool>(internet ? "gate" : "internet_side_connected", false);
    });
    return trouble.empty() ? out : std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

// Empty when each has proved itself to the other, else why not.
std::string shake_hands(const TransferConfig& config, const std::string& address, zone::Side own) {
  const std::optional<HostPort> to = config_values::host_port(address);
  if (!to) return "no address";
  const auto deadline = Steady::now() + std::chrono::milliseconds(limits::kCheckWaitMs);
  std::string why = "no answer";
  Descriptor socket = delivery::connect_to(*to, deadline, -1, why);
  if (!socket) return why;
  Session session(std::make_shared<const zone::PeerTls>(own, config), std::move(socket), false, to->host);
  for (;;) {
    const Session::Step step = session.handshake();
    if (step == Session::Step::done) {
      session.say_close();
      return "";
    }
    if (step == Session::Step::failed || step == Session::Step::ended)
      return (session.refused_us() ? "it refuses us: " : "") + log::shown(session.why());
    pollfd entry{session.fd(), static_cast<short>(step == Session::Step::want_write ? POLLOUT : POLLIN), 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now()).count();
    if (left <= 0 || ::poll(&entry, 1, static_cast<int>(left)) == 0) return "no handshake in time";
  }
}

Look look_at(TransferConfig transfer, const std::string& address, zone::Side own, const std::string& what) {
  std::string why;
  try {
    zone::read_files(transfer);
    why = shake_hands(transfer, address, own);
  } catch (const std::exception& trouble) {
    why = trouble.what();
  }
  if (!why.empty()) return {Grade::bad, what, "互いを確かめられません", why};
  if (transfer.peers.empty())
    return {Grade::note, what, "証明書が合いました。transfer.peers がないのでピンは確かめていません",
            "its certificate fits; no pin was looked at, for transfer.peers is not given"};
  return {Grade::good, what, "証明書とピンが合い、向こうもこちらを認めました",
          "its certificate and pin fit, and it takes ours"};
}

}  // namespace

void look_at_zone(const Config& config, const std::set<std::string>& roles, Looks& into) {
  const TransferConfig& transfer = config.transfer;
  const bool internet = roles.contains("cleaner");
  if (transfer.mode == TransferMode::local || (!internet && !roles.contains("gate"))) return;
  const std::string zone = "もう一方の領域 / other zone ";
  const std::string what = zone + (transfer.connect.size() == 1 ? transfer.connect.front() : std::string());
  // What runs already is asked: a second connection would take the place of its own.
  if (const std::optional<bool> connected = said_connected(config, internet)) {
    into.push_back(*connected ? Look{Grade::good, what, "つながっています", "connected, by this service"}
                              : Look{Grade::bad, what, "つながっていません: ログを見てください",
                                     "not connected: the log says why"});
    return;
  }
  if (transfer.connect.empty()) {
    into.push_back({Grade::note, what, "向こうから接続します。起動してからもう一度確かめてください",
                    "it connects to us: look again when this service runs"});
    return;
  }
  for (const std::string& address : transfer.connect)
    into.push_back(
        look_at(transfer, address, internet ? zone::Side::internet : zone::Side::closed, zone + address));
}

}  // namespace kiyome::command

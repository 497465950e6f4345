#include "service/sight/asking.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "proto/base/limits.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/sockets.h"

namespace kiyome::sight {
namespace {

struct Asked {
  Descriptor socket;
  std::string text;
  double seconds = 0;
  bool whole = false;
};

Descriptor connect(const std::string& path) {
  try {
    return connect_unix(path);
  } catch (const TemporaryFailure& trouble) {
    log::debug("sight: no connection", {{"path", path}, {"why", trouble.what()}});
    return {};
  }
}

// What is there now. Ends the connection at the end of the text, or when it is too long.
void read_on(Asked& asked, Steady::time_point began) {
  char room[65536];
  const ssize_t count = ::recv(asked.socket.get(), room, sizeof room, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  asked.whole = count == 0;
  asked.seconds = milliseconds_since(began) / 1000;
  if (count > 0) asked.text.append(room, static_cast<std::size_t>(count));
  if (count <= 0 || asked.text.size() > limits::kSightText) asked.socket.reset();
}

}  // namespace

bool RoleSeen::ready() const {
  return up && std::all_of(told.conditions.begin(), told.conditions.end(),
                           [](const auto& condition) { return condition.second; });
}

Seen Asking::ask_now() const {
  const auto began = Steady::now();
  const auto deadline = began + std::chrono::milliseconds(limits::kSightWaitMs);
  std::vector<Asked> asked(roles_.size());
  for (std::size_t i = 0; i < roles_.size(); ++i)
    asked[i].socket = connect(folder_ + "/" + roles_[i] + ".sight.sock");
  for (;;) {
    std::vector<pollfd> entries;
    for (const Asked& each : asked) entries.push_back({each.socket ? each.socket.get() : -1, POLLIN, 0});
    const bool open =
        std::any_of(asked.begin(), asked.end(), [](const Asked& each) { return bool(each.socket); });
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now()).count();
    if (!open || left <= 0) break;
    if (::poll(entries.data(), entries.size(), static_cast<int>(left)) < 0 && errno != EINTR) break;
    for (std::size_t i = 0; i < asked.size(); ++i)
      if (entries[i].fd >= 0 && entries[i].revents != 0) read_on(asked[i], began);
  }
  Seen out;
  for (std::size_t i = 0; i < roles_.size(); ++i) {
    RoleSeen& seen = out.emplace_back();
    seen.role = roles_[i];
    seen.seconds = asked[i].seconds;
    if (!asked[i].whole || asked[i].text.empty()) continue;
    Result<Told> told = read_exposition(asked[i].text, roles_[i]);
    seen.up = told.has_value();
    if (told)
      seen.told = std::move(*told);
    else
      log::error(
          "sight: what a role says is refused",
          {{"name", roles_[i]}, {"why", told.error().what}, {"offset", std::int64_t(told.error().offset)}});
  }
  return out;
}

std::shared_ptr<const Seen> Asking::ask() {
  return last_.with([&](Last& last) {
    if (!last.seen || Steady::now() - last.at > std::chrono::milliseconds(limits::kSightFreshMs)) {
      last.seen = std::make_shared<const Seen>(ask_now());
      last.at = Steady::now();
    }
    return last.seen;
  });
}

}  // namespace kiyome::sight

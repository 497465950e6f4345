#include "service/edge/server_parts.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "service/base/errors.h"

namespace kiyome::edge {

LoopInbox::LoopInbox() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wake_) throw_errno("eventfd");
}

// One wake-up for all that is told until the loop looks.
template <class F>
void LoopInbox::tell(F&& change) {
  const bool wake = state_.with([&](State& state) {
    change(state.mail);
    return !std::exchange(state.woken, true);
  });
  const std::uint64_t one = 1;
  if (wake) KIYOME_CHECK(::write(wake_.get(), &one, sizeof one) == sizeof one);
}

void LoopInbox::accepted(Accepted connection) {
  tell([&](LoopMail& mail) { mail.accepted.push_back(std::move(connection)); });
}

void LoopInbox::committed(Token connection, smtp::ServerReply reply) {
  tell([&](LoopMail& mail) { mail.committed.push_back({connection, std::move(reply)}); });
}

void LoopInbox::crowded() {
  tell([](LoopMail& mail) { mail.crowded = true; });
}

void LoopInbox::stop(Steady::time_point by) {
  tell([&](LoopMail& mail) {
    mail.stop = true;
    mail.stop_by = by;
  });
}

LoopMail LoopInbox::take() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t read = ::read(wake_.get(), &count, sizeof count);
  return state_.with([](State& state) {
    state.woken = false;
    return std::exchange(state.mail, {});
  });
}

}  // namespace kiyome::edge

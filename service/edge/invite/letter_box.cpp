#include "service/edge/invite/letter_box.h"

#include <sodium.h>

#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/log.h"

namespace kiyome::edge::invite {
namespace {

constexpr std::int64_t kLookMs = 3'600'000;     // the longest sleep, and how late a moved clock is noticed
constexpr std::int64_t kSharedLookMs = 60'000;  // where another host may have died over a letter
constexpr std::int64_t kTakenMs = 900'000;      // longer than any attempt takes
constexpr std::int64_t kAfterTroubleMs = 2000;
constexpr double kLifetimeMs =
    24.0 * 3'600'000;  // a code is worthless long before, an invitation is sent anew

double random01() { return randombytes_random() / 4294967296.0; }

const std::string& name_of(const Config& config) {
  return config.returns.hostname.empty() ? config.smtp.hostname : config.returns.hostname;
}

}  // namespace

LetterBox::LetterBox(InvitationStore& store, const Config& config) : store_(store) {
  reload(config);
  thread_ = std::thread([this] { run(); });
}

LetterBox::~LetterBox() {
  state_.with([](State& state) {
    state.stopped = true;
    state.hop->sender.stop();
  });
  state_.notify_all();
  thread_.join();
}

void LetterBox::reload(const Config& config) {
  auto hop = std::make_shared<Hop>(config.returns, name_of(config));
  state_.with([&](State& state) { state.hop.swap(hop); });
}

void LetterBox::wake() {
  state_.with([](State& state) { state.woken = true; });
  state_.notify_all();
}

// Sleeps until a letter is due: where nobody invites nothing is done.
void LetterBox::run() {
  for (std::int64_t pause_ms = 0;;) {
    const std::shared_ptr<Hop> hop = state_.wait_until(
        Steady::now() + std::chrono::milliseconds(pause_ms),
        [](const State& state) { return state.woken || state.stopped; },
        [](State& state) {
          state.woken = false;
          return state.stopped ? nullptr : state.hop;
        });
    if (!hop) return;
    try {
      const std::int64_t longest = std::max(delivery::longest_pause_ms(hop->config), 2 * kTakenMs);
      for (const QueuedLetter& letter : store_.due_letters(unix_ms_now(), limits::kLetters, longest)) {
        if (state_.with([](const State& state) { return state.stopped; })) return;
        if (store_.take_letter(letter, unix_ms_now() + kTakenMs)) send(letter, *hop);
      }
      const std::int64_t now = unix_ms_now(), look = store_.shared() ? kSharedLookMs : kLookMs;
      pause_ms = std::clamp<std::int64_t>(store_.next_letter_ms().value_or(now + look) - now, 0, look);
    } catch (const std::exception& trouble) {
      log::warning("letters wait", {{"why", trouble.what()}});
      pause_ms = kAfterTroubleMs;
    }
  }
}

void LetterBox::send(const QueuedLetter& letter, Hop& hop) {
  using Kind = delivery::RecipientResult::Kind;
  const std::vector<transfer::Recipient> recipients{{0, letter.to, transfer::kNotifyNever, {}}};
  delivery::OutgoingMail mail;
  mail.recipients = &recipients;
  mail.content = letter.content;
  const delivery::RecipientResult result = hop.sender.send(mail).front();
  const std::int64_t now = unix_ms_now();
  const bool given_up = result.kind == Kind::permanent ||
                        (result.kind == Kind::temporary && double(now - letter.created_ms) > kLifetimeMs);
  if (result.kind == Kind::temporary && !given_up) {
    const double pause = delivery::retry_pause(hop.config, letter.attempts + 1, random01());
    store_.letter_later(letter.number, letter.attempts + 1, now + static_cast<std::int64_t>(1000 * pause));
    return;
  }
  // No bounce comes to the sender: his list shows that nobody has opened the invitation.
  if (given_up)
    log::warning("letter not delivered",
                 {{"to", std::string_view(letter.to)}, {"reply", std::string_view(result.reply)}});
  store_.letter_done(letter.number);
}

}  // namespace kiyome::edge::invite

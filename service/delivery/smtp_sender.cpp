// Which host, which session, and what the recipients' results are.
#include "service/delivery/smtp_sender.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "service/delivery/pool.h"

namespace kiyome::delivery {
namespace {

using smtp::ClientResult;

constexpr double kJitter = 0.2;
constexpr unsigned kRoundsMax =
    64;  // transactions for one mail when the next hop takes few recipients at a time

// The next hop took some and wants the others in a mail of their own (RFC 5321 section 4.5.3.1.10).
bool too_many(const ClientResult& result) {
  return result.kind == ClientResult::Kind::temporary && result.code != 0 &&
         result.status == smtp::EnhancedStatus{4, 5, 3};
}

struct Attempt {
  std::vector<ClientResult> results;
  std::string hop;
  bool dsn = false;
  bool reached = false;
};

}  // namespace

struct SmtpSender::Impl {
  Pool pool;
  Impl(const SmtpClientConfig& config, std::string hostname) : pool(config, std::move(hostname)) {}

  Attempt attempt(const OutgoingMail& mail, const std::vector<std::size_t>& recipients);
  bool try_host(std::size_t host, const OutgoingMail& mail, const std::vector<std::size_t>& recipients,
                Attempt& out);
};

// false: the host did not come to a session; out.results bear why.
bool SmtpSender::Impl::try_host(std::size_t host, const OutgoingMail& mail,
                                const std::vector<std::size_t>& recipients, Attempt& out) {
  out.hop = pool.name(host);
  std::optional<Pool::Place> place = pool.enter(host);
  if (!place) return false;
  std::unique_ptr<Session> session = std::move(place->session);
  if (session && session->alive()) {
    out.results = session->transact(mail, recipients);
    out.dsn = session->speaks_dsn();
    const bool alive = session->reusable();
    const bool unheard = !alive && session->unheard();
    if (!unheard) {
      pool.leave(host, alive ? std::move(session) : nullptr);
      return true;
    }
    // It had closed the idle connection meanwhile: once more on a fresh one.
  }
  session = pool.open(host);
  if (!session->ready()) {
    out.results.assign(recipients.size(), session->trouble());
    pool.rest(host);
    pool.leave(host, nullptr);
    return false;
  }
  out.results = session->transact(mail, recipients);
  out.dsn = session->speaks_dsn();
  const bool alive = session->reusable();
  pool.leave(host, alive ? std::move(session) : nullptr);
  return true;
}

Attempt SmtpSender::Impl::attempt(const OutgoingMail& mail, const std::vector<std::size_t>& recipients) {
  Attempt out;
  ClientResult none;
  none.status = {4, 4, 1};
  none.text = "no next hop answered just now";
  out.results.assign(recipients.size(), none);
  for (std::size_t host = 0; host < pool.hosts() && !pool.stopped(); ++host)
    if (!pool.resting(host) && try_host(host, mail, recipients, out)) {
      out.reached = true;
      return out;
    }
  // A host that did not come to a session has said nothing about this mail.
  for (ClientResult& result : out.results) {
    result.kind = ClientResult::Kind::temporary;
    result.status.status_class = 4;
    if (result.code != 0) result.status = {4, 4, 1};
  }
  return out;
}

SmtpSender::SmtpSender(SmtpClientConfig config, std::string hostname)
    : impl_(std::make_unique<Impl>(config, config.hostname.empty() ? std::move(hostname) : config.hostname)) {
}

SmtpSender::~SmtpSender() = default;

void SmtpSender::stop() { impl_->pool.stop(); }

std::vector<RecipientResult> SmtpSender::send(const OutgoingMail& mail) {
  std::vector<RecipientResult> out(mail.recipients->size());
  std::vector<std::size_t> todo(out.size());
  std::iota(todo.begin(), todo.end(), std::size_t{0});
  for (unsigned round = 0; round < kRoundsMax && !todo.empty(); ++round) {
    const Attempt got = impl_->attempt(mail, todo);
    std::vector<std::size_t> left;
    bool progress = false;
    for (std::size_t i = 0; i < todo.size(); ++i) {
      const ClientResult& from = got.results[i];
      RecipientResult& to = out[todo[i]];
      using Kind = RecipientResult::Kind;
      to.kind = from.kind == ClientResult::Kind::permanent   ? Kind::permanent
                : from.kind == ClientResult::Kind::temporary ? Kind::temporary
                : got.dsn                                    ? Kind::delivered
                                                             : Kind::relayed_without_dsn;
      to.status_class = from.status.status_class;
      to.status_subject = from.status.subject;
      to.status_detail = from.status.detail;
      to.reply = from.text;
      to.hop = got.hop;
      to.reached = got.reached;
      progress = progress || from.kind != ClientResult::Kind::temporary;
      if (too_many(from)) left.push_back(todo[i]);
    }
    if (!progress) break;
    todo = std::move(left);
  }
  return out;
}

double retry_pause(const SmtpClientConfig& config, unsigned attempt, double random01) {
  const double doublings = std::min(attempt > 0 ? attempt - 1 : 0, 40u);
  const double pause = std::min(config.retry_first_seconds * std::exp2(doublings), config.retry_max_seconds);
  return std::max(pause, 0.0) * (1 - kJitter + 2 * kJitter * std::clamp(random01, 0.0, 1.0));
}

}  // namespace kiyome::delivery

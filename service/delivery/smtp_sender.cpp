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

// What one host said about one recipient.
struct Said {
  ClientResult result;
  std::string hop;
  bool dsn = false;
  bool reached = false;  // the host came to a session
  bool last = false;     // it may have the mail, or nobody shall: no other is asked now
};

}  // namespace

struct SmtpSender::Impl {
  Pool pool;
  Impl(const SmtpClientConfig& config, std::string hostname) : pool(config, std::move(hostname)) {}

  std::vector<Said> attempt(const OutgoingMail& mail, const std::vector<std::size_t>& recipients);
  std::vector<Said> ask(std::size_t host, const OutgoingMail& mail,
                        const std::vector<std::size_t>& recipients);
  std::vector<Said> transact(std::size_t host, Session& session, const OutgoingMail& mail,
                             const std::vector<std::size_t>& recipients);
};

std::vector<Said> SmtpSender::Impl::transact(std::size_t host, Session& session, const OutgoingMail& mail,
                                             const std::vector<std::size_t>& recipients) {
  std::vector<Said> out;
  for (ClientResult& result : session.transact(mail, recipients))
    out.push_back({std::move(result), pool.name(host), session.speaks_dsn(), true,
                   session.in_doubt() || session.given_up()});
  return out;
}

// One for each recipient; nothing when the sender stops.
std::vector<Said> SmtpSender::Impl::ask(std::size_t host, const OutgoingMail& mail,
                                        const std::vector<std::size_t>& recipients) {
  std::optional<Pool::Place> place = pool.enter(host);
  if (!place) return {};
  std::unique_ptr<Session> session = std::move(place->session);
  if (session && session->alive()) {
    std::vector<Said> said = transact(host, *session, mail, recipients);
    const bool alive = session->reusable();
    if (alive || !session->unheard()) {
      pool.leave(host, alive ? std::move(session) : nullptr);
      return said;
    }
    // It had closed the idle connection meanwhile: once more on a fresh one.
  }
  session = pool.open(host);
  std::vector<Said> said;
  if (session->ready()) {
    said = transact(host, *session, mail, recipients);
  } else {
    // A host that did not come to a session has said nothing about this mail.
    ClientResult trouble = session->trouble();
    trouble.kind = ClientResult::Kind::temporary;
    trouble.status.status_class = 4;
    if (trouble.code != 0) trouble.status = {4, 4, 1};
    said.assign(recipients.size(), Said{trouble, pool.name(host), false, false, false});
  }
  const bool alive = session->reusable();
  // Other mails need not find out anew; of one host alone only that it was not there, for they have no other.
  if (!alive && !session->given_up() && (pool.hosts() > 1 || !said.front().reached)) pool.rest(host);
  pool.leave(host, alive ? std::move(session) : nullptr);
  return said;
}

// The hosts in order, each for the recipients that those before it could not take now (RFC 5321 section 5.1:
// "a temporary failure … try the next").
std::vector<Said> SmtpSender::Impl::attempt(const OutgoingMail& mail,
                                            const std::vector<std::size_t>& recipients) {
  ClientResult none;
  none.status = {4, 4, 1};
  none.text = "no next hop answered just now";
  std::vector<Said> out(recipients.size(), Said{none, {}, false, false, false});
  std::vector<std::size_t> left(recipients.size());  // places in `out`
  std::iota(left.begin(), left.end(), std::size_t{0});
  for (std::size_t host = 0; host < pool.hosts() && !left.empty() && !pool.stopped(); ++host) {
    if (pool.resting(host)) continue;
    std::vector<std::size_t> asked;
    for (const std::size_t place : left) asked.push_back(recipients[place]);
    std::vector<Said> said = ask(host, mail, asked);
    std::vector<std::size_t> next;
    for (std::size_t i = 0; i < said.size(); ++i) {
      Said& old = out[left[i]];
      // What a host said about the mail counts more than that another one did not answer.
      if (said[i].reached || !old.reached) old = std::move(said[i]);
      if (old.result.kind == ClientResult::Kind::temporary && !old.last && !too_many(old.result))
        next.push_back(left[i]);
    }
    left = std::move(next);
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
    const std::vector<Said> got = impl_->attempt(mail, todo);
    std::vector<std::size_t> left;
    bool progress = false;
    for (std::size_t i = 0; i < todo.size(); ++i) {
      const ClientResult& from = got[i].result;
      RecipientResult& to = out[todo[i]];
      using Kind = RecipientResult::Kind;
      to.kind = from.kind == ClientResult::Kind::permanent   ? Kind::permanent
                : from.kind == ClientResult::Kind::temporary ? Kind::temporary
                : got[i].dsn                                 ? Kind::delivered
                                                             : Kind::relayed_without_dsn;
      to.status_class = from.status.status_class;
      to.status_subject = from.status.subject;
      to.status_detail = from.status.detail;
      to.reply = from.text;
      to.hop = got[i].hop;
      to.reached = got[i].reached;
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

std::int64_t longest_pause_ms(const SmtpClientConfig& config) {
  return static_cast<std::int64_t>(config.retry_max_seconds * (1 + kJitter) * 1000) + 1;
}

}  // namespace kiyome::delivery

#include "service/cleaner/returns.h"

#include <sodium.h>

#include <algorithm>

#include "service/base/clock.h"
#include "service/base/log.h"
#include "service/cleaner/refusal_notice.h"
#include "service/compose/compose.h"
#include "service/store/item_writer.h"

namespace kiyome::cleaner {
namespace {

using transfer::ResultClass;

constexpr std::size_t kBatch = 50;
constexpr std::int64_t kClaimMs = 15 * 60'000;  // longer than a session takes
constexpr auto kWritePatience = std::chrono::seconds(10);
constexpr auto kLook = std::chrono::seconds(5);  // how late a retry may be noticed

const char* action_of(ResultClass result) {
  switch (result) {
    case ResultClass::delivered:
      return "delivered";
    case ResultClass::relayed:
      return "relayed";
    case ResultClass::delayed:
      return "delayed";
    case ResultClass::failed:
    case ResultClass::expired:
      return "failed";
  }
  return "failed";
}

// RFC 3461 section 4.1: without NOTIFY, failure and delay are told.
bool is_owed(ResultClass result, std::uint8_t notify) {
  const bool by_default = notify == transfer::kNotifyDefault;
  switch (result) {
    case ResultClass::delivered:
      return false;  // the next hop speaks DSN and answers for it
    case ResultClass::relayed:
      return (notify & transfer::kNotifySuccess) != 0;
    case ResultClass::delayed:
      return by_default || (notify & transfer::kNotifyDelay) != 0;
    case ResultClass::failed:
    case ResultClass::expired:
      return by_default || (notify & transfer::kNotifyFailure) != 0;
  }
  return false;
}

double random01() { return randombytes_random() / 4294967296.0; }

}  // namespace

std::string owed_notice(const transfer::DeliveryResult& result, store::ItemStore& items,
                        const Config& config) {
  if (result.part == 0) return {};
  const std::optional<store::RecipientRow> row = items.recipient(result.id, result.recipient);
  if (!row || row->sender.empty() || !is_owed(result.result, row->notify)) return {};
  const std::optional<store::ItemRow> item = items.find(result.id);
  if (!item) return {};
  const std::optional<clean::MailHeader> header = header_of(*item);
  compose::DsnInput input;
  input.id = result.id;
  input.received_ms = item->received_ms;
  input.sender = item->sender;
  input.envid = item->envid;
  input.header = header ? &*header : nullptr;
  input.recipients.push_back({row->address, row->orcpt, action_of(result.result), result.status_class,
                              result.status_subject, result.status_detail});
  return compose::delivery_status(input, config);
}

Returns::Returns(store::ItemStore& items, CurrentConfig& config) : items_(items), config_(config) {
  reload(*config.get());
  thread_ = std::thread([this] { run(); });
}

void Returns::reload(const Config& config) {
  const std::string& name = config.returns.hostname;
  auto sender =
      std::make_shared<delivery::SmtpSender>(config.returns, name.empty() ? config.smtp.hostname : name);
  state_.with([&](State& state) { state.sender.swap(sender); });
}

Returns::~Returns() { stop(); }

void Returns::stop() {
  state_.with([](State& state) {
    state.stopped = true;
    state.sender->stop();
  });
  state_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Returns::wake() {
  state_.with([](State& state) { state.woken = true; });
  state_.notify_all();
}

void Returns::run() {
  for (;;) {
    const bool stopped = state_.wait_until(
        Steady::now() + kLook, [](State& state) { return state.woken || state.stopped; },
        [](State& state) {
          state.woken = false;
          return state.stopped;
        });
    if (stopped) return;
    if (!items_.keeps_house()) continue;  // one host sends them
    const std::shared_ptr<const Config> config = config_.get();
    try {
      for (const store::ReturnMail& mail :
           items_.due_returns(unix_ms_now(), kBatch, delivery::longest_pause_ms(config->returns))) {
        if (sent_.contains(mail.number))
          write_down(mail.number);
        else if (claimed(mail, delivery::longest_pause_ms(config->returns)))
          send(mail, *config);
      }
    } catch (const std::exception& trouble) {
      log::warning("notices to senders wait", {{"why", trouble.what()}});
    }
  }
}

void Returns::send(const store::ReturnMail& mail, const Config& config) {
  transfer::Recipient recipient;
  recipient.address = mail.recipient;
  recipient.notify = transfer::kNotifyNever;
  const std::vector<transfer::Recipient> recipients{recipient};
  delivery::OutgoingMail outgoing;
  outgoing.recipients = &recipients;
  outgoing.content = mail.content;
  const auto sender = state_.with([](State& state) { return state.sender; });
  const delivery::RecipientResult result = sender->send(outgoing).front();
  using Kind = delivery::RecipientResult::Kind;
  const std::string status = std::to_string(result.status_class) + "." +
                             std::to_string(result.status_subject) + "." +
                             std::to_string(result.status_detail);
  const double age_hours = static_cast<double>(unix_ms_now() - mail.created_ms) / 3'600'000.0;
  if (result.kind == Kind::temporary && age_hours < config.returns.lifetime_hours) {
    const double pause = delivery::retry_pause(config.returns, mail.attempts + 1, random01());
    wait_written([&](auto done) {
      items_.return_later(mail.number, mail.attempts + 1,
                          unix_ms_now() + static_cast<std::int64_t>(pause * 1000), std::move(done));
    });
    return;
  }
  const bool delivered = result.kind != Kind::temporary && result.kind != Kind::permanent;
  log::info("notice to sender", mail.id,
            {{"delivered", delivered}, {"status", status}, {"reply", result.reply}});
  sent_.insert_or_assign(mail.number, Sent{delivered, status});
  write_down(mail.number);
}

// Of hosts that share the store whoever moves the row's time first sends it; when he dies over it, it is due
// again.
bool Returns::claimed(const store::ReturnMail& mail, std::int64_t longest_ms) {
  if (!items_.at().shared()) return true;
  const auto ours = std::make_shared<bool>(false);  // shared with the store's thread
  const std::int64_t until = unix_ms_now() + std::min<std::int64_t>(longest_ms, kClaimMs);
  const bool written = wait_written([&](auto done) {
    items_.write(
        [=, number = mail.number, before = mail.next_ms](store::ItemWriter& writer) {
          writer.database()
              .kept("UPDATE returns SET next_ms=? WHERE number=? AND next_ms=?")
              .run(until, number, before);
          *ours = writer.database().changes() > 0;
        },
        std::move(done));
  });
  return written && *ours;
}

// Until it is on the disk the row stays due; what was sent once is not sent again for that.
void Returns::write_down(std::int64_t number) {
  const Sent& sent = sent_.at(number);
  if (wait_written(
          [&](auto done) { items_.return_sent(number, sent.delivered, sent.status, std::move(done)); }))
    sent_.erase(number);
}

bool Returns::wait_written(const std::function<void(store::ItemStore::Done)>& submit) {
  return store::wait_for_answer<bool>(kWritePatience, submit).value_or(false);
}

}  // namespace kiyome::cleaner

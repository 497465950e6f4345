#include "service/cleaner/processor.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "proto/clean/codec.h"
#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/meters.h"
#include "service/cleaner/doors/door_links.h"
#include "service/cleaner/processor_job.h"
#include "service/cleaner/report.h"
#include "service/document/document_cleaner.h"
#include "service/document/mail_reading.h"
#include "service/document/scan.h"
#include "service/policy/policy.h"
#include "service/policy/tenant.h"
#include "service/store/item_writer.h"

namespace kiyome::cleaner {
namespace {

using clean::Finding;

bool tells_recipient(const std::vector<Finding>& reasons) {
  // A notice about a looping mail would loop as well; a refusal by policy is silent by its nature.
  return std::none_of(reasons.begin(), reasons.end(), [](Finding reason) {
    return reason == Finding::kMailLoop || reason == Finding::kPolicyVerdictRejected;
  });
}

std::vector<transfer::Recipient> chosen(const store::Envelope& envelope,
                                        const std::vector<std::size_t>& which) {
  std::vector<transfer::Recipient> out;
  for (const std::size_t index : which) out.push_back(envelope.recipients[index]);
  return out;
}

transfer::Bundle bundle_of(const store::Envelope& envelope, std::vector<transfer::Recipient> recipients,
                           std::uint16_t part, std::string content) {
  transfer::Bundle bundle;
  bundle.id = envelope.id;
  bundle.part = part;
  bundle.recipients = std::move(recipients);
  if (part == 0) {
    bundle.kind = transfer::BundleKind::notice;
    for (transfer::Recipient& each : bundle.recipients) {
      each.notify = transfer::kNotifyNever;
      each.orcpt.clear();
    }
  } else {
    bundle.sender = envelope.sender;
    bundle.ret = envelope.ret;
    bundle.envid = envelope.envid;
  }
  bundle.content = std::move(content);
  bundle.sha256 = kiyome::sha256(bundle.content);
  return bundle;
}

// What is counted of a decision once it is on the disk.
class Judged {
 public:
  Judged(const store::DecidedItem& decided, bool again)
      : again_(again), received_ms_(decided.envelope.received_ms) {
    for (const store::DecidedGroup& group : decided.groups)
      groups_.push_back({group.verdict, group.recipients.size(), group.reasons});
  }
  void count() const {
    if (again_) return meters::cleaning.again.add();
    meters::cleaning.items.add();
    meters::cleaning.to_verdict.see(static_cast<double>(unix_ms_now() - received_ms_) / 1000);
    for (const GroupOf& group : groups_) {
      meters::cleaning.verdicts[static_cast<std::size_t>(group.verdict)].add(group.recipients);
      for (const Finding reason : group.reasons) meters::cleaning.reason(reason, group.recipients);
    }
  }

 private:
  struct GroupOf {
    Verdict verdict;
    std::size_t recipients;
    std::vector<Finding> reasons;
  };
  bool again_;
  std::int64_t received_ms_;
  std::vector<GroupOf> groups_;
};

}  // namespace

void Processor::process(Work work) {
  try {
    run(work);
  } catch (const TemporaryFailure& trouble) {
    put_off(work, trouble.what());
  } catch (const std::exception& trouble) {  // a lack of memory, a bug: perhaps the item's own doing
    ++work.faults;
    put_off(work, trouble.what());
  }
}

void Processor::put_off(Work& work, const char* why) {
  meters::cleaning.put_off.add();
  log::warning("item put off", work.where.id, {{"why", why}});
  parts_.attempts.lay_aside(work.where.id);
  parts_.queue.put_off(std::move(work));
}

void Processor::run(Work& work) {
  if (!work.again() && parts_.items.knows(work.where.id)) {  // announced again after a reconnect
    const ItemId id = work.where.id;
    if (parts_.items.at().shared())
      parts_.items.write([id](store::ItemWriter& writer) { writer.forget_arrival(id); }, {});
    parts_.queue.finished(id);
    parts_.taken(id);
    return;
  }
  const unsigned deaths = work.deaths + parts_.attempts.begin(work.where.id);
  Job job;
  job.config = parts_.config.get();
  job.decided.where = work.where;
  job.decided.released = work.order.has_value();
  job.decided.unlocked = work.unlock.has_value();
  if (work.order) {
    job.decided.event = work.order->event;
    job.decided.detail = work.order->detail;
    job.decided.behalf = work.order->behalf;
  }
  if (work.again()) job.decided.actor = work.actor;

  if (work.unlock && !parts_.items.is_drop(work.where.id)) choose_copies(job, work);

  Result<store::Original> original = parts_.originals.read(work.where);
  if (!original) {
    // The envelope is unreadable too: the item shows up with an unnamed recipient, for a person to look at.
    log::error("original refused", work.where.id, {{"why", original.error().what}});
    if (work.again()) {  // its recipients are known, and stay as they are
      job.why = {Finding::kOriginalDamaged};
      job.original.envelope.id = work.where.id;
      return submit(std::move(job), work);
    }
    job.original.envelope.id = work.where.id;
    job.original.envelope.received_ms = work.where.id.unix_ms();
    job.original.envelope.recipients.push_back({});
    job.original.segments = {work.where.segment};  // kept for a person to look at
    job.recipients = {0};
    job.damaged = true;
    hold(job, Finding::kOriginalDamaged);
    return submit(std::move(job), work);
  }
  job.original = std::move(*original);
  const std::size_t count = job.original.envelope.recipients.size();
  const bool drop = job.original.envelope.drop.has_value();
  if (work.again()) job.first_ordinal = parts_.items.next_part(work.where.id);
  if (work.unlock && !drop) {
    std::erase_if(job.recipients, [&](std::size_t each) { return each >= count; });
  } else if (work.order) {
    choose_ordered(job, *work.order);
  } else {
    job.recipients.resize(count);
    std::iota(job.recipients.begin(), job.recipients.end(), std::size_t{0});
  }
  if (work.again() && job.recipients.empty()) return submit(std::move(job), work);  // settled
  if (!drop) job.links = make_links(job.recipients, *job.config);
  if (!drop || job.original.envelope.protocol == "DROP")
    job.allowed = allowances_.of(job.original.envelope.sender);
  const bool poison = (deaths >= limits::kJobAttempts && !work.order) || work.faults >= limits::kItemFaults;
  if (drop && !work.hold && !poison) return sanitize_drop(job, work);
  if (work.hold || poison) {
    hold(job, work.hold ? Finding::kHeldByOperator : Finding::kPoisonItem);
    return submit(std::move(job), work);
  }
  if (const auto why = work.documents ? std::nullopt : scan_original(job)) {
    hold(job, *why);
    return submit(std::move(job), work);
  }
  sanitize(job, work);
}

// What clamd finds in the whole mail, before anything else looks at it.
std::optional<Finding> Processor::scan_original(const Job& job) {
  std::string name;
  const auto why =
      document::held_by_scan(job.config->scan, job.original.content.get(), job.original.size, name);
  if (why)
    log::warning("malware scan", job.original.envelope.id,
                 {{"found", *why == Finding::kMalware}, {"name", name}});
  return why;
}

bool Processor::parse(Job& job, const Work& work, int input, const clean::JobOptions& options) {
  const auto began = Steady::now();
  document::MailReading reading = document::read_mail(
      parts_.sanitizers.get(document::Kind::mail), input, job.original.size, options, job.config->cleaner,
      [&](const workers::JobEnd& end, unsigned attempt) {
        log::warning("sanitizer failed", work.where.id,
                     {{"why", clean::slug(*end.failure)}, {"attempt", std::int64_t{attempt}}});
      });
  job.parse_ms = milliseconds_since(began);
  if (!reading.end.good()) {
    hold(job, *reading.end.failure);
    return false;
  }
  job.answer = std::move(reading.answer);
  job.contents = std::move(reading.contents);
  return true;
}

void Processor::sanitize(Job& job, Work& work) {
  clean::JobOptions options;
  options.part_texts = looks_into(job);
  options.contents = work.documents;
  if (parse(job, work, job.original.content.get(), options)) {
    if (!job.allowed.empty()) prove_sender(job);
    if (!work.documents && needs_documents(job, work)) {
      parts_.attempts.lay_aside(work.where.id);
      return parts_.queue.to_documents(std::move(work), job.original.envelope.sender);
    }
    if (!job.proven && !job.config->notice.trusted_authserv_id.empty())
      job.answer->header.authentication = upstream_results(job);
    if (work.documents) clean_documents(job, work);
    decide(job, *job.answer, work);
  }
  submit(std::move(job), work);
}

// Documents take long: their items go to workers of their own, so that no plain mail waits behind them.
bool Processor::needs_documents(const Job& job, const Work& work) {
  if (!looks_into(job) || !item_holds(*job.answer).empty() || is_loop(*job.answer)) return false;
  return !wanted_documents(request_of(job, work), *job.config).empty();
}

void Processor::clean_documents(Job& job, const Work& work) {
  if (!item_holds(*job.answer).empty() || is_loop(*job.answer)) return;
  document::DocumentCleaner cleaner(parts_.sanitizers, *job.config);
  document::Budget budget(job.config->documents);
  job.documents = make_documents(request_of(job, work), *job.config, job.contents, cleaner,
                                 passwords_for(job, work), budget);
}

// From a job of its own that is given nothing but the header block: what is said in our name about the sender
// must not be chosen by a process that has read his content.
std::vector<clean::Authentication> Processor::upstream_results(const Job& job) {
  std::string header(std::min<std::size_t>(job.original.size, limits::kMailHeaderBytes), '\0');
  const ssize_t count = ::pread(job.original.content.get(), header.data(), header.size(), 0);
  header.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  const std::size_t end = header.find("\r\n\r\n");
  if (end != std::string::npos) header.resize(end + 4);
  const workers::JobResult result = parts_.sanitizers.get(document::Kind::mail)
                                        .run(workers::sealed_input(header).get(), header.size(), {},
                                             document::mail_bounds(job.config->cleaner, job.original.size));
  if (result.unavailable) throw TemporaryFailure("no sanitizer is ready");
  return result.answer ? result.answer->header.authentication : std::vector<clean::Authentication>{};
}

bool Processor::is_loop(const clean::MailAnswer& answer) {
  if (answer.header.received_count > limits::kReceivedMax) return true;
  return std::any_of(answer.header.kiyome_ids.begin(), answer.header.kiyome_ids.end(),
                     [&](const std::string& text) {
                       const Result<ItemId> id = ItemId::parse(std::string_view(text).substr(0, 36));
                       return id && parts_.items.knows(*id);  // another organisation's Kiyome is no loop
                     });
}

void Processor::decide(Job& job, const clean::MailAnswer& answer, const Work& work) {
  const auto began = Steady::now();
  std::vector<Finding> holds = item_holds(answer);
  if (is_loop(answer)) holds.push_back(Finding::kMailLoop);
  if (!holds.empty()) {
    hold(job, holds.front());
    job.groups.front().reasons = holds;
    return;
  }
  job.groups = clean_item(request_of(job, work), *job.config);
  job.compose_ms = milliseconds_since(began);
}

Request Processor::request_of(const Job& job, const Work& work) {
  Request request;
  request.envelope = &job.original.envelope;
  request.bytes = job.original.size;
  request.answer = &*job.answer;
  request.documents = &job.documents;
  request.recipients = job.recipients;
  request.standings = &job.standings;
  request.allowed = job.allowed;
  if (work.order) request.text = work.order->text;
  if (work.again()) request.now_ms = unix_ms_now();
  request.first_ordinal = job.first_ordinal;
  request.links = &job.links;
  return request;
}

void Processor::hold(Job& job, Finding why) {
  Group group;
  group.verdict = Verdict::held;
  group.recipients = job.recipients;
  group.reasons = {why};
  job.groups = {std::move(group)};
  job.outcome.verdict = Verdict::held;
  job.outcome.reasons = {why};
}

// `work` is the caller's until the store has taken the decision.
void Processor::submit(Job job, Work& work) {
  if (job.original.envelope.drop) return submit_drop(std::move(job), work);
  store::DecidedItem& decided = job.decided;
  if (work.unlock) keep_opened(job);
  if (work.again()) keep_new(job, work);
  add_locks(job, work);
  keep_standings(job);
  const store::Envelope& envelope = job.original.envelope;
  const clean::MailHeader* header = job.answer ? &job.answer->header : nullptr;
  std::vector<std::size_t> told;
  std::vector<Finding> told_why;
  for (Group& group : job.groups) {
    store::DecidedGroup out{group.verdict, {}, group.reasons, std::nullopt, group.standing.further};
    for (const std::size_t each : group.recipients) out.recipients.push_back(envelope.recipients[each].index);
    if (group.verdict == Verdict::clean) {
      add_door(job, group);
      out.bundle = bundle_of(envelope, chosen(envelope, group.recipients), group.ordinal,
                             std::move(group.mail.octets));
      for (transfer::Recipient& each : out.bundle->recipients)
        if (std::find(job.served.begin(), job.served.end(), each.index) != job.served.end())
          each.notify = transfer::kNotifyNever;
    } else if (group.verdict == Verdict::held && tells_recipient(group.reasons) && !work.again()) {
      for (const std::size_t each : group.recipients)
        if (!envelope.recipients[each].address.empty()) told.push_back(each);
      told_why.insert(told_why.end(), group.reasons.begin(), group.reasons.end());
    }
    decided.groups.push_back(std::move(out));
  }
  add_notices(job, std::move(told), told_why);
  if (header != nullptr) {
    decided.subject = header->subject.value_or("");
    clean::encode(*header, decided.header);
  }
  // Copies for the link: what the store keeps is what the gate gets.
  std::vector<transfer::AnyBundle> leaving(decided.notices.begin(), decided.notices.end());
  for (const store::DecidedGroup& group : decided.groups)
    if (group.bundle) leaving.push_back(*group.bundle);
  write_down(std::move(job), work, std::move(leaving));
}

void Processor::write_down(Job job, Work& work, std::vector<transfer::AnyBundle> leaving) {
  store::DecidedItem& decided = job.decided;
  decided.bytes = job.original.size;
  decided.sha256 = job.original.sha256;
  decided.segments = job.original.segments;
  decided.report = item_json(job.answer ? &*job.answer : nullptr, job.groups, job.original.envelope,
                             job.parse_ms, job.compose_ms);
  if (work.again()) decided.report = merged_report(job, work.where.id, std::move(decided.report));
  decided.envelope = std::move(job.original.envelope);
  if (!job.config->tenants.empty()) {
    std::vector<std::string> addresses;
    for (const transfer::Recipient& each : decided.envelope.recipients) addresses.push_back(each.address);
    decided.tenants = policy::tenants_of(job.config->tenants, addresses);
  }
  for (const store::DecidedGroup& group : decided.groups)
    log::info(work.again() ? "decided again" : "verdict", decided.envelope.id,
              {{"verdict", name_of(group.verdict)},
               {"recipients", std::int64_t(group.recipients.size())},
               {"reasons", reasons_json(group.reasons)},
               {"ms", job.parse_ms + job.compose_ms}});
  const Judged judged(decided, work.again());
  const bool looks = work.unlock || !decided.locked.empty() || !decided.words.empty();
  const ItemId id = decided.envelope.id;
  const std::string sender = decided.envelope.sender;
  const auto too_late = std::make_shared<bool>(false);  // shared with the store's thread
  if (!work.again()) decided.too_late = too_late;
  parts_.items.decide(std::move(decided), [this, id, sender, looks, judged, damaged = job.damaged,
                                           work = std::move(work), why = std::move(job.why),
                                           leaving = std::move(leaving), too_late](bool written) mutable {
    if (!written) return put_off(work, "the store could not write");
    if (*too_late) leaving.clear();  // another host decided it: what is its own leaves
    if (!*too_late) judged.count();
    parts_.attempts.end(id);
    parts_.queue.finished(id);
    parts_.taken(id);
    if (damaged)  // perhaps a file whose sender waits
      if (const auto state = parts_.items.drop_state(id)) parts_.progress(*state);
    finish(work, std::move(leaving), std::move(why));
    // Passwords may have come while their files were tried with others, or the files
    // while the passwords were.
    if (looks) try_locked(parts_.locks.due_items(sender, unix_ms_now(), limits::kUnlockItems));
  });
}

// On the writer's thread, when all is on disk. Of a second decision what the store took is what leaves: for
// whom it came too late it does not.
void Processor::finish(const Work& work, std::vector<transfer::AnyBundle> leaving,
                       std::vector<clean::Finding> why) {
  if (!work.again()) return parts_.leaving(std::move(leaving));
  Told told{0, std::move(why)};
  std::vector<transfer::AnyBundle> taken;
  for (const transfer::AnyBundle& bundle : leaving) {
    std::optional<transfer::AnyBundle> kept =
        parts_.items.load_bundle(transfer::id_of(bundle), transfer::part_of(bundle));
    if (!kept) continue;
    if (const auto* mail = std::get_if<transfer::Bundle>(&*kept))
      told.recipients += static_cast<unsigned>(mail->recipients.size());
    else if (const auto* drop = std::get_if<transfer::DropBundle>(&*kept);
             drop != nullptr && drop->verdict == transfer::DropVerdict::clean)
      told.recipients += static_cast<unsigned>(drop->recipients.size());
    taken.push_back(std::move(*kept));
  }
  parts_.leaving(std::move(taken));
  if (work.told) work.told(told);
}

}  // namespace kiyome::cleaner

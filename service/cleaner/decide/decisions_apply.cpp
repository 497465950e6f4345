// Decisions that need no further cleaning: refuse, delete, hold, allow; and whether one loosens a policy.
#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/cleaner/decide/allowances.h"
#include "service/cleaner/decide/decisions.h"
#include "service/cleaner/decide/recorded_parts.h"
#include "service/cleaner/refusal_notice.h"
#include "service/compose/notice.h"
#include "service/compose/own_mail.h"
#include "service/compose/words.h"
#include "service/policy/policy.h"

namespace kiyome::cleaner {
namespace {

constexpr auto kWritten = std::chrono::seconds(20);

[[noreturn]] void invalid(const char* field) { throw http::Problem{422, "invalid", {}, {field}, {}}; }
[[noreturn]] void refuse(const char* code) { throw http::Problem{409, code, {}, {}, {}}; }

// Gives work to the store's writer and waits for its number.
template <class T, class Submit>
T written(Submit&& submit) {
  const std::optional<T> out = store::wait_for_answer<T>(kWritten, std::forward<Submit>(submit));
  if (!out) throw TemporaryFailure("the store is busy");
  return *out;
}

clean::Part part_of(const RecordedPart& recorded) {
  clean::Part out;
  out.detected_type = recorded.type;
  out.size = recorded.bytes;
  return out;
}

// Parts that lie in no other one: the policy speaks of those.
bool is_whole(const RecordedPart& part) { return part.place.find('/') == std::string::npos; }

}  // namespace

// What is named must be there, where it is known what is. Of what was not opened yet (policy held it as it
// came) an entry may be named all the same: should it not be there, all of it is held again.
void Decisions::check_part(const store::ItemRow& item, const Decision& decision) {
  if (decision.part.empty()) return;
  const bool whole = decision.part.find('/') == std::string::npos;
  if (decision.kind == DecisionKind::without_part && whole && parts_.items.is_drop(item.id)) invalid("part");
  const std::vector<RecordedPart> parts = recorded_parts(item.report);
  if (parts.empty()) return;
  const RecordedPart* nearest = nullptr;  // the part itself, or what it lies in
  for (const RecordedPart& each : parts)
    if ((decision.part + "/").starts_with(each.place + "/") &&
        (nearest == nullptr || nearest->place.size() < each.place.size()))
      nearest = &each;
  if (nearest == nullptr) invalid("part");
  const bool opened = std::any_of(parts.begin(), parts.end(), [&](const RecordedPart& each) {
    return each.place.starts_with(nearest->place + "/");
  });
  if (nearest->place != decision.part && (opened || decision.kind != DecisionKind::without_part))
    invalid("part");
}

bool Decisions::loosens(const ItemId& id, const Decision& decision) {
  if (decision.kind == DecisionKind::allow) return true;
  if (decision.kind != DecisionKind::clean_again || !decision.policy) return false;
  const std::optional<store::ItemRow> item = parts_.items.find(id);
  if (!item) throw http::Problem{404, "not-found", {}, {}, {}};
  const std::shared_ptr<const Config> config = parts_.config.get();
  const bool drop = parts_.items.is_drop(id);
  std::vector<RecordedPart> parts = recorded_parts(item->report);
  std::erase_if(parts, [](const RecordedPart& each) { return !is_whole(each); });
  if (!decision.part.empty())
    std::erase_if(parts, [&](const RecordedPart& each) {
      return part_of_place(each.place) != part_of_place(decision.part);
    });
  // Of what nobody knows the type of, the strictest may be meant.
  if (parts.empty()) return *decision.policy != Action::strip;
  const Action wish = *decision.policy;
  for (const store::RecipientRow& row : parts_.items.recipients(id)) {
    const auto& named = decision.recipients;
    if (!named.empty() && std::find(named.begin(), named.end(), row.index) == named.end()) continue;
    const policy::RecipientPolicy rules(*config, row.address);
    for (const RecordedPart& each : parts) {
      const clean::Part part = part_of(each);
      const Action own =
          drop ? rules.file(item->sender, part) : rules.attachment(item->sender, item->bytes, part);
      if (own != wish && policy::stricter(own, wish) == own) return true;
    }
  }
  return false;
}

// A mail of its own to those who will not get theirs. The item's own notice has gone, perhaps: this one has
// an id of its own.
transfer::Bundle Decisions::refusal(const store::ItemRow& item, const Decision& decision,
                                    const std::vector<store::RecipientRow>& rows) {
  const std::shared_ptr<const Config> config = parts_.config.get();
  const std::optional<clean::MailHeader> header = header_of(item);
  const std::string from = header && !header->from.empty() ? header->from.front().address : item.sender;
  compose::Values values(*config);
  values.text("sender", from.empty() ? item.sender : from)
      .text("subject", item.subject)
      .own("received", iso_time(item.received_ms))
      .own("reasons", std::string(clean::info(clean::Finding::kRejectedByReviewer).japanese))
      .own("item", item.id.text())
      .own("contact", compose::contact_sentence(config->notice));
  if (!decision.text.empty()) values.lines("answer", decision.text);
  transfer::Bundle out;
  out.id = new_item_id();
  out.kind = transfer::BundleKind::notice;
  for (const store::RecipientRow& row : rows)
    if (!row.address.empty()) out.recipients.push_back({row.index, row.address, transfer::kNotifyNever, {}});
  out.content =
      compose::own_mail({.id = out.id,
                         .part = 0,
                         .to = out.recipients.size() == 1 ? out.recipients[0].address : std::string(),
                         .words = compose::worded("rejected", values, *config),
                         .unix_ms = unix_ms_now()},
                        *config);
  out.sha256 = sha256(out.content);
  return out;
}

unsigned Decisions::settle(const store::ItemRow& item, const Decision& decision, const Decider& decider) {
  std::vector<store::RecipientRow> rows = concerned(item.id, decision, decider);
  const bool reject = decision.kind == DecisionKind::reject;
  std::erase_if(rows, [&](const store::RecipientRow& row) {
    return row.state != store::State::held || (reject && row.verdict == Verdict::rejected);
  });
  if (rows.empty()) return 0;
  store::Settlement settlement;
  settlement.reject = reject;
  for (const store::RecipientRow& row : rows) settlement.recipients.push_back(row.index);
  settlement.actor = decider.login;
  settlement.detail = decision_detail(decision, decider);
  std::optional<BundleKey> notice;
  if (reject && decision.notice && !parts_.items.is_drop(item.id)) {
    settlement.notice = refusal(item, decision, rows);
    if (settlement.notice->recipients.empty())
      settlement.notice.reset();
    else
      notice = BundleKey{settlement.notice->id, 0};
  }
  const auto count = written<unsigned>(
      [&](auto done) { parts_.items.settle(item.id, std::move(settlement), std::move(done)); });
  if (count == 0 && !reject && parts_.items.legal_hold(item.id)) refuse("kept");
  if (count > 0 && notice) {
    parts_.gate.offer(*notice);
    parts_.gate.flush();
  }
  return count;
}

// Only what has not left yet can be held: an item before its verdict, or a bundle that was never sent.
unsigned Decisions::hold(const ItemId& id, const Decision& decision, const Decider& decider) {
  // What waits, and a bundle, is held for all who share it: no tenant's account stops what is the others'.
  if (!decider.tenant.empty() &&
      concerned(id, decision, decider).size() != parts_.items.recipients(id).size())
    throw http::Problem{403, "forbidden", {}, {}, {}};
  if (parts_.queue.hold(id)) {
    for (const transfer::Announce& where : parts_.queue.waiting(SIZE_MAX))
      if (where.id == id)
        if (const Result<store::Original> original = parts_.originals.read(where))
          return static_cast<unsigned>(original->envelope.recipients.size());
    return 1;
  }
  unsigned held = 0;
  for (const auto& [item, part] : parts_.items.unaccepted_bundles()) {
    if (item != id || part == 0 || !parts_.gate.withdraw({item, part})) continue;
    const auto now = written<unsigned>([&, number = part](auto done) {
      parts_.items.hold(id, number, decider.login, std::move(done), decision_detail(decision, decider));
    });
    held += now;
    if (now > 0) continue;
    parts_.gate.offer(BundleKey{item, part});  // it could not be written down, so it leaves as it would have
    parts_.gate.flush();
  }
  return held;
}

void Decisions::check_proposal(const ItemId& id, const Decision& decision, const Decider& decider) {
  const std::optional<store::ItemRow> item = parts_.items.find(id);
  if (!item) throw http::Problem{404, "not-found", {}, {}, {}};
  if (decision.kind == DecisionKind::allow) {
    allowance(*item, decision, decider);
    return;
  }
  check_part(*item, decision);
  if (!item->original_kept) refuse("not-kept");
  if (concerned(id, decision, decider).empty()) refuse("decided");
}

// The item is the example: its sender, the type of its part. Who is not proven here would not be proven in
// the next mail: the allowance would let through nothing, or somebody who writes in his name.
store::Allowed Decisions::allowance(const store::ItemRow& item, const Decision& decision,
                                    const Decider& decider) {
  const std::string sender = allowed_sender(item.sender), domain = allowed_domain(item.sender);
  const std::string meant =
      decision.sender.empty() ? sender : allowed_sender("x" + decision.sender).substr(1);
  if (sender.empty() || (meant != sender && meant != domain)) invalid("sender");
  std::string type = decision.part_type;
  if (type.empty() && !decision.part.empty())
    for (const RecordedPart& each : recorded_parts(item.report))
      if (each.place == decision.part) type = each.type;
  if (type.empty()) invalid("part_type");
  if (!is_proven(item, parts_.items.is_drop(item.id), *parts_.config.get())) refuse("unproven");
  return {0, meant, type, decider.tenant, unix_ms_now() + decision.days * kDayMs};
}

unsigned Decisions::allow(const store::ItemRow& item, const Decision& decision, const Decider& decider) {
  store::NewAllowance out;
  out.what = allowance(item, decision, decider);
  out.item = item.id;
  out.allowed_by = decider.login;
  out.agreed_by = decider.agreed_by;
  out.reason = decision.reason;
  out.behalf = decider.behalf;
  const auto number =
      written<std::int64_t>([&](auto done) { parts_.items.allow(std::move(out), std::move(done)); });
  if (number == 0) refuse("full");
  return static_cast<unsigned>(std::max<std::size_t>(1, concerned(item.id, decision, decider).size()));
}

}  // namespace kiyome::cleaner

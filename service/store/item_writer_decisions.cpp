// What the writer does when people decide about items that were decided before: further cleanings for those
// who are held or served, refusals and deletions, allowances. Whoever comes second finds the state that the
// first one left: each row changes only from the state that was meant.
#include <fmt/format.h>

#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/log.h"
#include "service/store/item_writer.h"

namespace kiyome::store {
namespace {

bool contains(const std::vector<std::uint32_t>& all, std::uint32_t one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// The same bundle for those of its recipients alone.
transfer::Bundle only_for(const transfer::Bundle& bundle, const std::vector<std::uint32_t>& numbers) {
  transfer::Bundle out = bundle;
  std::erase_if(out.recipients,
                [&](const transfer::Recipient& each) { return !contains(numbers, each.index); });
  return out;
}

}  // namespace

// Only recipients who are still held leave by a release, and nobody who was refused for good.
ItemWriter::Numbers ItemWriter::release_group(const DecidedItem& item, const DecidedGroup& group,
                                              std::int64_t now) {
  Numbers out;
  if (group.verdict != Verdict::clean || !group.bundle) return out;
  for (const std::uint32_t number : group.recipients) {
    database_
        .kept(
            "UPDATE recipients SET state=2, verdict=0, reasons=?, part=?, status='', changed_ms=? WHERE id=? "
            "AND number=? AND state=1 AND verdict<>2")
        .run(reasons_text(group.reasons), group.bundle->part, now, blob(item.envelope.id), number);
    if (database_.changes() > 0) out.push_back(number);
  }
  return out;
}

// For recipients who have a mail of the item or had one. Of a copy that was delivered the sender has heard:
// he is not told of the next one.
ItemWriter::Numbers ItemWriter::further_group(const DecidedItem& item, const DecidedGroup& group,
                                              std::int64_t now) {
  Numbers out;
  if (group.verdict != Verdict::clean || !group.bundle) return out;
  for (const std::uint32_t number : group.recipients) {
    database_
        .kept(
            "UPDATE recipients SET notify=CASE state WHEN 2 THEN notify ELSE ? END, state=2, reasons=?, "
            "part=?, status='', delayed=0, changed_ms=? WHERE id=? AND number=? AND state IN (2,3,4)")
        .run(transfer::kNotifyNever, reasons_text(group.reasons), group.bundle->part, now,
             blob(item.envelope.id), number);
    if (database_.changes() > 0) out.push_back(number);
  }
  return out;
}

// What holds them now is told in place of what held them before.
void ItemWriter::held_again(const DecidedItem& item, const DecidedGroup& group, std::int64_t now) {
  if (group.verdict != Verdict::held) return;
  for (const std::uint32_t number : group.recipients)
    database_
        .kept(
            "UPDATE recipients SET reasons=?, changed_ms=? WHERE id=? AND number=? AND state=1 AND "
            "verdict<>2")
        .run(reasons_text(group.reasons), now, blob(item.envelope.id), number);
}

void ItemWriter::decide_again(const DecidedItem& item, std::int64_t now) {
  bool told = false;
  for (const DecidedGroup& group : item.groups) {
    const bool further = group.further || item.unlocked;
    const Numbers leaving = further ? further_group(item, group, now) : release_group(item, group, now);
    if (!leaving.empty())
      insert_bundle(only_for(*group.bundle, leaving));
    else if (!further)
      held_again(item, group, now);
    if (leaving.empty() && further) continue;
    audit_group(item, group, leaving);
    write_standings(item, leaving);
    note_carried(item.behalf, leaving.size());
    told = true;
  }
  if (told) tell_again(item);
}

// The record tells what was seen and done last.
void ItemWriter::tell_again(const DecidedItem& item) {
  database_
      .kept(
          "UPDATE items SET report=?, subject=CASE subject WHEN '' THEN ? ELSE subject END, header=CASE "
          "length(header) WHEN 0 THEN ? ELSE header END WHERE id=?")
      .run(item.report, item.subject, Blob{item.header}, blob(item.envelope.id));
}

void ItemWriter::write_standings(const DecidedItem& item, const Numbers& leaving) {
  for (const Standing& each : item.standings)
    if (contains(leaving, each.recipient))
      database_
          .kept(
              "INSERT INTO standings VALUES (?,?,?,?,?,?) ON CONFLICT (id, number) DO UPDATE SET "
              "released=excluded.released, policies=excluded.policies, left_out=excluded.left_out, "
              "given=excluded.given")
          .run(blob(item.envelope.id), each.recipient, each.released, each.policies, each.left_out,
               each.given);
}

void ItemWriter::note_carried(const Behalf& behalf, std::size_t recipients) {
  if (behalf.proposal != 0)
    database_.kept("UPDATE proposals SET carried=carried+? WHERE number=?").run(recipients, behalf.proposal);
  if (behalf.request != 0)
    database_.kept("UPDATE requests SET carried=carried+? WHERE number=?").run(recipients, behalf.request);
}

void ItemWriter::forget_standings(const ItemId& id) {
  database_.kept("DELETE FROM standings WHERE id=?").run(blob(id));
}

// Whom a settlement concerns. The recipients of a dropped file share it: all of them or none.
ItemWriter::Numbers ItemWriter::settled(const ItemId& id, const Settlement& settlement) {
  Numbers out;
  std::size_t all = 0;
  database_.kept("SELECT number, state, verdict FROM recipients WHERE id=? ORDER BY number")
      .each(
          [&](const Row& row) {
            ++all;
            const auto number = static_cast<std::uint32_t>(row.integer(0));
            const bool open = row.integer(1) == static_cast<int>(State::held) &&
                              !(settlement.reject && row.integer(2) == static_cast<int>(Verdict::rejected));
            if (open && (settlement.recipients.empty() || contains(settlement.recipients, number)))
              out.push_back(number);
          },
          blob(id));
  if (out.size() != all && is_drop(id)) return {};
  return out;
}

unsigned ItemWriter::settle(const ItemId& id, const Settlement& settlement) {
  if (!settlement.reject && is_kept(id)) return 0;  // under legal hold nothing is deleted
  const Numbers numbers = settled(id, settlement);
  if (numbers.empty()) return 0;
  const std::int64_t now = unix_ms_now();
  for (const std::uint32_t number : numbers)
    database_
        .kept(settlement.reject ? "UPDATE recipients SET verdict=2, reasons=trim(reasons || ' "
                                  "reviewer-rejected'), changed_ms=? WHERE id=? AND number=?"
                                : "UPDATE recipients SET state=5, changed_ms=? WHERE id=? AND number=?")
        .run(now, blob(id), number);
  tell_drop(id, transfer::DropVerdict::rejected,
            settlement.reject ? std::optional(clean::Finding::kRejectedByReviewer) : std::nullopt);
  forget_pictures(id);
  if (settlement.notice) {
    const transfer::Bundle notice = only_for(*settlement.notice, numbers);
    if (!notice.recipients.empty()) insert_bundle(notice);
  }
  append(settlement.reject ? "reject" : "delete", &id, settlement.actor,
         fmt::format(R"({{"recipients":{},"numbers":[{}]{}}})", numbers.size(), fmt::join(numbers, ","),
                     settlement.detail));
  return static_cast<unsigned>(numbers.size());
}

std::int64_t ItemWriter::allow(const NewAllowance& allowance) {
  const std::int64_t now = unix_ms_now();
  std::int64_t standing = 0;
  database_.kept("SELECT count(*) FROM allowances WHERE ended_ms=0 AND until_ms>?")
      .one([&](const Row& row) { standing = row.integer(0); }, now);
  if (standing >= static_cast<std::int64_t>(limits::kAllowances)) return 0;
  std::int64_t number = 0;
  database_
      .kept(
          "INSERT INTO allowances (sender, type, until_ms, allowed_by, agreed_by, reason, created_ms, "
          "tenant) VALUES (?,?,?,?,?,?,?,?) RETURNING number")
      .one([&](const Row& row) { number = row.integer(0); }, allowance.what.sender, allowance.what.type,
           allowance.what.until_ms, allowance.allowed_by, allowance.agreed_by, allowance.reason, now,
           allowance.what.tenant);
  append("allow", &allowance.item, allowance.allowed_by,
         fmt::format(R"({{"allowance":{},"sender":{},"type":{},"until":"{}","reason":{},"agreed_by":{}}})",
                     number, log::json_string(allowance.what.sender), log::json_string(allowance.what.type),
                     iso_time(allowance.what.until_ms), log::json_string(allowance.reason),
                     log::json_string(allowance.agreed_by)));
  note_carried(allowance.behalf, 1);
  return number;
}

}  // namespace kiyome::store

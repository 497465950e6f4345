#include "service/store/item_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <iterator>

#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/store/arrivals.h"

namespace kiyome::store {
namespace {

std::string_view name_of(Verdict verdict) {
  return verdict == Verdict::clean ? "clean" : verdict == Verdict::held ? "held" : "rejected";
}

const char* name_of(transfer::ResultClass result) {
  switch (result) {
    case transfer::ResultClass::delivered:
      return "delivered";
    case transfer::ResultClass::relayed:
      return "relayed";
    case transfer::ResultClass::delayed:
      return "delayed";
    case transfer::ResultClass::failed:
      return "failed";
    case transfer::ResultClass::expired:
      return "expired";
  }
  return "failed";
}

std::string_view octets(const std::array<std::uint8_t, 32>& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace

std::string bundle_file(const ItemId& id, std::uint16_t part) {
  return id.text() + "." + std::to_string(part);
}

std::string reasons_text(const std::vector<clean::Finding>& reasons) {
  std::string out;
  for (const clean::Finding reason : reasons) out.append(out.empty() ? "" : " ").append(clean::slug(reason));
  return out;
}

struct ItemWriter::Statements {
  explicit Statements(Database& db)
      : item(db, "INSERT INTO items VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,1,?) ON CONFLICT DO NOTHING"),
        recipient(db, "INSERT INTO recipients VALUES (?,?,?,?,?,?,?,?,?,'',0,?)"),
        segment(db, "INSERT INTO item_segments VALUES (?,?) ON CONFLICT DO NOTHING"),
        bundle(db, "INSERT INTO bundles (id, part, frame, sent_by) VALUES (?,?,?,?) ON CONFLICT DO NOTHING"),
        drop_bundle(db, "DELETE FROM bundles WHERE id=? AND part=? RETURNING length(frame)"),
        refused(db,
                "UPDATE recipients SET state=1, verdict=1, reasons='verify-refused', changed_ms=? WHERE id=? "
                "AND part=? AND state=2"),
        result(db,
               "UPDATE recipients SET state=?, status=?, changed_ms=? WHERE id=? AND number=? AND state=2 "
               "AND part=?"),
        delayed(db,
                "UPDATE recipients SET delayed=1, status=?, changed_ms=? WHERE id=? AND number=? AND state=2 "
                "AND delayed=0"),
        add_return(db,
                   "INSERT INTO returns (id, recipient, content, attempts, created_ms, next_ms) SELECT id, "
                   "sender, ?, 0, ?, ? FROM items WHERE id=?"),
        held(db,
             "UPDATE recipients SET state=1, verdict=1, reasons='operator-hold', changed_ms=? WHERE id=? AND "
             "part=? AND state=2"),
        return_item(db, "SELECT id, proposal FROM returns WHERE number=?"),
        drop_return(db, "DELETE FROM returns WHERE number=?"),
        later(db, "UPDATE returns SET attempts=?, next_ms=? WHERE number=?"),
        known(db, "SELECT 1 FROM items WHERE id=?") {}
  Statement item, recipient, segment, bundle, drop_bundle, refused, result, delayed, add_return, held,
      return_item, drop_return, later, known;
};

ItemWriter::ItemWriter(Database& database, ItemsAt at, int bundles)
    : database_(database),
      at_(std::move(at)),
      bundles_(bundles),
      statements_(std::make_shared<Statements>(database)),
      audit_(database) {}

void ItemWriter::append(const std::string& event, const ItemId* item, const std::string& actor,
                        const std::string& detail) {
  audit_.note(event, item, actor, detail, unix_ms_now());
}

void ItemWriter::note(const audit::Entry& entry) {
  append(entry.event, entry.item ? &*entry.item : nullptr, entry.actor, entry.detail);
}

// Of a second decision the entry names those to whom it leaves; the others of the group came too late.
void ItemWriter::audit_group(const DecidedItem& item, const DecidedGroup& group, const Numbers& leaving) {
  const bool again = item.released || item.unlocked;
  const bool leaves = !leaving.empty();
  append(!again                           ? "verdict"
         : !leaves                        ? "held-again"
         : !item.event.empty()            ? item.event
         : group.further || item.unlocked ? "unlock"
                                          : "release",
         &item.envelope.id, item.actor,
         fmt::format(R"({{"verdict":"{}","recipients":[{}],"reasons":"{}","part":{}{}}})",
                     name_of(group.verdict), fmt::join(again && leaves ? leaving : group.recipients, ","),
                     reasons_text(group.reasons),
                     group.bundle ? group.bundle->part
                     : item.drop  ? item.drop->part
                                  : 0,
                     item.detail));
}

void ItemWriter::insert_item(const DecidedItem& item, std::int64_t now) {
  const Envelope& envelope = item.envelope;
  statements_->item.run(blob(envelope.id), envelope.received_ms, now, envelope.sender,
                        envelope.client_address, envelope.envid, item.subject, Blob{item.header}, item.report,
                        item.bytes, Blob{octets(item.sha256)}, item.where.segment, item.where.offset,
                        item.where.length, ended_lines(item.tenants));
}

ItemWriter::Numbers ItemWriter::insert_group(const DecidedItem& item, const DecidedGroup& group,
                                             std::int64_t now) {
  const State state = group.verdict == Verdict::clean ? State::sending : State::held;
  for (const std::uint32_t number : group.recipients) {
    const auto& all = item.envelope.recipients;
    const auto it =
        std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.index == number; });
    if (it == all.end()) continue;
    statements_->recipient.run(blob(item.envelope.id), number, it->address, it->notify, it->orcpt, state,
                               group.verdict, reasons_text(group.reasons),
                               group.bundle ? group.bundle->part
                               : item.drop  ? item.drop->part
                                            : 0,
                               now);
  }
  return state == State::sending ? group.recipients : Numbers{};
}

void ItemWriter::decide(const DecidedItem& item) {
  const std::int64_t now = unix_ms_now();
  const bool again = item.released || item.unlocked;
  if (again) refuse_used_parts(item);
  if (at_.shared() && !again) forget_arrival(item.envelope.id);
  if (item.drop) return decide_drop(item, now);
  if (again) {
    decide_again(item, now);
    write_locks(item, now);
    return write_doors(item);
  }
  insert_item(item, now);
  const bool first = database_.changes() > 0;
  if (item.too_late) *item.too_late = !first;
  if (!first) return;  // decided before
  for (const std::uint64_t segment : item.segments) statements_->segment.run(segment, blob(item.envelope.id));
  for (const transfer::Bundle& notice : item.notices) insert_bundle(notice);
  for (const DecidedGroup& group : item.groups) {
    const Numbers leaving = insert_group(item, group, now);
    if (group.bundle) insert_bundle(*group.bundle);
    audit_group(item, group, leaving);
    write_standings(item, leaving);
  }
  write_locks(item, now);
  write_doors(item);
}

void ItemWriter::forget_arrival(const ItemId& id) { database_.kept(kForgetArrival).run(blob(id)); }

// Two hosts that clean one item again reckon with the same number for the next mail of it: the later one does
// it anew.
void ItemWriter::refuse_used_parts(const DecidedItem& item) {
  if (!at_.shared()) return;
  std::int64_t used = 0;
  database_.kept("SELECT max(part) FROM recipients WHERE id=?")
      .one([&](const Row& row) { used = row.integer(0); }, blob(item.envelope.id));
  const auto expect_free = [&](std::uint16_t part) {
    if (part != 0 && part <= used) throw TemporaryFailure("another host decided it just now");
  };
  for (const DecidedGroup& group : item.groups)
    if (group.bundle) expect_free(group.bundle->part);
  if (item.drop) expect_free(item.drop->part);
}

void ItemWriter::insert_bundle(const transfer::AnyBundle& bundle) {
  const ItemId id = transfer::id_of(bundle);
  const std::uint16_t part = transfer::part_of(bundle);
  const std::string frame = transfer::encode(bundle);
  if (bundles_ < 0 || frame.size() < kBundleFileFrom) {
    statements_->bundle.run(blob(id), part, Blob{frame}, at_.node);
    return;
  }
  const std::string name = bundle_file(id, part);
  const Descriptor file(::openat(bundles_, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file || !write_all(file.get(), frame, Steady::now())) throw_errno("write bundles/" + name);
  if (::fdatasync(file.get()) != 0) std::abort();  // what is on the disk is unknown now: never tried again
  wrote_files_ = true;
  statements_->bundle.run(blob(id), part, Null{}, at_.node);
}

// (length() and not IS NULL: SQLite 3.40 answers 0 to "frame IS NULL" of a deleted row.)
bool ItemWriter::drop_bundle(const ItemId& id, std::uint16_t part) {
  return statements_->drop_bundle.one(
      [&](const Row& row) {
        if (row.null(0)) drop_files_.push_back(bundle_file(id, part));
      },
      blob(id), part);
}

void ItemWriter::bundle_accepted(const ItemId& id, std::uint16_t part) {
  if (drop_bundle(id, part)) original_accepted(id);
}

void ItemWriter::bundle_refused(const transfer::Refused& refusal,
                                const std::optional<transfer::Bundle>& notice) {
  statements_->refused.run(unix_ms_now(), blob(refusal.id), refusal.part);
  const bool was_sending = database_.changes() > 0;
  const bool ours = was_sending || refusal.part == 0;
  // A bundle that a later one of the item replaced has no recipients any more, but it may still be here.
  const bool dropped = drop_bundle(refusal.id, refusal.part);
  if (dropped && original_refused(refusal)) return;
  if (!(ours || dropped) || !is_known(refusal.id)) return;  // a gate that invents fills no audit trail
  if (notice && refusal.part != 0) insert_bundle(*notice);
  if (was_sending) tell_drop(refusal.id, transfer::DropVerdict::held, clean::Finding::kVerifyRefused);
  forget_pictures(refusal.id);  // what one of our verifiers refuses is not shown either
  append("refused-by-gate", &refusal.id, "gate",
         fmt::format(R"({{"part":{},"reason":{},"offset":{}}})", refusal.part,
                     static_cast<int>(refusal.reason), refusal.offset));
}

void ItemWriter::delivery(const transfer::DeliveryResult& result, const std::string& notice) {
  if (is_drop(result.id)) return;  // it has results of its own kind
  if (original_result(result)) return;
  const std::int64_t now = unix_ms_now();
  const std::string status =
      fmt::format("{}.{}.{}", result.status_class, result.status_subject, result.status_detail);
  if (result.part != 0) {
    if (result.result == transfer::ResultClass::delayed) {
      statements_->delayed.run(status, now, blob(result.id), result.recipient);
    } else {
      const bool arrived = result.result == transfer::ResultClass::delivered ||
                           result.result == transfer::ResultClass::relayed;
      statements_->result.run(arrived ? State::delivered : State::bounced, status, now, blob(result.id),
                              result.recipient, result.part);
    }
    if (database_.changes() == 0) return;  // said before: no second notice to the sender
    if (!notice.empty()) statements_->add_return.run(Blob{notice}, now, now, blob(result.id));
  } else if (!is_known(result.id)) {
    return;
  }
  append("delivery", &result.id, "gate",
         fmt::format(R"({{"part":{},"recipient":{},"result":"{}","status":"{}"}})", result.part,
                     result.recipient, name_of(result.result), status));
}

bool ItemWriter::is_known(const ItemId& id) {
  return statements_->known.one([](const Row&) {}, blob(id));
}

unsigned ItemWriter::hold(const ItemId& id, std::uint16_t part, const std::string& actor,
                          const std::string& detail) {
  statements_->held.run(unix_ms_now(), blob(id), part);
  const auto count = static_cast<unsigned>(database_.changes());
  drop_bundle(id, part);
  if (count > 0) tell_drop(id, transfer::DropVerdict::held, clean::Finding::kHeldByOperator);
  append("hold", &id, actor, fmt::format(R"({{"part":{},"recipients":{}{}}})", part, count, detail));
  return count;
}

unsigned ItemWriter::remove(const ItemId& id, const std::string& actor) {
  if (is_kept(id)) return 0;
  Settlement all;
  all.actor = actor;
  return settle(id, all);
}

void ItemWriter::return_sent(std::int64_t number, bool delivered, std::string_view status) {
  ItemId id;
  std::int64_t proposal = 0;
  const bool found = statements_->return_item.one(
      [&](const Row& row) {
        id = item_id(row.blob(0));
        proposal = row.integer(1);
      },
      number);
  if (!found) return;
  statements_->drop_return.run(number);
  if (proposal != 0) return original_arrived(proposal, delivered, status);
  append("notice-to-sender", &id, "cleaner",
         fmt::format(R"({{"delivered":{},"status":"{}"}})", delivered, status));
}

std::int64_t ItemWriter::add_return(const ItemId& item, const std::string& to, const std::string& mail,
                                    std::int64_t proposal) {
  const std::int64_t now = unix_ms_now();
  std::int64_t number = 0;
  database_
      .kept(
          "INSERT INTO returns (id, recipient, content, attempts, created_ms, next_ms, proposal) VALUES "
          "(?,?,?,0,?,?,?) RETURNING number")
      .one([&](const Row& row) { number = row.integer(0); }, blob(item), to, Blob{mail}, now, now, proposal);
  return number;
}

void ItemWriter::return_later(std::int64_t number, std::uint32_t attempts, std::int64_t next_ms) {
  statements_->later.run(attempts, next_ms, number);
}

std::vector<std::uint64_t> ItemWriter::unneeded(std::vector<std::uint64_t> segments) {
  Statement needed(database_, "SELECT 1 FROM item_segments WHERE segment=? LIMIT 1");
  std::erase_if(segments, [&](std::uint64_t segment) { return needed.one([](const Row&) {}, segment); });
  return segments;
}

void ItemWriter::before_commit() {
  if (!wrote_files_) return;
  if (::fsync(bundles_) != 0) std::abort();
  wrote_files_ = false;
}

void ItemWriter::after_commit() {
  audit_.committed();
  for (const std::string& name : drop_files_) ::unlinkat(bundles_, name.c_str(), 0);
  drop_files_.clear();
  std::move(news_.begin(), news_.end(), std::back_inserter(committed_news_));
  news_.clear();
}

void ItemWriter::after_rollback() {
  audit_.rolled_back();
  drop_files_.clear();
  news_.clear();
}

}  // namespace kiyome::store

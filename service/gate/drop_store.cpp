#include "service/gate/drop_store.h"

#include <zlib.h>

#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/hex.h"
#include "service/base/log.h"
#include "service/gate/drop_rows.h"

namespace kiyome::gate {
namespace {

using store::Blob;
using store::Null;
using store::Row;

// drops.replaced
constexpr int kShown = 0, kReplaced = 1, kEnded = 2;

std::uint32_t crc_of(std::string_view octets) {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const unsigned char*>(octets.data()), octets.size()));
}

std::string json_id(const ItemId& id) { return "\"" + id.text() + "\""; }
std::string json_lines(const std::vector<std::string>& lines) {
  std::string out = "[";
  for (const std::string& line : lines) out.append(out.size() == 1 ? "" : ",").append(log::json_string(line));
  return out + "]";
}

}  // namespace

std::vector<const ItemView*> items_for(const DropView& drop, const std::set<std::string>& addresses) {
  std::vector<const ItemView*> out;
  for (const ItemView& item : drop.items)
    if (std::any_of(item.recipients.begin(), item.recipients.end(),
                    [&](const RecipientView& one) { return addresses.contains(one.address); }))
      out.push_back(&item);
  return out;
}

// True when the submission is new, or known with the same texts.
bool DropStore::submission_fits(const transfer::DropBundle& bundle, std::int64_t now_ms) {
  bool known = false, fits = true;
  db_.kept(
         "SELECT count, sender, sender_name, title, message, importance FROM submissions WHERE submission = "
         "?")
      .one(
          [&](const Row& row) {
            known = true;
            fits = row.integer(0) == bundle.count && row.text(1) == bundle.sender &&
                   row.text(2) == bundle.sender_name && row.text(3) == bundle.title &&
                   row.text(4) == bundle.message && row.text(5) == bundle.importance;
          },
          blob(bundle.submission));
  if (known) return fits;
  const std::string words = folded(bundle.title + '\n' + bundle.sender_name + '\n' + bundle.sender);
  db_.kept("INSERT INTO submissions VALUES (?,?,?,?,?,?,?,?,?,?,0,NULL,0,'')")
      .run(blob(bundle.submission), bundle.count, bundle.sender, bundle.sender_name, bundle.title,
           bundle.message, bundle.importance, words, now_ms, now_ms);
  return true;
}

// A later part takes the place of the earlier ones, but for what somebody has approved or taken. False: this
// one is the earlier.
bool DropStore::make_room(const transfer::DropBundle& bundle) {
  std::vector<std::pair<std::int64_t, bool>> earlier;  // row, and whether it was clean
  bool later = false;
  db_.kept("SELECT row, part, verdict FROM drops WHERE id = ? AND replaced = 0")
      .each(
          [&](const Row& row) {
            if (row.integer(1) > bundle.part)
              later = true;
            else
              earlier.emplace_back(row.integer(0),
                                   row.integer(2) == static_cast<std::int64_t>(transfer::DropVerdict::clean));
          },
          blob(bundle.id));
  for (const auto& [row, clean] : earlier) {
    // What was only looked at is in nobody's hands.
    const bool stays =
        clean &&
        db_.kept(
               "SELECT 1 FROM drop_recipients r WHERE row = ?1 AND (stage = 4 OR EXISTS (SELECT 1 FROM "
               "decisions d WHERE d.number = r.decision AND d.approved = 1)) UNION ALL SELECT 1 FROM "
               "picked_up WHERE row = ?1")
            .one([](const Row&) {}, row);
    if (stays) continue;
    db_.kept("UPDATE drops SET replaced = ? WHERE row = ?").run(kReplaced, row);
    drop_files(row);
  }
  return !later;
}

DropStore::Inserted DropStore::insert(const transfer::DropBundle& bundle, const Asked& asked,
                                      std::int64_t now_ms, std::vector<NumberedResult>& results) {
  results.clear();
  const bool known = db_.kept("SELECT 1 FROM drops WHERE id = ? AND part = ?")
                         .one([](const Row&) {}, blob(bundle.id), bundle.part);
  if (known) return Inserted::known;
  if (!submission_fits(bundle, now_ms)) return Inserted::contradicts;
  const bool shown = make_room(bundle);
  const std::int64_t row = shelf_.next_row();
  std::string words = bundle.name;
  for (const transfer::CleanFile& file : bundle.files) words += '\n' + file.name;
  db_.kept("INSERT INTO drops VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
      .run(row, blob(bundle.id), bundle.part, blob(bundle.submission), bundle.number, bundle.name,
           bundle.type, bundle.bytes, blob(bundle.sha256), bundle.verdict, joined(bundle.findings),
           joined(bundle.approval), blob(bundle.policy), folded(words), now_ms, shown ? kShown : kReplaced);
  if (!shown) return Inserted::taken;
  add_files(bundle, row);
  add_recipients(bundle, asked, row, now_ms, results);
  add_tenants(bundle.submission, asked.tenants);
  db_.kept("UPDATE submissions SET changed_ms = ?, gone = 0 WHERE submission = ?")
      .run(now_ms, blob(bundle.submission));
  look_soon(bundle, now_ms);
  return Inserted::taken;
}

void DropStore::add_files(const transfer::DropBundle& bundle, std::int64_t row) {
  std::int64_t number = 0;
  db_.kept("SELECT next_file FROM submissions WHERE submission = ?")
      .one([&](const Row& found) { number = found.integer(0); }, blob(bundle.submission));
  for (const transfer::CleanFile& file : bundle.files) {
    store::Statement& add = db_.kept("INSERT INTO drop_files VALUES (?,?,?,?,?,?,?,?,?)");
    if (file.content.size() >= kBlobFrom)
      add.run(
          row, number, file.name, file.type, file.content.size(), blob(file.sha256), crc_of(file.content),
          shelf_.blobs->write("drop." + bundle.id.text() + "." + std::to_string(bundle.part), file.content),
          Null{});
    else
      add.run(row, number, file.name, file.type, file.content.size(), blob(file.sha256), crc_of(file.content),
              "", Blob{file.content});
    ++number;
  }
  db_.kept("UPDATE submissions SET next_file = ? WHERE submission = ?").run(number, blob(bundle.submission));
}

// Who has something of this delivery that waits, or was returned, gets nothing of it past the approver that
// no rule asks about; nor what takes the place of something that was returned to him.
std::set<std::string> DropStore::stopped(const transfer::DropBundle& bundle) {
  std::set<std::string> out;
  if (bundle.files.empty() || !bundle.approval.empty()) return out;  // does not matter
  db_.kept(
         "SELECT DISTINCT r.address FROM drops d JOIN drop_recipients r ON r.row = d.row WHERE d.submission "
         "= ?1 AND (d.replaced = 0 AND r.stage IN (1, 3) OR d.id = ?2 AND r.stage = 3)")
      .each([&](const Row& row) { out.emplace(row.text(0)); }, blob(bundle.submission), blob(bundle.id));
  return out;
}

void DropStore::add_recipients(const transfer::DropBundle& bundle, const Asked& asked, std::int64_t row,
                               std::int64_t now_ms, std::vector<NumberedResult>& results) {
  const std::set<std::string> stopped_ones = stopped(bundle);
  bool waits = false;
  std::set<std::string> known;  // two spellings of one address are one person
  std::set<std::string> rules(bundle.approval.begin(), bundle.approval.end());
  for (std::uint32_t i = 0; i < bundle.recipients.size(); ++i) {
    const std::string address = lower(bundle.recipients[i]);
    Stage stage = Stage::told;
    const std::vector<std::string> own =
        i < asked.approval.size() ? asked.approval[i] : std::vector<std::string>();
    if (!bundle.files.empty())
      stage = stopped_ones.contains(address) || !bundle.approval.empty() || !own.empty() ? Stage::waiting
                                                                                         : Stage::delivered;
    rules.insert(own.begin(), own.end());
    waits = waits || stage == Stage::waiting;
    if (stage != Stage::told) say(bundle.id, bundle.part, i, stage, results);
    if (!known.insert(address).second) continue;
    db_.kept("INSERT INTO drop_recipients VALUES (?,?,?,?,?,0,?)")
        .run(row, i, address, stage, stage == Stage::delivered ? now_ms : 0, joined(own));
    db_.kept("INSERT INTO drop_people VALUES (?,?) ON CONFLICT DO NOTHING")
        .run(address, blob(bundle.submission));
  }
  if (waits) {
    db_.kept("INSERT INTO drop_waiting VALUES (?) ON CONFLICT DO NOTHING").run(blob(bundle.submission));
    audit_.note("approval-needed", &bundle.id, "gate",
                "{\"submission\":" + json_id(bundle.submission) +
                    ",\"rules\":" + json_lines({rules.begin(), rules.end()}) + "}",
                now_ms);
  } else {
    no_longer_waits(bundle.submission);
  }
}

// A delivery belongs to the tenants of all its items' recipients.
void DropStore::add_tenants(const ItemId& submission, const std::vector<std::string>& tenants) {
  if (tenants.empty()) return;
  std::vector<std::string> known;
  db_.kept("SELECT tenants FROM submissions WHERE submission = ?")
      .one([&](const Row& row) { known = lines(row.text(0)); }, blob(submission));
  std::set<std::string> all(known.begin(), known.end());
  all.insert(tenants.begin(), tenants.end());
  db_.kept("UPDATE submissions SET tenants = ? WHERE submission = ?")
      .run(joined(std::vector<std::string>(all.begin(), all.end())), blob(submission));
}

// Unless something of it still does. What waits is looked through for each approver, so only that stands
// there.
void DropStore::no_longer_waits(const ItemId& submission) {
  db_.kept(
         "DELETE FROM drop_waiting WHERE submission = ?1 AND NOT EXISTS (SELECT 1 FROM drops d JOIN "
         "drop_recipients r ON r.row = d.row WHERE d.submission = ?1 AND d.replaced = 0 AND r.stage = 1)")
      .run(blob(submission));
}

// Mails go out when all files have come, or when the last ones keep people waiting.
void DropStore::look_soon(const transfer::DropBundle& bundle, std::int64_t now_ms) {
  std::int64_t come = 0;
  db_.kept("SELECT count(DISTINCT number) FROM drops WHERE submission = ? AND replaced = 0")
      .one([&](const Row& row) { come = row.integer(0); }, blob(bundle.submission));
  const std::int64_t at = come >= bundle.count ? now_ms : now_ms + limits::kPickUpGatherMs;
  if (at == now_ms) return look_now(bundle.submission, now_ms);
  db_.kept(
         "UPDATE submissions SET look_ms = CASE WHEN look_ms < ?1 THEN look_ms + 1 ELSE ?1 END WHERE "
         "submission = ?2")
      .run(at, blob(bundle.submission));
}

// Never the same number twice in a while: looked() knows by it that nothing happened in between.
void DropStore::look_now(const ItemId& submission, std::int64_t now_ms) {
  db_.kept(
         "UPDATE submissions SET look_ms = CASE WHEN look_ms BETWEEN ?1 AND ?1 + 1000 THEN look_ms + 1 ELSE "
         "?1 END WHERE submission = ?2")
      .run(now_ms, blob(submission));
}

void DropStore::say(const ItemId& id, std::uint16_t part, std::uint32_t recipient, Stage stage,
                    std::vector<NumberedResult>& results) {
  const std::int64_t number = shelf_.next_result();
  db_.kept("INSERT INTO drop_results VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING")
      .run(number, blob(id), part, recipient, stage);
  if (db_.changes() == 0) return;
  results.push_back(
      {number, transfer::DropResult{id, part, recipient, static_cast<transfer::DropStage>(stage)}});
}

void DropStore::set_stage(std::int64_t row, const RecipientView& recipient, Stage stage,
                          std::int64_t decision, std::int64_t now_ms) {
  db_.kept(
         "UPDATE drop_recipients SET stage = ?, decision = ?, available_ms = ? WHERE row = ? AND "
         "recipient = ?")
      .run(stage, decision,
           stage == Stage::delivered && recipient.stage != Stage::delivered ? now_ms : recipient.available_ms,
           row, recipient.recipient);
}

DropStore::Decided DropStore::decide(const Decision& decision, std::int64_t now_ms,
                                     std::vector<NumberedResult>& results) {
  results.clear();
  const std::optional<DropView> drop = load_drop(db_, decision.submission);
  if (!drop) return Decided::changed;
  const std::vector<const ItemView*> seen = items_for(*drop, decision.seen_by);
  const auto waits = [&](const RecipientView& one) {
    return one.stage == Stage::waiting && decision.about.contains(one.address);
  };
  const bool open = std::any_of(seen.begin(), seen.end(), [&](const ItemView* item) {
    return std::any_of(item->recipients.begin(), item->recipients.end(), waits);
  });
  if (!open) return Decided::decided;
  if (digest_of(*drop, seen) != decision.digest) return Decided::changed;
  const std::int64_t number = shelf_.next_decision();
  db_.kept("INSERT INTO decisions VALUES (?,?,?,?,?,?,?,?,?)")
      .run(number, blob(decision.submission), decision.approve, blob(decision.digest), decision.comment,
           decision.login, decision.name, decision.department, now_ms);
  for (const ItemView* item : seen)
    for (const RecipientView& one : item->recipients) {
      // What is returned is all of it: what nobody has taken yet goes, too.
      const bool also =
          !decision.approve && one.stage == Stage::delivered && decision.about.contains(one.address);
      if (!waits(one) && !also) continue;
      const Stage stage = decision.approve ? Stage::delivered : Stage::returned;
      set_stage(item->row, one, stage, number, now_ms);
      say(item->id, item->part, one.recipient, stage, results);
    }
  no_longer_waits(decision.submission);
  db_.kept("UPDATE submissions SET changed_ms = ? WHERE submission = ?")
      .run(now_ms, blob(decision.submission));
  look_now(decision.submission, now_ms);
  audit_.note(
      decision.approve ? "approved" : "returned", &decision.submission, decision.login,
      "{\"digest\":\"" + hex(decision.digest) + "\",\"comment\":" + log::json_string(decision.comment) + "}",
      now_ms);
  return Decided::done;
}

void DropStore::picked_up(const std::vector<FilePlace>& files, const std::string& login,
                          const std::string& address, std::int64_t now_ms,
                          std::vector<NumberedResult>& results) {
  results.clear();
  std::set<std::int64_t> rows;
  for (const auto& [row, number] : files) {
    db_.kept("INSERT INTO picked_up VALUES (?,?,?,?) ON CONFLICT DO NOTHING").run(row, number, login, now_ms);
    rows.insert(row);
  }
  for (const std::int64_t row : rows) {
    ItemId id;
    std::uint16_t part = 0;
    std::uint32_t recipient = 0;
    const bool all =
        db_.kept(
               "SELECT d.id, d.part, r.recipient FROM drops d JOIN drop_recipients r ON r.row = d.row WHERE "
               "d.row = ?1 AND r.address = ?2 AND r.stage = 2 AND NOT EXISTS (SELECT 1 FROM drop_files f "
               "WHERE f.row = ?1 AND NOT EXISTS (SELECT 1 FROM picked_up p WHERE p.row = ?1 AND p.number = "
               "f.number AND p.login = ?3))")
            .one(
                [&](const Row& found) {
                  id = item_id(found.blob(0));
                  part = static_cast<std::uint16_t>(found.integer(1));
                  recipient = static_cast<std::uint32_t>(found.integer(2));
                },
                row, address, login);
    if (!all) continue;
    db_.kept("UPDATE drop_recipients SET stage = ? WHERE row = ? AND recipient = ?")
        .run(Stage::picked_up, row, recipient);
    say(id, part, recipient, Stage::picked_up, results);
  }
}

void DropStore::drop_files(std::int64_t row) {
  db_.kept("SELECT file FROM drop_files WHERE row = ? AND file <> ''")
      .each([&](const Row& found) { shelf_.blobs->drop(std::string(found.text(0))); }, row);
  db_.kept("DELETE FROM drop_files WHERE row = ?").run(row);
}

void DropStore::end(const ItemId& submission, std::int64_t now_ms, std::vector<NumberedResult>& results) {
  const std::optional<DropView> drop = load_drop(db_, submission);
  if (!drop) return;
  for (const ItemView& item : drop->items) {
    for (const RecipientView& one : item.recipients) {
      if (one.stage != Stage::waiting && one.stage != Stage::delivered) continue;
      set_stage(item.row, one, Stage::expired, one.decision, now_ms);
      say(item.id, item.part, one.recipient, Stage::expired, results);
    }
    drop_files(item.row);
    db_.kept("UPDATE drops SET replaced = ? WHERE row = ?").run(kEnded, item.row);
  }
  db_.kept("UPDATE submissions SET gone = 1, look_ms = NULL WHERE submission = ?").run(blob(submission));
  db_.kept("DELETE FROM drop_waiting WHERE submission = ?").run(blob(submission));
  // By the addresses: its key begins with them.
  db_.kept(
         "DELETE FROM drop_people WHERE submission = ?1 AND address IN (SELECT r.address FROM drops d JOIN "
         "drop_recipients r ON r.row = d.row WHERE d.submission = ?1)")
      .run(blob(submission));
  audit_.note("expired", nullptr, "gate", "{\"submission\":" + json_id(submission) + "}", now_ms);
}

std::size_t DropStore::expire(const std::vector<std::string>& tenants, std::int64_t before_ms,
                              std::int64_t now_ms, std::vector<NumberedResult>& results) {
  results.clear();
  std::vector<ItemId> old;
  db_.kept(
         "SELECT submission FROM submissions WHERE gone = 0 AND tenants = ? AND changed_ms < ? ORDER BY "
         "changed_ms LIMIT ?")
      .each([&](const Row& row) { old.push_back(item_id(row.blob(0))); }, joined(tenants), before_ms,
            limits::kPickUpRound);
  for (const ItemId& submission : old) end(submission, now_ms, results);
  return old.size();
}

std::size_t DropStore::forget(const std::vector<std::string>& tenants, std::int64_t before_ms) {
  std::vector<ItemId> old;
  db_.kept(
         "SELECT submission FROM submissions WHERE gone = 1 AND tenants = ? AND changed_ms < ? ORDER BY "
         "changed_ms LIMIT ?")
      .each([&](const Row& row) { old.push_back(item_id(row.blob(0))); }, joined(tenants), before_ms,
            limits::kPickUpRound);
  for (const ItemId& submission : old) {
    const Blob id = blob(submission);
    db_.kept("DELETE FROM drop_recipients WHERE row IN (SELECT row FROM drops WHERE submission = ?)").run(id);
    db_.kept("DELETE FROM picked_up WHERE row IN (SELECT row FROM drops WHERE submission = ?)").run(id);
    db_.kept("DELETE FROM put_out WHERE row IN (SELECT row FROM drops WHERE submission = ?)").run(id);
    db_.kept("DELETE FROM drops WHERE submission = ?").run(id);
    db_.kept("DELETE FROM decisions WHERE submission = ?").run(id);
    db_.kept("DELETE FROM drop_mails WHERE submission = ?").run(id);
    db_.kept("DELETE FROM submissions WHERE submission = ?").run(id);
  }
  return old.size();
}

void DropStore::taken(const transfer::DropResultTaken& taken) {
  db_.kept("DELETE FROM drop_results WHERE id = ? AND part = ? AND recipient = ? AND stage = ?")
      .run(blob(taken.id), taken.part, taken.recipient, taken.stage);
}

void DropStore::delegate(const Delegation& delegation) {
  if (delegation.delegate.empty())
    return db_.kept("DELETE FROM delegations WHERE login = ?").run(delegation.login);
  db_.kept(
         "INSERT INTO delegations VALUES (?,?,?) ON CONFLICT (login) DO UPDATE SET delegate = "
         "excluded.delegate, until_ms = excluded.until_ms")
      .run(delegation.login, delegation.delegate, delegation.until_ms);
}

void DropStore::end_delegations(const std::string& login, std::int64_t now_ms) {
  db_.kept("DELETE FROM delegations WHERE login = ?1 OR delegate = ?1").run(login);
  if (db_.changes() != 0)
    audit_.note("delegations-ended", nullptr, "gate", "{\"login\":" + log::json_string(login) + "}", now_ms);
}

bool DropStore::tell(const ItemId& submission, const std::string& person, MailKind kind,
                     std::int64_t now_ms) {
  db_.kept("INSERT INTO drop_mails VALUES (?,?,?,?) ON CONFLICT DO NOTHING")
      .run(blob(submission), person, kind, now_ms);
  return db_.changes() != 0;
}

void DropStore::looked(const ItemId& submission, std::int64_t seen_ms, std::int64_t next_ms) {
  db_.kept("UPDATE submissions SET look_ms = nullif(?, 0) WHERE submission = ? AND look_ms = ?")
      .run(next_ms, blob(submission), seen_ms);
}

}  // namespace kiyome::gate

// What the writer does about files of the drop box. Of such a file every word crosses as a DropBundle, also
// that it is held; what was said last is kept without its files, so that more can be said without the
// cleaner.
#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/base/log.h"
#include "service/store/item_writer.h"

namespace kiyome::store {
namespace {

const char* name_of(transfer::DropStage stage) {
  switch (stage) {
    case transfer::DropStage::waiting:
      return "waiting";
    case transfer::DropStage::delivered:
      return "delivered";
    case transfer::DropStage::returned:
      return "returned";
    case transfer::DropStage::picked_up:
      return "picked-up";
    case transfer::DropStage::expired:
      return "expired";
  }
  return "";
}

// The same without its files, which the codec takes for any verdict but clean.
std::string told_of(transfer::DropBundle bundle) {
  if (bundle.verdict == transfer::DropVerdict::clean) bundle.verdict = transfer::DropVerdict::held;
  bundle.files.clear();
  bundle.approval.clear();
  return transfer::encode(transfer::AnyBundle(std::move(bundle)));
}

transfer::DropBundle head_of(const transfer::DropBundle& bundle) {
  transfer::DropBundle out;
  out.id = bundle.id;
  out.part = bundle.part;
  out.submission = bundle.submission;
  out.number = bundle.number;
  out.count = bundle.count;
  out.sender = bundle.sender;
  out.sender_name = bundle.sender_name;
  out.recipients = bundle.recipients;
  out.title = bundle.title;
  out.message = bundle.message;
  out.importance = bundle.importance;
  out.name = bundle.name;
  out.type = bundle.type;
  out.bytes = bundle.bytes;
  out.sha256 = bundle.sha256;
  out.verdict = bundle.verdict;
  out.findings = bundle.findings;
  out.policy = bundle.policy;
  return out;
}

}  // namespace

bool ItemWriter::is_drop(const ItemId& id) {
  return database_.kept("SELECT 1 FROM drops WHERE id=?").one([](const Row&) {}, blob(id));
}

void ItemWriter::keep_told(const DecidedItem& item) {
  const std::string told = told_of(head_of(*item.drop));
  database_
      .kept(
          "INSERT INTO drops VALUES (?,?,?,?) ON CONFLICT (id) DO UPDATE SET told=excluded.told, "
          "pages=excluded.pages, places=excluded.places")
      .run(blob(item.envelope.id), Blob{told}, item.drop_pages, item.drop_places);
}

// In place of those of an earlier decision.
void ItemWriter::keep_pictures(const DecidedItem& item) {
  const ItemId& id = item.envelope.id;
  database_.kept("DELETE FROM pictures WHERE id=?").run(blob(id));
  std::uint32_t page = 0;
  for (const std::string& picture : item.drop_pictures) {
    if (page == limits::kPreviewPages) break;
    database_.kept("INSERT INTO pictures VALUES (?,?,?)").run(blob(id), ++page, Blob{picture});
  }
}

void ItemWriter::forget_pictures(const ItemId& id) {
  database_.kept("DELETE FROM pictures WHERE id=?").run(blob(id));
  if (database_.changes() > 0) news_.push_back({id, std::nullopt});
}

// What the gate was not sent yet, it need not hear any more.
void ItemWriter::drop_earlier(const ItemId& id, std::uint16_t part) {
  std::vector<std::uint16_t> earlier;
  database_.kept("SELECT part FROM bundles WHERE id=? AND part<?")
      .each([&](const Row& row) { earlier.push_back(static_cast<std::uint16_t>(row.integer(0))); }, blob(id),
            part);
  for (const std::uint16_t each : earlier) drop_bundle(id, each);
}

// All recipients at once: they share the file. A release counts when all are held, an unlocking when none is
// deleted meanwhile.
bool ItemWriter::drop_again(const DecidedItem& item, const DecidedGroup& group, std::int64_t now) {
  if (group.verdict != Verdict::clean || group.recipients.empty()) return false;
  const ItemId& id = item.envelope.id;
  Statement& fits =
      database_.kept(item.released ? "SELECT 1 FROM recipients WHERE id=? AND (state<>1 OR verdict=2)"
                                   : "SELECT 1 FROM recipients WHERE id=? AND (state=5 OR verdict=2)");
  if (fits.one([](const Row&) {}, blob(id))) return false;
  Statement& again = database_.kept(
      "UPDATE recipients SET state=2, verdict=0, reasons=?, part=?, status='', changed_ms=? WHERE id=?");
  again.run(reasons_text(group.reasons), item.drop->part, now, blob(id));
  return database_.changes() > 0;
}

void ItemWriter::decide_drop(const DecidedItem& item, std::int64_t now) {
  const bool again = item.released || item.unlocked;
  if (!again) {
    insert_item(item, now);
    const bool first = database_.changes() > 0;
    if (item.too_late) *item.too_late = !first;
    if (!first) return;  // decided before
    for (const std::uint64_t segment : item.segments)
      database_.kept("INSERT INTO item_segments VALUES (?,?) ON CONFLICT DO NOTHING")
          .run(segment, blob(item.envelope.id));
  }
  for (const DecidedGroup& group : item.groups) {
    // What crosses at first crosses whatever the verdict.
    bool leaves = true;
    if (again)
      leaves = drop_again(item, group, now);
    else
      insert_group(item, group, now);
    if (leaves) {
      drop_earlier(item.envelope.id, item.drop->part);
      insert_bundle(*item.drop);
      keep_told(item);
      keep_pictures(item);
      news_.push_back({item.envelope.id, std::nullopt});
    }
    if (again && !leaves && !item.unlocked) held_again(item, group, now);
    if (!leaves && item.unlocked) continue;
    audit_group(item, group, leaves ? group.recipients : Numbers{});
    write_standings(item, leaves ? group.recipients : Numbers{});
    note_carried(item.behalf, leaves ? group.recipients.size() : 0);
    if (again) tell_again(item);
  }
}

// A further word about the file, without its files. false: it is no file of the drop box.
bool ItemWriter::tell_drop(const ItemId& id, transfer::DropVerdict verdict,
                           std::optional<clean::Finding> why) {
  std::string told;
  if (!database_.kept("SELECT told FROM drops WHERE id=?")
           .one([&](const Row& row) { told = row.blob(0); }, blob(id)))
    return false;
  Result<transfer::Forward> kept =
      transfer::decode_forward(std::string_view(told).substr(std::min<std::size_t>(4, told.size())));
  if (!kept || !std::holds_alternative<transfer::DropBundle>(*kept)) {
    log::error("stored drop is damaged", id);
    return false;
  }
  auto& bundle = std::get<transfer::DropBundle>(*kept);
  std::int64_t last = 0;
  database_.kept("SELECT max(part) FROM recipients WHERE id=?")
      .one([&](const Row& row) { last = row.integer(0); }, blob(id));
  bundle.part = static_cast<std::uint16_t>(last + 1);
  bundle.verdict = verdict;
  if (why) {
    const auto code = static_cast<std::uint16_t>(*why);
    const auto place = std::lower_bound(bundle.findings.begin(), bundle.findings.end(), code);
    if (place == bundle.findings.end() || *place != code) bundle.findings.insert(place, code);
  }
  database_.kept("UPDATE recipients SET part=?, status='' WHERE id=?").run(bundle.part, blob(id));
  database_.kept("UPDATE drops SET told=? WHERE id=?")
      .run(Blob{transfer::encode(transfer::AnyBundle(bundle))}, blob(id));
  drop_earlier(id, bundle.part);
  insert_bundle(bundle);
  news_.push_back({id, bundle.part});
  return true;
}

// A gate that invents changes nothing: each stage follows from another one, of the part that was sent last.
void ItemWriter::drop_result(const transfer::DropResult& result) {
  using transfer::DropStage;
  if (!is_drop(result.id)) return;
  // States: 2 sending, 3 delivered, 4 bounced. What was offered and not fetched was delivered; what nobody
  // approved in time was not.
  Statement* change = nullptr;
  switch (result.stage) {
    case DropStage::waiting:
      change = &database_.kept(
          "UPDATE recipients SET status=?, changed_ms=? WHERE id=? AND number=? AND part=? AND state=2 AND "
          "status=''");
      break;
    case DropStage::delivered:
      change = &database_.kept(
          "UPDATE recipients SET state=3, status=?, changed_ms=? WHERE id=? AND number=? AND part=? AND "
          "state=2");
      break;
    case DropStage::returned:
      change = &database_.kept(
          "UPDATE recipients SET state=4, status=?, changed_ms=? WHERE id=? AND number=? AND part=? AND "
          "state=2");
      break;
    case DropStage::picked_up:
      change = &database_.kept(
          "UPDATE recipients SET state=3, status=?, changed_ms=? WHERE id=? AND number=? AND part=? AND "
          "(state=2 OR (state=3 AND status='delivered'))");
      break;
    case DropStage::expired:
      change = &database_.kept(
          "UPDATE recipients SET state=CASE state WHEN 3 THEN 3 ELSE 4 END, status=?, changed_ms=? WHERE "
          "id=? "
          "AND number=? AND part=? AND (state=2 OR (state=3 AND status='delivered'))");
      break;
  }
  change->run(name_of(result.stage), unix_ms_now(), blob(result.id), result.recipient, result.part);
  if (database_.changes() == 0) return;
  append("drop", &result.id, "gate",
         R"({"part":)" + std::to_string(result.part) + R"(,"recipient":)" + std::to_string(result.recipient) +
             R"(,"stage":")" + name_of(result.stage) + R"("})");
  news_.push_back({result.id, std::nullopt});
}

}  // namespace kiyome::store

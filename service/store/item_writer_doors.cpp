// What the writer does about doors, and about what recipients ask through them. What is asked comes over the
// way back: nothing of it is believed but that somebody behind the gate wants something for a recipient who
// has a door.
#include <fmt/format.h>

#include <algorithm>

#include "proto/base/limits.h"
#include "service/base/clock.h"
#include "service/store/doors.h"
#include "service/store/item_writer.h"

namespace kiyome::store {
namespace {

using transfer::DoorStep;

constexpr std::int64_t kHeldState = static_cast<std::int64_t>(State::held);

// Later than every change before it: who tells the gate of changes asks for those since a time.
std::int64_t after_all(Database& db, std::int64_t now) {
  std::int64_t last = 0;
  db.kept(
        "SELECT coalesce((SELECT max(decided_ms) FROM requests), 0), coalesce((SELECT max(changed_ms) FROM "
        "doors WHERE changed_ms>0), 0)")
      .one([&](const Row& row) { last = std::max(row.integer(0), row.integer(1)); });
  return std::max(now, last + 1);
}

}  // namespace

// A door goes with its bundle: of a decision that came too late there is neither.
void ItemWriter::write_doors(const DecidedItem& item) {
  for (const DecidedDoor& each : item.doors) {
    const std::string frame = transfer::encode(transfer::Forward(each.door));
    database_
        .kept(
            "INSERT INTO doors (bundle, part, id, recipient, frame, until_ms) SELECT ?1,?2,?3,?4,?5,?6 WHERE "
            "EXISTS (SELECT 1 FROM bundles WHERE id=?1 AND part=?2) " KIYOME_DOOR_ANEW)
        .run(blob(each.bundle), each.part, blob(each.door.id), each.door.recipient, Blob{frame},
             each.door.until_ms);
  }
}

// A dropped file has no door: its recipients sign in at the pick-up, and what is held of it is held whole.
bool ItemWriter::can_ask(const transfer::DoorRequest& request, std::int64_t now) {
  bool can = false;
  database_.kept("SELECT frame FROM doors WHERE id=? AND recipient=? AND until_ms>?")
      .each(
          [&](const Row& row) {
            const std::optional<transfer::Door> door = door_of(row.blob(0));
            if (!door) return;
            can = can || std::any_of(door->parts.begin(), door->parts.end(), [&](const auto& part) {
                    return part.part == request.part && (part.can & transfer::kDoorAsk) != 0;
                  });
          },
          blob(request.id), request.recipient, now);
  if (can || request.part != transfer::kWholeItem || !is_drop(request.id)) return can;
  return database_.kept("SELECT 1 FROM recipients WHERE id=? AND number=? AND state=?")
      .one([](const Row&) {}, blob(request.id), request.recipient, kHeldState);
}

bool ItemWriter::original_kept(const ItemId& id) {
  return database_.kept("SELECT 1 FROM items WHERE id=? AND original_kept=1")
      .one([](const Row&) {}, blob(id));
}

std::optional<DoorStep> ItemWriter::ask(const transfer::DoorRequest& request, std::int64_t now) {
  if (!can_ask(request, now)) return DoorStep::gone;
  std::string state;
  database_
      .kept("SELECT state FROM requests WHERE id=? AND recipient=? AND part=? ORDER BY number DESC LIMIT 1")
      .one([&](const Row& row) { state = row.text(0); }, blob(request.id), request.recipient, request.part);
  if (state == "open") return DoorStep::asked;
  if (state == "refused") return DoorStep::refused;  // his mail says why, and whom to speak to
  if (state == "granted") return DoorStep::granted;
  if (!original_kept(request.id)) return DoorStep::gone;
  std::int64_t open = 0;
  database_.kept("SELECT count(*) FROM requests WHERE state='open'").one([&](const Row& row) {
    open = row.integer(0);
  });
  if (open >= static_cast<std::int64_t>(limits::kReviewOpen)) return std::nullopt;
  const std::int64_t at = after_all(database_, now);
  database_
      .kept(
          "INSERT INTO requests (id, recipient, part, asked_ms, state, decided_by, decided_ms, answer) "
          "VALUES "
          "(?,?,?,?,'open','',?,'')")
      .run(blob(request.id), request.recipient, request.part, now, at);
  append(
      "request", &request.id, "recipient",
      fmt::format(R"({{"recipient":{},"part":{}}})", request.recipient,
                  request.part == transfer::kWholeItem ? std::string("null") : std::to_string(request.part)));
  return DoorStep::asked;
}

// Counted before it is tried: who is killed in between has one try less.
std::optional<DoorStep> ItemWriter::try_password(const ItemId& id, std::uint32_t recipient,
                                                 std::uint64_t attempt, std::uint32_t tries_max,
                                                 std::int64_t now) {
  std::int64_t tries = 0;
  bool can = false;
  std::optional<DoorStep> said;
  database_.kept("SELECT frame, tries, attempt, step FROM doors WHERE id=? AND recipient=? AND until_ms>?")
      .each(
          [&](const Row& row) {
            tries = std::max(tries, row.integer(1));
            if (static_cast<std::uint64_t>(row.integer(2)) == attempt)
              said = static_cast<DoorStep>(row.integer(3));
            const std::optional<transfer::Door> door = door_of(row.blob(0));
            if (!door) return;
            can = can || std::any_of(door->parts.begin(), door->parts.end(), [](const auto& part) {
                    return (part.can & transfer::kDoorPassword) != 0;
                  });
          },
          blob(id), recipient, now);
  if (said) return said;  // its answer was lost on the way
  if (!can || !original_kept(id)) return DoorStep::gone;
  if (!database_.kept("SELECT 1 FROM locked WHERE id=? AND number=?")
           .one([](const Row&) {}, blob(id), recipient))
    return DoorStep::opened;  // all of it, perhaps by a mail that brought the password
  if (tries >= tries_max) return DoorStep::spent;
  database_.kept("UPDATE doors SET tries=? WHERE id=? AND recipient=?").run(tries + 1, blob(id), recipient);
  append("password", &id, "recipient", fmt::format(R"({{"recipient":{},"try":{}}})", recipient, tries + 1));
  return std::nullopt;
}

void ItemWriter::password_tried(const ItemId& id, std::uint32_t recipient, std::uint64_t attempt,
                                DoorStep step, std::uint32_t tries_max, std::int64_t now) {
  std::int64_t tries = 0;
  database_.kept("SELECT coalesce(max(tries), 0) FROM doors WHERE id=? AND recipient=?")
      .one([&](const Row& row) { tries = row.integer(0); }, blob(id), recipient);
  if (step == DoorStep::wrong && tries >= tries_max) step = DoorStep::spent;
  database_.kept("UPDATE doors SET attempt=?, step=?, changed_ms=? WHERE id=? AND recipient=?")
      .run(attempt, step, after_all(database_, now), blob(id), recipient);
}

bool ItemWriter::answer_request(const RequestAnswer& answer, std::int64_t now) {
  ItemId id;
  std::uint32_t recipient = 0;
  std::int64_t part = 0;
  if (!database_.kept("SELECT id, recipient, part FROM requests WHERE number=? AND state='open'")
           .one(
               [&](const Row& row) {
                 id = item_id(row.blob(0));
                 recipient = static_cast<std::uint32_t>(row.integer(1));
                 part = row.integer(2);
               },
               answer.number))
    return false;
  database_.kept("UPDATE requests SET state=?, decided_by=?, decided_ms=?, answer=? WHERE number=?")
      .run(answer.granted ? "granted" : "refused", answer.by, after_all(database_, now), answer.text,
           answer.number);
  if (answer.mail) insert_bundle(*answer.mail);
  append(
      "request-answer", &id, answer.by,
      fmt::format(R"({{"request":{},"recipient":{},"part":{},"granted":{}}})", answer.number, recipient,
                  part == transfer::kWholeItem ? std::string("null") : std::to_string(part), answer.granted));
  return true;
}

void ItemWriter::request_working(std::int64_t number, const std::string& by, const std::string& text) {
  database_.kept("UPDATE requests SET working=1, decided_by=?, answer=? WHERE number=? AND state='open'")
      .run(by, text, number);
}

void ItemWriter::request_idle(std::int64_t number) {
  database_.kept("UPDATE requests SET working=0, decided_by='', answer='' WHERE number=? AND carried=0")
      .run(number);
}

void ItemWriter::request_proposed(std::int64_t number, std::int64_t proposal, const std::string& by,
                                  const std::string& text) {
  database_.kept("UPDATE requests SET proposal=?, decided_by=?, answer=? WHERE number=? AND state='open'")
      .run(proposal, by, text, number);
}

void ItemWriter::expire_doors(std::int64_t now) {
  database_.kept("DELETE FROM doors WHERE until_ms<=?").run(now);
}

}  // namespace kiyome::store

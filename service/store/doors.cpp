#include "service/store/doors.h"

#include <algorithm>

#include "service/store/row_values.h"

namespace kiyome::store {
namespace {

#define KIYOME_REQUEST_COLUMNS                                                                               \
  "SELECT q.number, q.id, q.recipient, q.part, q.asked_ms, q.decided_ms, q.state, q.decided_by, "            \
  "q.answer, q.proposal, coalesce(p.state, ''), coalesce(r.address, ''), coalesce(i.subject, ''), "          \
  "coalesce(i.sender, ''), coalesce(r.state, 0), q.working, q.carried FROM requests q LEFT JOIN recipients " \
  "r ON r.id=q.id "                                                                                          \
  "AND r.number=q.recipient LEFT JOIN items i ON i.id=q.id LEFT JOIN proposals p ON "                        \
  "p.number=q.proposal "

RequestRow request_row(const Row& row) {
  RequestRow out;
  out.number = row.integer(0);
  out.id = item_id(row.blob(1));
  out.recipient = static_cast<std::uint32_t>(row.integer(2));
  out.part = static_cast<std::uint32_t>(row.integer(3));
  out.asked_ms = row.integer(4);
  out.decided_ms = row.integer(5);
  out.state = row.text(6);
  out.decided_by = row.text(7);
  out.answer = row.text(8);
  out.proposal = row.integer(9);
  out.proposal_state = row.text(10);
  out.address = row.text(11);
  out.item_subject = row.text(12);
  out.sender = row.text(13);
  out.working = row.integer(15) != 0;
  out.carried = row.integer(16) != 0;
  const std::int64_t state = row.integer(14);
  out.delivered = state == static_cast<std::int64_t>(State::sending) ||
                  state == static_cast<std::int64_t>(State::delivered) ||
                  state == static_cast<std::int64_t>(State::bounced);
  return out;
}

void add_door(Database& db, RequestRow& request) {
  db.kept("SELECT frame FROM doors WHERE id=? AND recipient=?")
      .each(
          [&](const Row& row) {
            const std::optional<transfer::Door> door = door_of(row.blob(0));
            if (!door) return;
            request.subject = door->subject;
            for (const transfer::DoorPart& part : door->parts)
              if (part.part == request.part) request.part_name = part.name;
          },
          blob(request.id), request.recipient);
}

}  // namespace

std::optional<transfer::Door> door_of(std::string_view frame) {
  Result<transfer::Forward> message =
      transfer::decode_forward(frame.substr(std::min<std::size_t>(4, frame.size())));
  if (message)
    if (auto* door = std::get_if<transfer::Door>(&*message)) return std::move(*door);
  return std::nullopt;
}

Doors::Doors(const ItemsAt& at) : reader_(std::make_unique<Database>(at.place)) {}

std::string Doors::frames(const ItemId& bundle, std::uint16_t part) {
  return reader_.with([&](std::unique_ptr<Database>& reader) {
    Database& db = *reader;
    std::string out;
    db.kept("SELECT frame FROM doors WHERE bundle=? AND part=?")
        .each([&](const Row& row) { out += row.blob(0); }, blob(bundle), part);
    return out;
  });
}

std::vector<RequestRow> Doors::requests(bool open_only, std::int64_t after, std::size_t max) {
  return reader_.with([&](std::unique_ptr<Database>& reader) {
    Database& db = *reader;
    std::vector<RequestRow> out;
    const auto add = [&](const Row& row) { out.push_back(request_row(row)); };
    if (open_only)
      db.kept(KIYOME_REQUEST_COLUMNS "WHERE q.state='open' AND q.number>? ORDER BY q.number LIMIT ?")
          .each(add, after, max);
    else
      db.kept(KIYOME_REQUEST_COLUMNS "WHERE q.number<? ORDER BY q.number DESC LIMIT ?")
          .each(add, after == 0 ? INT64_MAX : after, max);
    for (RequestRow& each : out) add_door(db, each);
    return out;
  });
}

std::optional<RequestRow> Doors::request(std::int64_t number) {
  return reader_.with([&](std::unique_ptr<Database>& reader) {
    Database& db = *reader;
    std::optional<RequestRow> out;
    db.kept(KIYOME_REQUEST_COLUMNS "WHERE q.number=?")
        .one([&](const Row& row) { out = request_row(row); }, number);
    if (out) add_door(db, *out);
    return out;
  });
}

std::vector<RequestRow> Doors::proposed(std::size_t max) {
  return reader_.with([&](std::unique_ptr<Database>& reader) {
    Database& db = *reader;
    std::vector<RequestRow> out;
    db.kept(KIYOME_REQUEST_COLUMNS "WHERE q.state='open' AND q.proposal>0 ORDER BY q.number LIMIT ?")
        .each([&](const Row& row) { out.push_back(request_row(row)); }, max);
    for (RequestRow& each : out) add_door(db, each);
    return out;
  });
}

std::vector<RequestRow> Doors::working(std::size_t max) {
  return reader_.with([&](std::unique_ptr<Database>& reader) {
    Database& db = *reader;
    std::vector<RequestRow> out;
    db.kept(KIYOME_REQUEST_COLUMNS
            "WHERE q.state='open' AND q.working+q.carried>0 AND q.proposal=0 ORDER BY q.number LIMIT ?")
        .each([&](const Row& row) { out.push_back(request_row(row)); }, max);
    for (RequestRow& each : out) add_door(db, each);
    return out;
  });
}

std::vector<RequestRow> Doors::settled(std::size_t max) {
  return reader_.with([&](std::unique_ptr<Database>& reader) {
    Database& db = *reader;
    std::vector<RequestRow> out;
    db.kept(KIYOME_REQUEST_COLUMNS
            "WHERE q.state='open' AND q.proposal=0 AND q.working+q.carried=0 AND q.part=4294967295 AND "
            "(r.state<>1 OR r.verdict=2) "
            "ORDER BY q.number LIMIT ?")
        .each([&](const Row& row) { out.push_back(request_row(row)); }, max);
    for (RequestRow& each : out) add_door(db, each);
    return out;
  });
}

std::vector<RequestRow> Doors::open_of(const ItemId& item) {
  return reader_.with([&](std::unique_ptr<Database>& reader) {
    Database& db = *reader;
    std::vector<RequestRow> out;
    db.kept(KIYOME_REQUEST_COLUMNS "WHERE q.id=? AND q.state='open' ORDER BY q.number")
        .each([&](const Row& row) { out.push_back(request_row(row)); }, blob(item));
    for (RequestRow& each : out) add_door(db, each);
    return out;
  });
}

// Requests by the time of their last change (asked, decided) and passwords by theirs.
std::vector<transfer::DoorState> Doors::states(std::int64_t since_ms, std::size_t max,
                                               std::int64_t& seen_ms) {
  return reader_.with([&](std::unique_ptr<Database>& reader) {
    Database& db = *reader;
    std::vector<transfer::DoorState> out;
    db.kept(
          "SELECT id, recipient, part, CASE state WHEN 'open' THEN 1 WHEN 'refused' THEN 2 ELSE 3 END, "
          "decided_ms AS at, 0 FROM requests WHERE decided_ms>?1 UNION ALL SELECT id, recipient, ?2, step, "
          "changed_ms AS at, attempt FROM doors WHERE changed_ms>?1 AND changed_ms>0 ORDER BY at LIMIT ?3")
        .each(
            [&](const Row& row) {
              out.push_back({item_id(row.blob(0)), static_cast<std::uint32_t>(row.integer(1)),
                             static_cast<std::uint32_t>(row.integer(2)),
                             static_cast<transfer::DoorStep>(row.integer(3)),
                             static_cast<std::uint64_t>(row.integer(5))});
              seen_ms = std::max(seen_ms, row.integer(4));
            },
            since_ms, transfer::kLockedParts, max);
    return out;
  });
}

}  // namespace kiyome::store

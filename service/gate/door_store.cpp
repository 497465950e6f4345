#include "service/gate/door_store.h"

#include "proto/base/limits.h"
#include "proto/transfer/bundle.h"
#include "service/store/row_values.h"

namespace kiyome::gate {
namespace {

using store::blob;
using store::Blob;
using store::Row;
using transfer::kLockedParts;

constexpr std::int64_t kCountAgain = 1000;  // links added by us, while others add theirs

std::optional<transfer::Door> door_of(std::string_view frame) {
  Result<transfer::Forward> message =
      transfer::decode_forward(frame.substr(std::min<std::size_t>(4, frame.size())));
  if (message)
    if (auto* door = std::get_if<transfer::Door>(&*message)) return std::move(*door);
  return std::nullopt;
}

std::int64_t count_doors(store::Database& db) {
  std::int64_t out = 0;
  db.kept("SELECT count(*) FROM doors").one([&](const Row& row) { out = row.integer(0); });
  return out;
}

DoorMark mark_in(store::Database& db, const ItemId& id, std::uint32_t recipient, std::uint32_t part) {
  DoorMark out = DoorMark::none;
  db.kept("SELECT mark FROM door_marks WHERE id=? AND recipient=? AND part=?")
      .one([&](const Row& row) { out = static_cast<DoorMark>(row.integer(0)); }, blob(id), recipient, part);
  return out;
}

}  // namespace

struct DoorStore::Reading {
  store::Database database;
  explicit Reading(const GateAt& at) : database(at.place) {}
};

DoorStore::DoorStore(store::Database& database, const GateAt& at)
    : db_(database), count_(count_doors(database)) {
  reading_.with([&](auto& reading) { reading = std::make_unique<Reading>(at); });
}

DoorStore::~DoorStore() = default;

void DoorStore::insert(const transfer::Door& door) {
  const std::string frame = transfer::encode(transfer::Forward(door));
  db_.kept(
         "INSERT INTO doors (token, id, recipient, until_ms, frame) VALUES (?,?,?,?,?) ON CONFLICT DO "
         "NOTHING")
      .run(blob(door.token_hash), blob(door.id), door.recipient, door.until_ms, Blob{frame});
  if (db_.changes() == 0) return;
  if (db_.shared() && ++counted_for_ % kCountAgain == 0) count_ = count_doors(db_);
  if (++count_ > static_cast<std::int64_t>(limits::kDoorsOpen)) {
    db_.kept("DELETE FROM doors WHERE token=(SELECT token FROM doors ORDER BY until_ms LIMIT 1)").run();
    count_ = count_doors(db_);  // also right after a transaction that failed
  }
}

// Of a door that was never seen here nobody asks.
void DoorStore::heard(const transfer::DoorState& state, std::int64_t until_ms) {
  db_.kept("UPDATE door_marks SET mark=? WHERE id=? AND recipient=? AND part=? AND attempt=?")
      .run(state.step, blob(state.id), state.recipient, state.part, state.attempt);
  if (db_.changes() > 0 || mark_in(db_, state.id, state.recipient, state.part) != DoorMark::none) return;
  if (!db_.kept("SELECT 1 FROM doors WHERE id=? AND recipient=?")
           .one([](const Row&) {}, blob(state.id), state.recipient))
    return;
  db_.kept(
         "INSERT INTO door_marks (id, recipient, part, mark, changed_ms, until_ms, attempt) VALUES "
         "(?,?,?,?,0,?,?)")
      .run(blob(state.id), state.recipient, state.part, state.step, until_ms, state.attempt);
}

bool DoorStore::ask(const transfer::DoorRequest& request, std::int64_t now_ms, std::int64_t until_ms) {
  db_.kept(
         "INSERT INTO door_marks (id, recipient, part, mark, changed_ms, until_ms, attempt) VALUES "
         "(?,?,?,?,?,?,0) ON CONFLICT DO NOTHING")
      .run(blob(request.id), request.recipient, request.part, DoorMark::sent, now_ms, until_ms);
  return db_.changes() > 0;
}

void DoorStore::password_sent(const ItemId& id, std::uint32_t recipient, std::uint64_t attempt,
                              std::int64_t now_ms, std::int64_t until_ms) {
  db_.kept(
         "INSERT INTO door_marks (id, recipient, part, mark, changed_ms, until_ms, attempt, owner) VALUES "
         "(?,?,?,?,?,?,?,?) ON CONFLICT (id, recipient, part) DO UPDATE SET mark = excluded.mark, changed_ms "
         "= excluded.changed_ms, until_ms = excluded.until_ms, attempt = excluded.attempt, owner = "
         "excluded.owner")
      .run(blob(id), recipient, kLockedParts, DoorMark::sent, now_ms, until_ms, attempt, owner_);
}

void DoorStore::password_lost(const ItemId& id, std::uint32_t recipient) {
  db_.kept("UPDATE door_marks SET mark=? WHERE id=? AND recipient=? AND part=?")
      .run(DoorMark::lost, blob(id), recipient, kLockedParts);
}

void DoorStore::passwords_lost() {
  db_.kept(
         "UPDATE door_marks SET mark=? WHERE mark=? AND part=? AND NOT EXISTS (SELECT 1 FROM gates g WHERE "
         "g.owner = door_marks.owner)")
      .run(DoorMark::lost, DoorMark::sent, kLockedParts);
}

void DoorStore::expire(std::int64_t now_ms) {
  db_.kept("DELETE FROM doors WHERE until_ms<=?").run(now_ms);
  db_.kept("DELETE FROM door_marks WHERE until_ms<=?").run(now_ms);
  count_ = count_doors(db_);
}

std::optional<DoorView> DoorStore::find(const std::array<std::uint8_t, 32>& token_hash, std::int64_t now_ms) {
  return reading_.with([&](std::unique_ptr<Reading>& reading) -> std::optional<DoorView> {
    std::optional<transfer::Door> door;
    reading->database.kept("SELECT frame FROM doors WHERE token=? AND until_ms>?")
        .one([&](const Row& row) { door = door_of(row.blob(0)); }, blob(token_hash), now_ms);
    if (!door) return std::nullopt;
    DoorView out{std::move(*door), {}};
    reading->database.kept("SELECT part, mark FROM door_marks WHERE id=? AND recipient=?")
        .each(
            [&](const Row& row) {
              out.marks[static_cast<std::uint32_t>(row.integer(0))] = static_cast<DoorMark>(row.integer(1));
            },
            blob(out.door.id), out.door.recipient);
    return out;
  });
}

DoorMark DoorStore::mark(const ItemId& id, std::uint32_t recipient, std::uint32_t part) {
  return reading_.with(
      [&](std::unique_ptr<Reading>& reading) { return mark_in(reading->database, id, recipient, part); });
}

std::vector<transfer::DoorRequest> DoorStore::unanswered(std::size_t max) {
  return reading_.with([&](std::unique_ptr<Reading>& reading) {
    std::vector<transfer::DoorRequest> out;
    reading->database
        .kept(
            "SELECT id, recipient, part FROM door_marks WHERE mark=8 AND part<>4294967294 ORDER BY "
            "changed_ms LIMIT ?")
        .each(
            [&](const Row& row) {
              out.push_back({store::item_id(row.blob(0)), static_cast<std::uint32_t>(row.integer(1)),
                             static_cast<std::uint32_t>(row.integer(2))});
            },
            max);
    return out;
  });
}

std::size_t DoorStore::waiting() {
  return reading_.with([&](std::unique_ptr<Reading>& reading) {
    std::size_t out = 0;
    reading->database.kept("SELECT count(*) FROM door_marks WHERE mark=8 AND part<>4294967294")
        .one([&](const Row& row) { out = static_cast<std::size_t>(row.integer(0)); });
    return out;
  });
}

}  // namespace kiyome::gate

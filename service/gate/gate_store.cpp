#include "service/gate/gate_store.h"

#include <algorithm>
#include <set>

#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/gate/gate_schema.h"
#include "service/gate/numbers.h"
#include "service/store/row_values.h"

namespace kiyome::gate {
namespace {

using store::Blob;
using store::item_id;
using store::Row;
using store::Statement;

constexpr auto kFailover = std::chrono::minutes(15);  // one by hand takes some

std::string_view octets(const ItemId& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

PendingBundle pending_of(const Row& row) {
  PendingBundle out;
  out.row = row.integer(0);
  out.id = item_id(row.blob(1));
  out.part = static_cast<std::uint16_t>(row.integer(2));
  out.attempts = static_cast<std::uint32_t>(row.integer(3));
  out.received_ms = row.integer(4);
  out.next_ms = row.integer(5);
  out.delay_told = row.integer(6) != 0;
  out.size = static_cast<std::uint64_t>(row.integer(7));
  out.own = row.integer(8) == static_cast<std::int64_t>(kOwnMail);
  return out;
}

std::uint16_t part_of(const Row& row) { return static_cast<std::uint16_t>(row.integer(2)); }
std::uint32_t recipient_of(const Row& row) { return static_cast<std::uint32_t>(row.integer(3)); }

transfer::DeliveryResult delivery_result_of(const Row& row) {
  transfer::DeliveryResult out;
  out.id = item_id(row.blob(1));
  out.part = part_of(row);
  out.recipient = recipient_of(row);
  out.result = static_cast<transfer::ResultClass>(row.integer(4));
  out.status_class = static_cast<std::uint16_t>(row.integer(5));
  out.status_subject = static_cast<std::uint16_t>(row.integer(6));
  out.status_detail = static_cast<std::uint16_t>(row.integer(7));
  return out;
}

// A file that cannot be read is told as an empty content: its mail is tried until the end of its life, and
// then its sender hears of it.
std::shared_ptr<const Content> read_or_empty(const Blobs& blobs, store::Database& database,
                                             const std::string& name) {
  try {
    return blobs.read(database, name);
  } catch (const TemporaryFailure& trouble) {
    log::error("content cannot be read", {{"why", trouble.what()}});
    return std::make_shared<Content>(std::string());
  }
}

}  // namespace

// Its own connection, used by the writer alone.
struct GateStore::Writing {
  store::Database database;
  Blobs blobs;
  std::optional<store::Transaction> transaction;
  std::optional<Numbers> bundles, results, rows, decisions;
  std::string owner, owner_before;  // before this transaction
  // Statements come after the schema.
  struct Statements {
    explicit Statements(store::Database& db)
        : accept(db, "INSERT INTO accepted (id, part, received_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"),
          add(db,
              "INSERT INTO pending (bundle, id, part, kind, sender, ret, envid, attempts, received_ms, "
              "next_ms, "
              "delay_told, size, file, owner) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, 0, ?, ?, ?)"),
          add_content(db, "INSERT INTO contents (bundle, octets) VALUES (?, ?)"),
          add_delivery(db,
                       "INSERT INTO deliveries (bundle, recipient, address, notify, orcpt, status) "
                       "VALUES (?, ?, ?, ?, ?, '')"),
          add_result(db,
                     "INSERT INTO results (number, id, part, recipient, class, status_class, subject, "
                     "detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"),
          drop_delivery(db, "DELETE FROM deliveries WHERE bundle = ? AND recipient = ?"),
          drop_deliveries(db, "DELETE FROM deliveries WHERE bundle = ?"),
          drop_content(db, "DELETE FROM contents WHERE bundle = ?"),
          drop(db, "DELETE FROM pending WHERE bundle = ?"),
          drop_result(db, "DELETE FROM results WHERE id = ? AND part = ? AND recipient = ? AND class = ?"),
          later(db, "UPDATE pending SET attempts = ?, next_ms = ?, delay_told = ? WHERE bundle = ?"),
          last_status(db, "UPDATE deliveries SET status = ? WHERE bundle = ? AND recipient = ?"),
          file_of(db, "SELECT file FROM pending WHERE bundle = ?"),
          forget(db,
                 "DELETE FROM accepted WHERE id < ?1 AND id < coalesce((SELECT id FROM pending ORDER BY id "
                 "LIMIT 1), ?1) AND received_ms < ?2") {}
    Statement accept, add, add_content, add_delivery, add_result, drop_delivery, drop_deliveries,
        drop_content, drop, drop_result, later, last_status, file_of, forget;
  };
  std::optional<Statements> sql;

  explicit Writing(const GateAt& at) : database(at.place), blobs(at, ready(database)) {}
  static store::Database& ready(store::Database& database) {
    // As in store/item_store.cpp: no zeros over each bundle that was delivered (13 KB, 60 µs of a mail).
    if (!database.shared()) database.execute("PRAGMA secure_delete=FAST");
    database.migrate(kGateSchema);
    database.engine().ask_for(kFailover);  // what was sent is known here alone
    return database;
  }
  void count() {
    bundles.emplace(database, "bundle", "SELECT coalesce(max(bundle), 0) FROM pending");
    results.emplace(
        database, "result",
        "SELECT coalesce(max(number), 0) FROM (SELECT number FROM results UNION ALL SELECT number "
        "FROM drop_results) AS both_kinds");
    rows.emplace(database, "row", "SELECT coalesce(max(row), 0) FROM drops");
    decisions.emplace(database, "decision", "SELECT coalesce(max(number), 0) FROM decisions");
  }
  void each_number(const std::function<void(Numbers&)>& use) {
    for (std::optional<Numbers>* each : {&bundles, &results, &rows, &decisions}) use(**each);
  }
};

struct GateStore::Reading {
  store::Database database;
  Statement envelope, content, deliveries, results;
  explicit Reading(const GateAt& at)
      : database(at.place),
        envelope(database, "SELECT sender, ret, envid, file FROM pending WHERE bundle = ?"),
        content(database, "SELECT octets FROM contents WHERE bundle = ?"),
        deliveries(
            database,
            "SELECT recipient, address, notify, orcpt FROM deliveries WHERE bundle = ? ORDER BY recipient"),
        results(database,
                "SELECT number, id, part, recipient, class, status_class, subject, detail, 0 FROM results "
                "WHERE number > ?1 UNION ALL SELECT number, id, part, recipient, stage, 0, 0, 0, 1 FROM "
                "drop_results WHERE number > ?1 ORDER BY number LIMIT ?2") {}
};

GateStore::GateStore(const GateAt& at) : at_(at) {
  writing_ = std::make_unique<Writing>(at);
  Writing& w = *writing_;
  w.sql.emplace(w.database);
  w.count();
  remove_strays();
  drops_ = std::make_unique<DropStore>(
      DropStore::Shelf{&w.database, &w.blobs, [&w] { return w.results->next(); },
                       [&w] { return w.rows->next(); }, [&w] { return w.decisions->next(); }},
      at);
  doors_ = std::make_unique<DoorStore>(w.database, at);
  reading_.with([&](auto& reading) { reading = std::make_unique<Reading>(at); });
}

GateStore::~GateStore() = default;

void GateStore::remove_strays() {
  std::set<std::string, std::less<>> named;
  Statement(
      writing_->database,
      "SELECT file FROM pending WHERE file <> '' UNION ALL SELECT file FROM drop_files WHERE file <> ''")
      .each([&](const Row& row) { named.emplace(row.text(0)); });
  writing_->blobs.remove_strays(named);
}

void GateStore::begin() {
  Writing& w = *writing_;
  w.owner_before = w.owner;
  w.transaction.emplace(w.database);
  drops_->audit().began();
}

void GateStore::commit() {
  Writing& w = *writing_;
  w.blobs.before_commit();
  w.each_number([](Numbers& each) { each.before_commit(); });
  w.transaction->commit();
  w.transaction.reset();
  w.each_number([](Numbers& each) { each.over(); });
  drops_->audit().committed();
  w.blobs.committed();
}

void GateStore::rollback() {
  Writing& w = *writing_;
  w.transaction.reset();
  w.each_number([](Numbers& each) { each.over(); });
  w.owner = w.owner_before;
  doors_->join(w.owner);
  drops_->audit().rolled_back();
  w.blobs.rolled_back();
}

void GateStore::join(const std::string& owner) {
  writing_->database.kept("INSERT INTO gates VALUES (?, 0)").run(owner);
  writing_->owner = owner;
  doors_->join(owner);
}

void GateStore::leave_as(const std::string& host) {
  store::Database& db = writing_->database;
  const std::string behind = host + '~';  // lives are hexadecimal and hyphens
  db.kept("DELETE FROM gates WHERE owner > ? AND owner < ?").run(host, behind);
  db.kept("DELETE FROM duties WHERE owner > ? AND owner < ?").run(host, behind);
}

void GateStore::leave(const std::string& owner) {
  store::Database& db = writing_->database;
  db.kept("DELETE FROM gates WHERE owner = ?").run(owner);
  db.kept("DELETE FROM duties WHERE owner = ?").run(owner);
  doors_->passwords_lost();
}

bool GateStore::bury(const std::string& owner, std::int64_t beat) {
  store::Database& db = writing_->database;
  db.kept("DELETE FROM gates WHERE owner = ? AND beat = ?").run(owner, beat);
  if (db.changes() == 0) return false;
  db.kept("DELETE FROM duties WHERE owner = ?").run(owner);
  return true;
}

std::vector<PendingBundle> GateStore::adopt(std::size_t max) {
  std::vector<PendingBundle> out;
  writing_->database
      .kept(
          "UPDATE pending SET owner = ? WHERE bundle IN (SELECT p.bundle FROM pending p WHERE NOT EXISTS "
          "(SELECT 1 FROM gates g WHERE g.owner = p.owner) ORDER BY p.bundle LIMIT ?) RETURNING bundle, id, "
          "part, attempts, received_ms, next_ms, delay_told, size, kind")
      .each([&](const Row& row) { out.push_back(pending_of(row)); }, writing_->owner, max);
  return out;
}

void GateStore::make_due(const ItemId& id) {
  writing_->database.kept("UPDATE pending SET next_ms = 0 WHERE id = ?").run(Blob{octets(id)});
}

std::optional<std::int64_t> GateStore::insert(const transfer::Bundle& bundle, std::int64_t now_ms) {
  Writing& w = *writing_;
  Writing::Statements& sql = *w.sql;
  const Blob id{octets(bundle.id)};
  sql.accept.run(id, bundle.part, now_ms);
  if (w.database.changes() == 0) return std::nullopt;
  const std::int64_t row = w.bundles->next();
  const std::string file =
      bundle.content.size() >= kBlobFrom
          ? w.blobs.write(bundle.id.text() + "." + std::to_string(bundle.part), bundle.content)
          : std::string();
  sql.add.run(row, id, bundle.part, bundle.kind, bundle.sender, bundle.ret, bundle.envid, now_ms, now_ms,
              bundle.content.size(), file, w.owner);
  if (file.empty()) sql.add_content.run(row, Blob{bundle.content});
  for (const transfer::Recipient& recipient : bundle.recipients)
    sql.add_delivery.run(row, recipient.index, recipient.address, recipient.notify, recipient.orcpt);
  return row;
}

void GateStore::record(const Outcome& outcome, std::vector<NumberedResult>& results) {
  Writing& w = *writing_;
  Writing::Statements& sql = *w.sql;
  const PendingBundle& bundle = outcome.bundle;
  results.clear();
  for (const transfer::DeliveryResult& result : outcome.results) {
    if (bundle.own) break;
    const std::int64_t number = w.results->next();
    sql.add_result.run(number, Blob{octets(result.id)}, result.part, result.recipient, result.result,
                       result.status_class, result.status_subject, result.status_detail);
    results.push_back({number, result});
  }
  if (!outcome.left.empty()) {
    for (const std::uint32_t recipient : outcome.finished) sql.drop_delivery.run(bundle.row, recipient);
    for (const Outcome::Last& last : outcome.left)
      sql.last_status.run(last.status, bundle.row, last.recipient);
    sql.later.run(bundle.attempts, bundle.next_ms, bundle.delay_told, bundle.row);
    return;
  }
  std::string file;
  if (bundle.size >= kBlobFrom) sql.file_of.one([&](const Row& row) { file = row.text(0); }, bundle.row);
  if (file.empty())
    sql.drop_content.run(bundle.row);
  else
    w.blobs.drop(file);
  sql.drop_deliveries.run(bundle.row);
  sql.drop.run(bundle.row);
}

void GateStore::taken(const transfer::ResultTaken& taken) {
  writing_->sql->drop_result.run(Blob{octets(taken.id)}, taken.part, taken.recipient, taken.result_class);
}

// Ids are UUIDv7: their order is the order of their times.
void GateStore::prune(std::int64_t before_ms) {
  const ItemId bound = ItemId::make(std::max<std::int64_t>(before_ms, 0), {});
  writing_->sql->forget.run(Blob{octets(bound)}, before_ms);
}

void GateStore::pending(const std::function<void(const PendingBundle&)>& use) {
  reading_.with([&](std::unique_ptr<Reading>& reading) {
    Statement(reading->database,
              "SELECT bundle, id, part, attempts, received_ms, next_ms, delay_told, size, kind FROM pending "
              "ORDER BY bundle")
        .each([&](const Row& row) { use(pending_of(row)); });
  });
}

std::optional<LoadedBundle> GateStore::load(std::int64_t row) {
  return reading_.with([&](std::unique_ptr<Reading>& reading) -> std::optional<LoadedBundle> {
    LoadedBundle out;
    std::string file;
    const bool found = reading->envelope.one(
        [&](const Row& envelope) {
          out.sender = envelope.text(0);
          out.ret = static_cast<std::uint8_t>(envelope.integer(1));
          out.envid = envelope.text(2);
          file = envelope.text(3);
        },
        row);
    if (!found) return std::nullopt;
    reading->deliveries.each(
        [&](const Row& one) {
          out.recipients.push_back({static_cast<std::uint32_t>(one.integer(0)), std::string(one.text(1)),
                                    static_cast<std::uint8_t>(one.integer(2)), std::string(one.text(3))});
        },
        row);
    if (!file.empty()) out.content = read_or_empty(writing_->blobs, reading->database, file);
    reading->content.one(
        [&](const Row& one) { out.content = std::make_shared<Content>(std::string(one.blob(0))); }, row);
    if (!out.content) return std::nullopt;  // finished between the statements
    return out;
  });
}

std::vector<NumberedResult> GateStore::results_after(std::int64_t number, std::size_t max) {
  std::vector<NumberedResult> out;
  reading_.with([&](std::unique_ptr<Reading>& reading) {
    reading->results.each(
        [&](const Row& row) {
          if (row.integer(8) != 0)
            out.push_back(
                {row.integer(0), transfer::DropResult{item_id(row.blob(1)), part_of(row), recipient_of(row),
                                                      static_cast<transfer::DropStage>(row.integer(4))}});
          else
            out.push_back({row.integer(0), delivery_result_of(row)});
        },
        number, max);
  });
  return out;
}

// Page by page: a slow listener must not hold the reading connection, nor a snapshot of a growing log.
void GateStore::list(const std::function<bool(const ListedDelivery&)>& use) {
  constexpr std::int64_t kPage = 500;
  std::int64_t after_row = 0, after_recipient = -1;
  for (;;) {
    std::vector<ListedDelivery> page;
    reading_.with([&](std::unique_ptr<Reading>& reading) {
      Statement(reading->database,
                "SELECT p.bundle, p.id, p.part, p.attempts, p.received_ms, p.next_ms, p.delay_told, p.size, "
                "p.kind, p.sender, "
                "d.status, d.recipient, d.address FROM pending p JOIN deliveries d ON d.bundle = p.bundle "
                "WHERE (d.bundle, d.recipient) > (?, ?) ORDER BY d.bundle, d.recipient LIMIT ?")
          .each(
              [&](const Row& row) {
                page.push_back({pending_of(row), std::string(row.text(9)), std::string(row.text(10)), {}});
                page.back().recipient.index = static_cast<std::uint32_t>(row.integer(11));
                page.back().recipient.address = row.text(12);
              },
              after_row, after_recipient, kPage);
    });
    if (page.empty()) return;
    for (const ListedDelivery& one : page)
      if (!use(one)) return;
    after_row = page.back().bundle.row;
    after_recipient = page.back().recipient.index;
  }
}

std::uint64_t GateStore::waiting_results() {
  std::uint64_t out = 0;
  reading_.with([&](std::unique_ptr<Reading>& reading) {
    Statement(reading->database,
              "SELECT (SELECT count(*) FROM results) + (SELECT count(*) FROM drop_results)")
        .one([&](const Row& row) { out = static_cast<std::uint64_t>(row.integer(0)); });
  });
  return out;
}

std::vector<std::int64_t> GateStore::made_due(const std::string& owner) {
  std::vector<std::int64_t> out;
  reading_.with([&](std::unique_ptr<Reading>& reading) {
    reading->database.kept("SELECT bundle FROM pending WHERE owner = ? AND owner <> '' AND next_ms = 0")
        .each([&](const Row& row) { out.push_back(row.integer(0)); }, owner);
  });
  return out;
}

std::int64_t GateStore::last_result() {
  std::int64_t out = 0;
  reading_.with([&](std::unique_ptr<Reading>& reading) {
    reading->database
        .kept(
            "SELECT coalesce(max(number), 0) FROM (SELECT max(number) AS number FROM results UNION ALL "
            "SELECT "
            "max(number) AS number FROM drop_results) AS both_kinds")
        .one([&](const Row& row) { out = row.integer(0); });
  });
  return out;
}

std::unique_ptr<store::Database> GateStore::open() const {
  return std::make_unique<store::Database>(at_.place);
}

void GateStore::look_after_trail(const std::function<void(store::Database&, store::AuditLog&)>& work) {
  work(writing_->database, drops_->audit());
}

}  // namespace kiyome::gate

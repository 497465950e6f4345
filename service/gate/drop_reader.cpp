// The reading half of the pick-up's store, on a connection of its own.
#include <algorithm>

#include "proto/base/limits.h"
#include "service/gate/drop_reading.h"
#include "service/gate/drop_rows.h"
#include "service/gate/drop_store.h"

namespace kiyome::gate {
namespace {

using store::Row;

// No look is put off for as long as that: what seems to be was written before the clock was set back.
constexpr std::int64_t kLookPutOffMs = 2 * std::max(limits::kPickUpGatherMs, limits::kPickUpLookMs);

std::vector<ItemId> ids_of(store::Statement& query, const auto&... values) {
  std::vector<ItemId> out;
  query.each([&](const Row& row) { out.push_back(item_id(row.blob(0))); }, values...);
  return out;
}

// After every UUIDv7 there is.
ItemId last_id() {
  ItemId id;
  id.bytes.fill(0xFF);
  return id;
}

Delegation delegation_in(const Row& row) {
  return {std::string(row.text(0)), std::string(row.text(1)), row.integer(2)};
}

}  // namespace

DropStore::DropStore(Shelf shelf, const GateAt& at)
    : shelf_(std::move(shelf)), db_(*shelf_.database), audit_(db_) {
  reading_.with([&](auto& reading) { reading = std::make_unique<Reading>(at); });
}

DropStore::~DropStore() = default;

std::optional<DropView> DropStore::load(const ItemId& submission) {
  return reading_.with([&](auto& reading) { return load_drop(reading->database, submission); });
}

std::vector<ItemId> DropStore::sent_to(const std::string& address, const std::string& words,
                                       const std::optional<ItemId>& before, std::size_t max) {
  const ItemId bound = before.value_or(last_id());
  return reading_.with([&](auto& reading) {
    return ids_of(
        reading->database.kept(
            "SELECT p.submission FROM drop_people p JOIN submissions s ON s.submission = "
            "p.submission WHERE p.address = ?1 AND p.submission < ?2 AND s.gone = 0 AND (?3 = '' OR "
            "replace(s.words, ?3, '') <> s.words OR EXISTS (SELECT 1 FROM drops d JOIN drop_recipients r ON "
            "r.row "
            "= d.row WHERE d.submission = p.submission AND d.replaced = 0 AND r.address = ?1 AND "
            "replace(d.words, ?3, '') <> d.words)) ORDER BY p.submission DESC LIMIT ?4"),
        address, blob(bound), words, max);
  });
}

std::vector<ItemId> DropStore::waiting(std::size_t max) {
  return reading_.with([&](auto& reading) {
    return ids_of(reading->database.kept("SELECT submission FROM drop_waiting ORDER BY submission LIMIT ?"),
                  max);
  });
}

std::vector<ItemId> DropStore::decided_by(const std::string& login, std::size_t max) {
  return reading_.with([&](auto& reading) {
    return ids_of(
        reading->database.kept(
            "SELECT d.submission FROM decisions d JOIN submissions s ON s.submission = d.submission WHERE "
            "d.login = ? AND s.gone = 0 GROUP BY d.submission ORDER BY max(d.number) DESC LIMIT ?"),
        login, max);
  });
}

std::vector<ItemId> DropStore::due(std::int64_t now_ms, std::size_t max) {
  return reading_.with([&](auto& reading) {
    return ids_of(reading->database.kept("SELECT submission FROM submissions WHERE look_ms <= ? OR look_ms > "
                                         "? ORDER BY look_ms LIMIT ?"),
                  now_ms, now_ms + kLookPutOffMs, max);
  });
}

std::map<DropStore::FilePlace, std::int64_t> DropStore::picked(const ItemId& submission,
                                                               const std::string& login) {
  std::map<FilePlace, std::int64_t> out;
  reading_.with([&](auto& reading) {
    reading->database
        .kept(
            "SELECT p.row, p.number, p.picked_ms FROM picked_up p JOIN drops d ON d.row = p.row WHERE "
            "d.submission = ? AND p.login = ?")
        .each(
            [&](const Row& row) {
              out[{row.integer(0), static_cast<std::uint32_t>(row.integer(1))}] = row.integer(2);
            },
            blob(submission), login);
  });
  return out;
}

std::shared_ptr<const Content> DropStore::content(std::int64_t row, std::uint32_t number) {
  return reading_.with([&](auto& reading) -> std::shared_ptr<const Content> {
    std::shared_ptr<const Content> out;
    std::string file;
    reading->database.kept("SELECT file, octets FROM drop_files WHERE row = ? AND number = ?")
        .one(
            [&](const Row& found) {
              file = found.text(0);
              if (file.empty()) out = std::make_shared<Content>(std::string(found.blob(1)));
            },
            row, number);
    return file.empty() ? out : shelf_.blobs->read(reading->database, file);
  });
}

std::optional<Delegation> DropStore::delegation_of(const std::string& login) {
  std::optional<Delegation> out;
  reading_.with([&](auto& reading) {
    reading->database.kept("SELECT login, delegate, until_ms FROM delegations WHERE login = ?")
        .one([&](const Row& row) { out = delegation_in(row); }, login);
  });
  return out;
}

std::vector<Delegation> DropStore::delegations_to(const std::string& login) {
  std::vector<Delegation> out;
  reading_.with([&](auto& reading) {
    reading->database.kept("SELECT login, delegate, until_ms FROM delegations WHERE delegate = ?")
        .each([&](const Row& row) { out.push_back(delegation_in(row)); }, login);
  });
  return out;
}

// One step in an index for each set.
std::vector<std::vector<std::string>> DropStore::tenants() {
  std::set<std::string> sets{""};
  reading_.with([&](auto& reading) {
    for (int gone = 0; gone <= 1; ++gone) {
      std::string last;
      while (
          reading->database
              .kept("SELECT tenants FROM submissions WHERE gone = ? AND tenants > ? ORDER BY tenants LIMIT 1")
              .one([&](const Row& row) { last = row.text(0); }, gone, std::string(last)))
        sets.insert(last);
    }
  });
  std::vector<std::vector<std::string>> out;
  for (const std::string& set : sets) out.push_back(lines(set));
  return out;
}

MailTold DropStore::told(const ItemId& submission) {
  MailTold out;
  reading_.with([&](auto& reading) {
    reading->database.kept("SELECT person, kind, sent_ms FROM drop_mails WHERE submission = ?")
        .each(
            [&](const Row& row) {
              out[{std::string(row.text(0)), static_cast<MailKind>(row.integer(1))}] = row.integer(2);
            },
            blob(submission));
  });
  return out;
}

// Page by page: a slow listener must not hold the reading connection.
void DropStore::list(const std::function<bool(const ListedDrop&)>& use) {
  constexpr std::int64_t kPage = 500;
  std::int64_t after_row = 0, after_recipient = -1;
  for (;;) {
    std::vector<ListedDrop> page;
    reading_.with([&](auto& reading) {
      reading->database
          .kept(
              "SELECT d.submission, d.id, d.part, r.address, d.name, s.sender, r.stage, d.verdict, "
              "d.received_ms, d.row, r.recipient FROM drops d JOIN submissions s ON s.submission = "
              "d.submission JOIN drop_recipients r ON r.row = d.row WHERE d.replaced <> 1 AND (d.row, "
              "r.recipient) > (?, ?) ORDER BY d.row, r.recipient LIMIT ?")
          .each(
              [&](const Row& row) {
                page.push_back({item_id(row.blob(0)), item_id(row.blob(1)),
                                static_cast<std::uint16_t>(row.integer(2)), std::string(row.text(3)),
                                std::string(row.text(4)), std::string(row.text(5)),
                                static_cast<Stage>(row.integer(6)),
                                static_cast<transfer::DropVerdict>(row.integer(7)), row.integer(8)});
                after_row = row.integer(9);
                after_recipient = row.integer(10);
              },
              after_row, after_recipient, kPage);
    });
    if (page.empty()) return;
    for (const ListedDrop& one : page)
      if (!use(one)) return;
  }
}

}  // namespace kiyome::gate

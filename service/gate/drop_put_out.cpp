// The output folder's part of the pick-up's store.
#include "service/gate/drop_reading.h"
#include "service/gate/drop_rows.h"

namespace kiyome::gate {
namespace {

using store::Row;

#define KIYOME_PUT_OUT "SELECT row, id, kind, done, shelf, paths, report FROM put_out "

PutOut put_out_in(const Row& row) {
  PutOut out;
  out.row = row.integer(0);
  out.id = item_id(row.blob(1));
  out.kind = static_cast<PutKind>(row.integer(2));
  out.done = row.integer(3) != 0;
  out.shelf = static_cast<std::uint64_t>(row.integer(4));
  out.paths = lines(row.text(5));
  out.report = digest(row.blob(6));
  return out;
}

}  // namespace

void DropStore::set_put_out(const PutOut& put) {
  db_.kept(
         "INSERT INTO put_out VALUES (?,?,?,?,?,?,?) ON CONFLICT (row) DO UPDATE SET id = excluded.id, kind "
         "= "
         "excluded.kind, done = excluded.done, shelf = excluded.shelf, paths = excluded.paths, report = "
         "excluded.report")
      .run(put.row, blob(put.id), put.kind, put.done, static_cast<std::int64_t>(put.shelf), joined(put.paths),
           blob(put.report));
}

void DropStore::given_away(std::int64_t row, const std::set<std::string>& addresses,
                           std::vector<NumberedResult>& results) {
  results.clear();
  ItemId id;
  std::uint16_t part = 0;
  std::vector<std::uint32_t> theirs;
  db_.kept(
         "SELECT d.id, d.part, r.recipient, r.address FROM drops d JOIN drop_recipients r ON r.row = d.row "
         "WHERE d.row = ? AND r.stage = 2")
      .each(
          [&](const Row& found) {
            id = item_id(found.blob(0));
            part = static_cast<std::uint16_t>(found.integer(1));
            if (addresses.contains(std::string(found.text(3))))
              theirs.push_back(static_cast<std::uint32_t>(found.integer(2)));
          },
          row);
  for (const std::uint32_t recipient : theirs) {
    db_.kept("UPDATE drop_recipients SET stage = ? WHERE row = ? AND recipient = ?")
        .run(Stage::picked_up, row, recipient);
    say(id, part, recipient, Stage::picked_up, results);
  }
}

std::optional<PutOut> DropStore::put_out(std::int64_t row) {
  std::optional<PutOut> out;
  reading_.with([&](auto& reading) {
    reading->database.kept(KIYOME_PUT_OUT "WHERE row = ?")
        .one([&](const Row& found) { out = put_out_in(found); }, row);
  });
  return out;
}

std::optional<PutOut> DropStore::put_out_before(const ItemId& id, std::int64_t row) {
  std::optional<PutOut> out;
  reading_.with([&](auto& reading) {
    reading->database.kept(KIYOME_PUT_OUT "WHERE id = ? AND row < ? AND done = 1 ORDER BY row DESC LIMIT 1")
        .one([&](const Row& found) { out = put_out_in(found); }, blob(id), row);
  });
  return out;
}

std::vector<std::pair<std::int64_t, ItemId>> DropStore::rows_for(const std::set<std::string>& addresses,
                                                                 std::int64_t after, std::size_t max) {
  std::string all = "\n";  // no address has one
  for (const std::string& address : addresses) all += address + '\n';
  std::vector<std::pair<std::int64_t, ItemId>> out;
  reading_.with([&](auto& reading) {
    reading->database
        .kept(
            "SELECT d.row, d.submission FROM drops d WHERE d.row > ?1 AND d.replaced = 0 AND EXISTS (SELECT "
            "1 FROM drop_recipients r WHERE r.row = d.row AND replace(?2, ?4 || r.address || ?4, '') <> ?2) "
            "ORDER BY d.row LIMIT ?3")
        .each([&](const Row& row) { out.emplace_back(row.integer(0), item_id(row.blob(1))); }, after, all,
              max, "\n");
  });
  return out;
}

}  // namespace kiyome::gate

// What the item store knows of files of the drop box.
#include "service/store/database.h"
#include "service/store/drop_state.h"
#include "service/store/item_store.h"
#include "service/store/row_values.h"

namespace kiyome::store {

bool ItemStore::is_drop(const ItemId& id) {
  bool out = false;
  look([&](Database& db) {
    out = db.kept("SELECT 1 FROM drops WHERE id=?").one([](const Row&) {}, blob(id));
  });
  return out;
}

std::string ItemStore::drop_picture(const ItemId& id, std::uint32_t page) {
  std::string out;
  look([&](Database& db) {
    db.kept("SELECT png FROM pictures WHERE id=? AND page=?")
        .one([&](const Row& row) { out = row.blob(0); }, blob(id), page);
  });
  return out;
}

std::string ItemStore::drop_places(const ItemId& id) {
  std::string out;
  look([&](Database& db) {
    db.kept("SELECT places FROM drops WHERE id=?").one([&](const Row& row) { out = row.text(0); }, blob(id));
  });
  return out;
}

std::optional<transfer::DropState> ItemStore::drop_state(const ItemId& id) {
  std::optional<transfer::DropState> out;
  look([&](Database& db) { out = read_drop_state(db, id); });
  return out;
}

}  // namespace kiyome::store

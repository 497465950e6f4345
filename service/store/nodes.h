// The cleaners that share one store: which of them live, whose a bundle on its way is, and who of them keeps
// house. By the database's clock. One connection, one thread. Throws TemporaryFailure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "service/store/item_store.h"
#include "service/store/items_at.h"

namespace kiyome::store {

// Our name among them, kept in FOLDER/node so that the next life goes on with what this one held: what the
// host is called and some random digits.
std::string node_name(const std::string& folder);

class Nodes {
 public:
  // The item store is there, and shared.
  explicit Nodes(const ItemsAt& at);

  // "I live", to be said every few seconds. Gives whether we keep house: of those who live one does,
  // whoever's name is first.
  bool beat();
  using Key = std::pair<ItemId, std::uint16_t>;
  // Bundles of nobody and of those who died: ours now, the oldest first.
  std::vector<Key> take_bundles(std::size_t max);
  // We cannot send: they are anybody's.
  void release_bundles();

 private:
  std::string node_;
  Database database_;
};

}  // namespace kiyome::store

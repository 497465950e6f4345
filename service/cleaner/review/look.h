// Safe looks at an item for the review (openapi.yaml: getLook, startLook, getPage): what its flattened result
// looks or would look like. The sandboxes render it once, behind all real work; what is shown are texts of
// the clean language and PNGs of our own encoder. Nothing of an original leaves by this room.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "service/cleaner/processor.h"
#include "service/cleaner/review/look_shelf.h"
#include "service/cleaner/review/review_sight.h"
#include "service/document/sanitizers.h"
#include "service/review/desk.h"
#include "service/store/item_store.h"

namespace kiyome::cleaner {

// Thread-safe. One thread of its own renders, one item after the other.
class Looks {
 public:
  struct Parts {
    store::ItemStore& items;
    store::OriginalReader& originals;
    document::Sanitizers& sanitizers;
    WorkQueue& queue;
    CurrentConfig& config;
    ReviewSight& sight;
  };
  // FOLDER is made. Throws TemporaryFailure.
  Looks(Parts parts, std::string folder);
  ~Looks();  // the sanitizers have stopped before, so that no job lasts

  void add_to(review::Desk& desk);
  // Looks at items whose originals are gone go, too.
  void keep_house();
  void stop();

 private:
  struct State {
    std::deque<std::pair<ItemId, std::string>> due;  // and who wants it
    std::set<ItemId> working;                        // due, or in hand
    std::map<ItemId, std::string> trouble;           // what kept us from it; until somebody asks again
    bool stopped = false;
  };
  review::Reply get(const review::Call& call);
  review::Reply start(const review::Call& call);
  review::Reply page(const review::Call& call);
  bool kept(const ItemId& id);
  void viewed(const review::Call& call, const ItemId& id, const std::string& place);
  void run();
  void render(const ItemId& id);
  void give_way();

  Parts parts_;
  LookShelf shelf_;
  Guarded<State> state_;
  Guarded<std::map<std::pair<std::string, ItemId>, Steady::time_point>> viewed_;  // who saw what, when noted
  std::thread thread_;
};

// Renders one original; `between` is called before each part's turn in the sandboxes. Gives the answer of
// getLook, its pictures are in `draft`. Throws TemporaryFailure when no sanitizer is to be had; what the item
// does is told in the answer.
std::string render_look(store::Original original, document::Sanitizers& sanitizers, const Config& config,
                        LookShelf::Draft& draft, const std::function<void()>& between);

}  // namespace kiyome::cleaner

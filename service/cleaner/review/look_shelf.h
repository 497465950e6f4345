// Looks at items that were rendered for the review: pictures of our own encoder and texts, kept as files for
// a while so that the sandboxes work once for all who look. A cache: what is lost is rendered again. Folder:
//   looks/ID/look.json        the answer about it
//   looks/ID/PLACE.PAGE.png   PLACE with '-' for '/'
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/item_id.h"
#include "service/base/guarded.h"

namespace kiyome::cleaner {

// Thread-safe. Throws TemporaryFailure when the disk says no.
class LookShelf {
 public:
  // Creates FOLDER when it is not there; of half-written looks nothing stays. At most `octets_max` are kept:
  // the oldest go.
  LookShelf(std::string folder, std::uint64_t octets_max);

  // A look that is being made; nobody sees it before finish(). One thread.
  class Draft {
   public:
    void picture(const std::string& place, std::size_t page, std::string_view png);  // pages from 1
    void finish(std::string_view json);
    std::uint64_t octets() const { return octets_; }
    ~Draft();  // throws away what was not finished
    Draft(Draft&& other) noexcept;
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;
    Draft& operator=(Draft&&) = delete;

   private:
    friend class LookShelf;
    Draft(LookShelf& shelf, const ItemId& id);
    void write(const std::string& name, std::string_view octets);
    LookShelf* shelf_;
    ItemId id_;
    std::string path_;
    std::uint64_t octets_ = 0;
  };
  // One at a time of an item.
  Draft begin(const ItemId& id) { return Draft(*this, id); }

  std::optional<std::string> json(const ItemId& id) const;
  std::optional<std::string> picture(const ItemId& id, const std::string& place, std::size_t page) const;
  void remove(const ItemId& id);
  std::vector<ItemId> all();

 private:
  struct Kept {
    std::map<std::uint64_t, ItemId> by_age;                        // the number counts up
    std::map<ItemId, std::pair<std::uint64_t, std::uint64_t>> of;  // its number and octets
    std::uint64_t octets = 0, next = 0;
  };
  std::string path_of(const ItemId& id) const { return folder_ + "/" + id.text(); }
  void keep(const ItemId& id, std::uint64_t octets);
  static void forget(Kept& kept, const ItemId& id);

  const std::string folder_;
  const std::uint64_t octets_max_;
  Guarded<Kept> kept_;
};

}  // namespace kiyome::cleaner

#include "service/edge/drop/picture_asks.h"

#include "proto/base/limits.h"
#include "service/base/clock.h"

namespace kiyome::edge::drop {

std::shared_ptr<const std::string> PictureAsks::get(const ItemId& id, std::uint32_t page) {
  const Key key{id, page};
  bool first = false;
  const std::shared_ptr<Ask> mine = asks_.with([&](Asks& asks) -> std::shared_ptr<Ask> {
    const auto found = asks.find(key);
    first = found == asks.end();
    if (first && asks.size() >= limits::kPicturesAsked) return nullptr;
    std::shared_ptr<Ask> out =
        first ? asks.emplace(key, std::make_shared<Ask>()).first->second : found->second;
    ++out->waiting;
    return out;
  });
  if (!mine) return nullptr;
  if (first && !ask_({id, page})) away();
  return asks_.wait_until(
      Steady::now() + patience_, [&](Asks&) { return mine->over; },
      [&](Asks& asks) {
        const auto found = asks.find(key);
        if (--mine->waiting == 0 && found != asks.end() && found->second == mine) asks.erase(found);
        return mine->octets;
      });
}

void PictureAsks::came(transfer::Picture picture) {
  asks_.with([&](Asks& asks) {
    const auto found = asks.find({picture.id, picture.page});
    if (found == asks.end()) return;
    found->second->octets = std::make_shared<const std::string>(std::move(picture.octets));
    found->second->over = true;
    asks.erase(found);
  });
  asks_.notify_all();
}

void PictureAsks::away() {
  asks_.with([](Asks& asks) {
    for (auto& [key, ask] : asks) ask->over = true;
    asks.clear();
  });
  asks_.notify_all();
}

}  // namespace kiyome::edge::drop

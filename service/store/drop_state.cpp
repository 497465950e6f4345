#include "service/store/drop_state.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "proto/clean/findings.h"
#include "service/store/item_store.h"
#include "service/store/item_writer.h"

namespace kiyome::store {
namespace {

transfer::DropProgress progress_of(State state, Verdict verdict, std::string_view status) {
  using transfer::DropProgress;
  switch (state) {
    case State::held:
      return verdict == Verdict::rejected ? DropProgress::refused : DropProgress::held;
    case State::sending:
      return status == "waiting" ? DropProgress::waiting : DropProgress::clean;
    case State::delivered:
      return status == "picked-up" ? DropProgress::picked_up : DropProgress::delivered;
    case State::bounced:
      return DropProgress::returned;
    case State::deleted:
      return DropProgress::refused;
  }
  return DropProgress::held;
}

// What keeps a file from its recipients comes first, then how far it is.
int rank(transfer::DropProgress progress) {
  using transfer::DropProgress;
  constexpr std::array kOrder{DropProgress::refused,  DropProgress::held,      DropProgress::returned,
                              DropProgress::received, DropProgress::cleaning,  DropProgress::clean,
                              DropProgress::waiting,  DropProgress::delivered, DropProgress::picked_up};
  return static_cast<int>(std::find(kOrder.begin(), kOrder.end(), progress) - kOrder.begin());
}

void add_codes(std::string_view slugs, std::set<std::uint16_t>& codes) {
  for (std::size_t at = 0; at < slugs.size();) {
    const std::size_t end = std::min(slugs.find(' ', at), slugs.size());
    if (const auto finding = clean::finding_of_slug(slugs.substr(at, end - at)))
      codes.insert(static_cast<std::uint16_t>(*finding));
    at = end + 1;
  }
}

}  // namespace

std::optional<transfer::DropState> read_drop_state(Database& database, const ItemId& id) {
  std::optional<transfer::DropState> out;
  std::set<std::uint16_t> findings;
  database.kept("SELECT state, verdict, status, reasons FROM recipients WHERE id=?")
      .each(
          [&](const Row& row) {
            const auto progress = progress_of(static_cast<State>(row.integer(0)),
                                              static_cast<Verdict>(row.integer(1)), row.text(2));
            if (!out) out = transfer::DropState{id, progress, 0, {}, 0};
            if (rank(progress) < rank(out->state)) out->state = progress;
            add_codes(row.text(3), findings);
          },
          blob(id));
  if (!out) return out;
  out->findings.assign(findings.begin(), findings.end());
  database.kept("SELECT pages FROM drops WHERE id=?")
      .one([&](const Row& row) { out->pages = static_cast<std::uint32_t>(row.integer(0)); }, blob(id));
  database.kept("SELECT count(*) FROM pictures WHERE id=?")
      .one([&](const Row& row) { out->pictures = static_cast<std::uint32_t>(row.integer(0)); }, blob(id));
  return out;
}

}  // namespace kiyome::store

#include "service/store/arrivals.h"

#include <algorithm>
#include <tuple>

#include "proto/base/check.h"
#include "service/store/originals_schema.h"
#include "service/store/row_values.h"

namespace kiyome::store {
namespace {

// Ends its transaction without waiting for the disk; stands in FROM, because what nobody reads is not run.
#define KIYOME_QUICK "quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true) AS off) "

// Materialized: asked again for each row, the inner one would take more than it was asked for.
constexpr const char* kTake =
    "WITH " KIYOME_QUICK
    ", free AS MATERIALIZED (SELECT id, leased_by <> '' AS lapsed FROM arrivals "
    "WHERE leased_until_ms < " KIYOME_DATABASE_MS
    " ORDER BY came_ms LIMIT ?3 FOR UPDATE SKIP LOCKED) "
    "UPDATE arrivals SET leased_by=?1, leased_until_ms=" KIYOME_DATABASE_MS
    "+?2 FROM free, quick WHERE arrivals.id=free.id AND quick.off IS NOT NULL "
    "RETURNING arrivals.id, arrivals.segment, arrivals.offset, arrivals.length, arrivals.deaths, "
    "free.lapsed, arrivals.came_ms";
// Not those that a verdict ends at this moment: each would wait for rows of the other.
constexpr const char* kRenew =
    "WITH " KIYOME_QUICK "UPDATE arrivals SET leased_until_ms=" KIYOME_DATABASE_MS
    "+?2 FROM quick WHERE id IN (SELECT id FROM arrivals WHERE leased_by=?1 AND leased_by <> '' "
    "FOR UPDATE SKIP LOCKED) AND quick.off IS NOT NULL";
constexpr const char* kLetGoAll = "WITH " KIYOME_QUICK
                                  "UPDATE arrivals SET leased_by='', leased_until_ms=0 FROM quick "
                                  "WHERE leased_by=?1 AND leased_by <> '' AND quick.off IS NOT NULL";

// The ids stand one behind the other in one parameter.
#define KIYOME_EACH_ID \
  "(SELECT substr(?1, CAST(16 * each + 1 AS int), 16) FROM generate_series(0, ?2 - 1) AS each)"
constexpr const char* kLetGo =
    "UPDATE arrivals SET leased_by='', leased_until_ms=0 WHERE id IN " KIYOME_EACH_ID " AND leased_by=?3";
constexpr const char* kCountDeath = "UPDATE arrivals SET deaths=deaths+1 WHERE id IN " KIYOME_EACH_ID;

std::string octets_of(std::span<const ItemId> ids) {
  std::string out;
  for (const ItemId& id : ids) out.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
  return out;
}

}  // namespace

Arrivals::Arrivals(const Place& place) : database_(place) { database_.migrate(kOriginalsSchema); }

std::vector<Arrival> Arrivals::take(std::string_view owner, std::size_t max,
                                    std::chrono::milliseconds lease) {
  KIYOME_CHECK(!owner.empty());
  using Taken = std::tuple<std::int64_t, std::uint64_t, std::uint64_t, Arrival>;
  std::vector<Taken> taken;
  database_.kept(kTake).each(
      [&](const Row& row) {
        Arrival one;
        one.item.id = item_id(row.blob(0));
        one.item.segment = static_cast<std::uint64_t>(row.integer(1));
        one.item.offset = static_cast<std::uint64_t>(row.integer(2));
        one.item.length = static_cast<std::uint32_t>(row.integer(3));
        one.deaths = row.integer(4);
        one.lapsed = row.integer(5) != 0;
        taken.emplace_back(row.integer(6), one.item.segment, one.item.offset, one);
      },
      owner, lease.count(), max);
  const auto before = [](const Taken& a, const Taken& b) {
    return std::tie(std::get<0>(a), std::get<1>(a), std::get<2>(a)) <
           std::tie(std::get<0>(b), std::get<1>(b), std::get<2>(b));
  };
  std::sort(taken.begin(), taken.end(), before);
  std::vector<Arrival> out;
  out.reserve(taken.size());
  for (const Taken& one : taken) out.push_back(std::get<Arrival>(one));
  return out;
}

std::size_t Arrivals::renew(std::string_view owner, std::chrono::milliseconds lease) {
  database_.kept(kRenew).run(owner, lease.count());
  return static_cast<std::size_t>(database_.changes());
}

std::vector<ItemId> Arrivals::held(std::string_view owner) {
  std::vector<ItemId> out;
  database_.kept("SELECT id FROM arrivals WHERE leased_by=?")
      .each([&](const Row& row) { out.push_back(item_id(row.blob(0))); }, owner);
  return out;
}

void Arrivals::let_go(std::string_view owner) { database_.kept(kLetGoAll).run(owner); }

void Arrivals::let_go(std::string_view owner, std::span<const ItemId> ids) {
  if (ids.empty()) return;
  const std::string all = octets_of(ids);
  database_.kept(kLetGo).run(Blob{all}, ids.size(), owner);
}

void Arrivals::count_death(std::span<const ItemId> ids) {
  if (ids.empty()) return;
  const std::string all = octets_of(ids);
  database_.kept(kCountDeath).run(Blob{all}, ids.size());
}

std::size_t Arrivals::count() {
  std::size_t out = 0;
  database_.kept("SELECT count(*) FROM arrivals").one([&](const Row& row) {
    out = static_cast<std::size_t>(row.integer(0));
  });
  return out;
}

std::int64_t Arrivals::oldest_ms() {
  std::int64_t out = 0;
  database_.kept("SELECT came_ms FROM arrivals ORDER BY came_ms LIMIT 1").one([&](const Row& row) {
    out = row.integer(0);
  });
  return out;
}

std::int64_t Arrivals::now_ms() {
  std::int64_t out = 0;
  database_.kept("SELECT " KIYOME_DATABASE_MS).one([&](const Row& row) { out = row.integer(0); });
  return out;
}

}  // namespace kiyome::store

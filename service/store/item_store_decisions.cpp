// Later decisions through the item store: what ends a hold, what begins one, how copies stand, and what is
// kept whatever is decided.
#include "proto/base/limits.h"
#include "service/store/database.h"
#include "service/store/item_store.h"
#include "service/store/item_writer.h"
#include "service/store/row_values.h"

namespace kiyome::store {

// By indices of their own, without a look at any item.
ItemStore::Counts ItemStore::counts() {
  Counts out;
  look([&](Database& db) {
    db.kept("SELECT count(*) FROM recipients WHERE state=1").one([&](const Row& row) {
      out.held = static_cast<std::uint64_t>(row.integer(0));
    });
    db.kept("SELECT id FROM recipients WHERE state=1 ORDER BY id LIMIT 1").one([&](const Row& row) {
      out.held_oldest_ms = item_id(row.blob(0)).unix_ms();
    });
    db.kept("SELECT count(*) FROM returns").one([&](const Row& row) {
      out.returns = static_cast<std::uint64_t>(row.integer(0));
    });
  });
  return out;
}

void ItemStore::hold(const ItemId& id, std::uint16_t part, const std::string& actor,
                     std::function<void(unsigned)> done, const std::string& detail) {
  auto count = std::make_shared<unsigned>(0);
  write([=](ItemWriter& writer) { *count = writer.hold(id, part, actor, detail); },
        [count, done = std::move(done)](bool written) { done(written ? *count : 0); });
}

void ItemStore::remove(const ItemId& id, const std::string& actor, std::function<void(unsigned)> done) {
  auto count = std::make_shared<unsigned>(0);
  write([=](ItemWriter& writer) { *count = writer.remove(id, actor); },
        [count, done = std::move(done)](bool written) { done(written ? *count : 0); });
}

void ItemStore::settle(const ItemId& id, Settlement settlement, std::function<void(unsigned)> done) {
  auto count = std::make_shared<unsigned>(0);
  write([=](ItemWriter& writer) { *count = writer.settle(id, settlement); },
        [count, done = std::move(done)](bool written) { done(written ? *count : 0); });
}

void ItemStore::allow(NewAllowance allowance, std::function<void(std::int64_t)> done) {
  auto number = std::make_shared<std::int64_t>(0);
  write([=](ItemWriter& writer) { *number = writer.allow(allowance); },
        [number, done = std::move(done)](bool written) { done(written ? *number : 0); });
}

std::vector<Standing> ItemStore::standings(const ItemId& id) {
  std::vector<Standing> out;
  look([&](Database& db) {
    db.kept("SELECT number, released, policies, left_out, given FROM standings WHERE id=? ORDER BY number")
        .each(
            [&](const Row& row) {
              out.push_back({static_cast<std::uint32_t>(row.integer(0)), row.integer(1) != 0,
                             std::string(row.text(2)), std::string(row.text(3)), std::string(row.text(4))});
            },
            blob(id));
  });
  return out;
}

std::vector<Allowed> ItemStore::allowed(std::int64_t now_ms) {
  std::vector<Allowed> out;
  look([&](Database& db) {
    db.kept(
          "SELECT number, sender, type, tenant, until_ms FROM allowances WHERE ended_ms=0 AND until_ms>? "
          "ORDER BY number LIMIT ?")
        .each(
            [&](const Row& row) {
              out.push_back({row.integer(0), std::string(row.text(1)), std::string(row.text(2)),
                             std::string(row.text(3)), row.integer(4)});
            },
            now_ms, limits::kAllowances);
  });
  return out;
}

std::vector<KeptItem> ItemStore::legal_holds(const std::optional<ItemId>& before, std::size_t max) {
  std::vector<KeptItem> out;
  ItemId last;  // an id's octets are in the order of time
  last.bytes.fill(0xff);
  if (before) last = *before;
  look([&](Database& db) {
    db.kept(
          "SELECT k.id, coalesce(i.subject, ''), k.kept_by, k.reason, k.kept_ms FROM kept k LEFT JOIN items "
          "i ON i.id=k.id WHERE k.id<? ORDER BY k.id DESC LIMIT ?")
        .each(
            [&](const Row& row) {
              out.push_back({item_id(row.blob(0)),
                             std::string(row.text(1)),
                             {std::string(row.text(2)), std::string(row.text(3)), row.integer(4)}});
            },
            blob(last), max);
  });
  return out;
}

}  // namespace kiyome::store

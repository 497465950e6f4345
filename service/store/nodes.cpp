#include "service/store/nodes.h"

#include <sodium.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "service/base/files.h"
#include "service/base/hex.h"
#include "service/store/originals_schema.h"
#include "service/store/postgres.h"
#include "service/store/row_values.h"

namespace kiyome::store {
namespace {

// A host that says nothing for so long is dead to the others; it says something every few seconds.
#define KIYOME_ALIVE "(SELECT node FROM nodes WHERE seen_ms > " KIYOME_DATABASE_MS " - 20000)"

}  // namespace

std::string node_name(const std::string& folder) {
  const std::string path = folder + "/node";
  if (const std::optional<std::string> known = read_file(path); known && !known->empty())
    return known->substr(0, known->find('\n'));
  std::array<char, 65> host{};
  ::gethostname(host.data(), host.size() - 1);
  std::array<std::uint8_t, 6> random{};
  randombytes_buf(random.data(), random.size());
  const std::string name = std::string(host.data()) + "/" + hex(random);
  write_file(path, name + "\n");
  return name;
}

Nodes::Nodes(const ItemsAt& at) : node_(at.node), database_(at.place) {}

bool Nodes::beat() {
  database_
      .kept("INSERT INTO nodes VALUES (?, " KIYOME_DATABASE_MS
            ") ON CONFLICT (node) DO UPDATE SET seen_ms=excluded.seen_ms")
      .run(node_);
  bool first = false;
  database_.kept("SELECT min(node) FROM nodes WHERE node IN " KIYOME_ALIVE).one([&](const Row& row) {
    first = row.text(0) == node_;
  });
  return first;
}

std::vector<Nodes::Key> Nodes::take_bundles(std::size_t max) {
  std::vector<Key> out;
  Transaction transaction(database_, Writers::beside);
  database_
      .kept(
          "UPDATE bundles SET sent_by=?1 WHERE (id, part) IN (SELECT id, part FROM bundles WHERE sent_by NOT "
          "IN " KIYOME_ALIVE " ORDER BY id, part LIMIT ?2 FOR UPDATE SKIP LOCKED) RETURNING id, part")
      .each(
          [&](const Row& row) {
            out.emplace_back(item_id(row.blob(0)), static_cast<std::uint16_t>(row.integer(1)));
          },
          node_, max);
  transaction.commit();
  return out;
}

void Nodes::release_bundles() { database_.kept("UPDATE bundles SET sent_by='' WHERE sent_by=?").run(node_); }

}  // namespace kiyome::store

// Fuzzes the MIME scanner: the tree it makes is sound whatever the octets.
#include <cstdint>
#include <string_view>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "sanitizers/mail/scanner.h"

using namespace kiyome;
using namespace kiyome::sanitizer::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  Tree tree(octets);
  if (scan(tree, 0, kNone, Start::message)) return 0;
  KIYOME_CHECK(tree.size() > 0 && tree.nodes().size() <= limits::kMailParts);
  std::size_t covered = 0;
  for (std::int32_t i = 0; i < tree.size(); ++i) {
    const Node& node = tree.at(i);
    KIYOME_CHECK(node.begin <= node.body && node.body <= node.end && node.end <= size);
    KIYOME_CHECK(node.depth <= limits::kMailDepth);
    if (node.parent == kNone) continue;
    const Node& parent = tree.at(node.parent);
    KIYOME_CHECK(node.parent < i && node.begin >= parent.begin && node.end <= parent.end);
    if (parent.first_child == i) covered = 0;
    KIYOME_CHECK(node.begin >= covered || parent.first_child != i);
    if (node.next != kNone) KIYOME_CHECK(tree.at(node.next).begin >= node.end);
  }
  Tree again(octets);
  (void)scan(again, again.view(octets), kNone, Start::part);
  return 0;
}

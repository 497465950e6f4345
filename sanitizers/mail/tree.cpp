// See tree.h.
#include "sanitizers/mail/tree.h"

#include <algorithm>

#include "proto/base/limits.h"

namespace kiyome::sanitizer::mail {

bool Node::has(clean::Finding finding) const {
  return std::find(findings.begin(), findings.end(), finding) != findings.end();
}

std::int32_t Tree::add(std::int32_t parent, Node node) {
  const std::int32_t index = size();
  node.parent = parent;
  if (parent != kNone) {
    Node& above = at(parent);
    node.depth = above.depth + 1;
    if (above.last_child == kNone)
      above.first_child = index;
    else
      at(above.last_child).next = index;
    above.last_child = index;
  }
  nodes_.push_back(std::move(node));
  return index;
}

void Tree::rollback(const Mark& mark) {
  nodes_.erase(nodes_.begin() + mark.size, nodes_.end());
  Node& parent = at(mark.parent);
  parent.first_child = mark.first_child;
  parent.last_child = mark.last_child;
  if (mark.last_child != kNone) at(mark.last_child).next = kNone;
}

void note(std::vector<clean::Finding>& findings, clean::Finding finding) {
  if (findings.size() >= limits::kCleanFindings) return;
  if (std::find(findings.begin(), findings.end(), finding) == findings.end()) findings.push_back(finding);
}

}  // namespace kiyome::sanitizer::mail

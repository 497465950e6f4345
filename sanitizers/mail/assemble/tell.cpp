// Third pass: roles from the top down, numbers in reading order, and the messages of the clean language.
#include <algorithm>

#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "sanitizers/mail/assemble/assembly.h"
#include "sanitizers/mail/containers.h"
#include "sanitizers/mail/header.h"
#include "sanitizers/mail/octets.h"

namespace kiyome::sanitizer::mail {

using clean::Finding;
using clean::Role;

namespace {

constexpr std::size_t kSignature = 256u << 10;  // octets; a larger "signature" is a file

bool is_applefile(std::string_view octets) {
  return octets.substr(0, 4) == std::string_view("\x00\x05\x16\x07", 4);
}

}  // namespace

// Nodes in reading order: a parent, then all below it, then its next sibling.
std::vector<std::int32_t> Assembly::in_order() const {
  std::vector<std::int32_t> out;
  out.reserve(tree_.nodes().size());
  std::int32_t at = tree_.nodes().empty() ? kNone : 0;
  while (at != kNone) {
    out.push_back(at);
    if (tree_.at(at).first_child != kNone) {
      at = tree_.at(at).first_child;
      continue;
    }
    while (at != kNone && tree_.at(at).next == kNone) at = tree_.at(at).parent;
    if (at != kNone) at = tree_.at(at).next;
  }
  return out;
}

// Signatures beside their text, and the halves of an Apple file that bear no content, only frame it; but only
// when their octets are what their type says.
void Assembly::settle_signature(Node& node, std::string_view octets) {
  if (node.parent == kNone) return;
  const Node& parent = tree_.at(node.parent);
  const bool first = &tree_.at(parent.first_child) == &node;
  bool framing = false;
  if (!first && octets.size() <= kSignature) {
    const bool pgp = node.is("application/pgp-signature") &&
                     octets.find("-----BEGIN PGP SIGNATURE-----") != std::string_view::npos;
    const bool cms = node.media_type.find("pkcs7-signature") != std::string::npos &&
                     read_cms(octets).kind == Cms::signed_data;
    if (pgp || cms) {
      framing = true;
      note(node.findings, Finding::kSigned);
    }
  }
  if (parent.is("multipart/appledouble") && node.is("application/applefile") && is_applefile(octets))
    framing = true;
  if (parent.is("multipart/encrypted") && node.is("application/pgp-encrypted") && octets.size() < 1024)
    framing = true;
  if (framing) node.role = Role::framing;
}

void Assembly::settle_roles() {
  for (const std::int32_t index : in_order()) {
    const std::int32_t parent = tree_.at(index).parent;
    if (parent != kNone && unseen_[static_cast<std::size_t>(parent)])
      unseen_[static_cast<std::size_t>(index)] = true;
    settle_role(index);
  }
}

void Assembly::settle_role(std::int32_t index) {
  Node& node = tree_.at(index);
  const auto slot = static_cast<std::size_t>(index);
  if (node.role == Role::framing) return;
  if (node.container) {
    node.role = Role::container;
    if (node.is("multipart/signed")) note(node.findings, Finding::kSigned);
    return;
  }
  if (node.alone && texts_.count(index) != 0) {
    node.role = Role::alternative;  // its words stand in the text it was found in
  } else if (texts_.count(index) != 0) {
    node.role = unseen_[slot] ? Role::alternative : Role::body;
    if (unseen_[slot]) note(node.findings, Finding::kUnseenAlternative);
    node.detected_type = node.is("text/html")       ? "text/html"
                         : node.is("text/calendar") ? "text/calendar"
                                                    : "text/plain";
  } else if (decoration_[slot]) {
    node.role = Role::decoration;
    note(node.findings, Finding::kDroppedDecoration);
  } else if (marked_[slot] && node.detected_type.compare(0, 6, "image/") == 0) {
    node.role = Role::inline_image;
  }
}

clean::BodyText Assembly::body_text() {
  clean::BodyText out;
  Shown& whole = shown(0);
  out.text = std::move(whole.text);
  out.findings = whole.findings;
  if (trimmed(out.text).empty()) {
    std::int32_t first = kNone;
    for (const auto& [index, body] : wrapped_bodies_)
      if (first == kNone || index < first) first = index;
    if (first != kNone) out.text = wrapped_bodies_[first];
  }
  if (out.text.size() > limits::kCleanText) {
    cut_utf8(out.text, limits::kCleanText);
    note(out.findings, Finding::kBodyCut);
  }
  return out;
}

std::vector<clean::Message> Assembly::tell() {
  settle_roles();
  std::vector<clean::Message> out;
  out.emplace_back(read_mail_header(tree_.at(0).fields, shown(0).charset));
  const std::vector<std::int32_t> order = in_order();
  std::vector<std::uint32_t> numbers(order.size(), 0);
  std::vector<clean::Span> spans(order.size());
  const std::uint64_t size = tree_.buffer(0).size();
  for (std::uint32_t number = 0; number < order.size(); ++number) {
    Node& node = tree_.at(order[number]);
    const auto slot = static_cast<std::size_t>(order[number]);
    numbers[slot] = number;
    clean::Part part;
    part.index = number;
    part.parent =
        node.parent == kNone ? -1 : static_cast<std::int32_t>(numbers[static_cast<std::size_t>(node.parent)]);
    part.role = node.role;
    if (node.parent == kNone)
      spans[slot] = {0, size};
    else if (node.buffer != 0)
      spans[slot] = spans[static_cast<std::size_t>(node.parent)];
    else
      spans[slot] = {node.begin, node.end};
    part.span = spans[slot];
    part.declared_type = clean::is_media_type(node.declared_type) ? node.declared_type : std::string();
    part.detected_type = clean::is_media_type(node.detected_type) ? node.detected_type : std::string();
    if (clean::is_clean_line(node.name)) part.name = node.name;
    part.size = node.size;
    part.sha256 = node.sha256;
    part.findings = std::move(node.findings);
    out.emplace_back(std::move(part));
  }
  out.emplace_back(body_text());
  for (const std::int32_t index : order) {
    const auto words = words_.find(index);
    if (words != words_.end())
      out.emplace_back(clean::PartText{numbers[static_cast<std::size_t>(index)], std::move(words->second)});
  }
  out.emplace_back(clean::End{});
  return out;
}

}  // namespace kiyome::sanitizer::mail

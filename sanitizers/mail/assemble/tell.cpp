// Third pass: roles from the top down, numbers in reading order, and the messages of the clean language.
#include <algorithm>
#include <array>

#include "proto/base/limits.h"
#include "proto/clean/codec.h"
#include "sanitizers/mail/assemble/assembly.h"
#include "sanitizers/mail/containers.h"
#include "sanitizers/mail/header.h"
#include "sanitizers/mail/octets.h"
#include "sanitizers/type/table.h"

namespace kiyome::sanitizer::mail {

using clean::Finding;
using clean::Role;

namespace {

constexpr std::size_t kPgpSignature = 32u << 10;   // octets; a larger "signature" is a file
constexpr std::size_t kCmsSignature = 256u << 10;  // the same; certificates and revocation lists go along

bool is_applefile(std::string_view octets) {
  return octets.substr(0, 4) == std::string_view("\x00\x05\x16\x07", 4);
}

// Armour from the first line to the last and nothing else.
bool is_pgp_signature(std::string_view octets) {
  octets = trimmed(octets);
  if (octets.size() > kPgpSignature || !ends_with(octets, "-----end pgp signature-----")) return false;
  const std::vector<PgpBlock> blocks = find_pgp_blocks(octets);
  return blocks.size() == 1 && blocks[0].kind == PgpBlock::Kind::signature && blocks[0].begin == 0 &&
         blocks[0].end == octets.size();
}

// Nothing before it, nothing behind it, nothing in it that is signed along: a detached signature.
bool is_cms_signature(std::string_view octets) {
  if (octets.size() > kCmsSignature) return false;
  const CmsContent cms = read_cms(octets);
  return cms.kind == Cms::signed_data && cms.whole && !cms.damaged && cms.content.empty();
}

// The names under which mail programs send signatures. By any other a person sees a file.
bool has_signature_name(const Node& node) {
  static constexpr std::array<std::string_view, 8> kExtensions = {"",    "asc", "sig", "sign",
                                                                  "pgp", "gpg", "p7s", "p7m"};
  const std::string extension = type::extension_of(node.name);
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
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

// Signatures in their place (RFC 1847: the second of two parts), the version that comes before a PGP message,
// and the half of an Apple file that bears no content only frame what is beside them; but only when their
// octets are what their type says, all of them, under a name such a thing has. Everything else is listed.
void Assembly::settle_signature(Node& node, std::string_view octets) {
  if (node.parent == kNone || node.has(Finding::kExecutable)) return;
  const Node& parent = tree_.at(node.parent);
  const Node& first = tree_.at(parent.first_child);
  bool framing = false;
  if (parent.is("multipart/signed") && first.next != kNone && &tree_.at(first.next) == &node &&
      has_signature_name(node) && !node.has(Finding::kTypeMismatch)) {
    framing = (node.is("application/pgp-signature") && is_pgp_signature(octets)) ||
              (node.media_type.find("pkcs7-signature") != std::string::npos && is_cms_signature(octets));
    if (framing) note(node.findings, Finding::kSigned);
  }
  if (parent.is("multipart/appledouble") && node.is("application/applefile") && is_applefile(octets))
    framing = true;
  if (parent.is("multipart/encrypted") && node.is("application/pgp-encrypted") && &first == &node &&
      has_signature_name(node))
    framing = framing || same_text(trimmed(octets), "version: 1");
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
    node.role = node.listed ? Role::attachment : Role::container;
    if (node.is("multipart/signed")) note(node.findings, Finding::kSigned);
    return;
  }
  if (node.alone && texts_.count(index) != 0) {
    node.role = Role::alternative;  // its words stand in the text it was found in
  } else if (texts_.count(index) != 0) {
    node.role = unseen_[slot] ? Role::alternative : Role::body;
    // A report's part that is called an attachment, or holds no field: shown and listed.
    if (node.listed || node.disposition.value == "attachment") node.role = Role::attachment;
    if (unseen_[slot]) note(node.findings, Finding::kUnseenAlternative);
    node.detected_type = node.is("text/html") || is_special_html(node) ? "text/html"
                         : node.is("text/calendar")                    ? "text/calendar"
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
  if (options_.contents)
    for (const std::int32_t index : order) say_octets(index, numbers[static_cast<std::size_t>(index)], out);
  out.emplace_back(clean::End{});
  return out;
}

// The octets of an attachment, for the next sandbox: decoded once more, so that no file is kept in memory
// while the others are read.
void Assembly::say_octets(std::int32_t index, std::uint32_t number, std::vector<clean::Message>& out) {
  Node copy = tree_.at(index);  // decoding notes findings, which are told already
  if (copy.container || (copy.role != Role::attachment && copy.role != Role::inline_image)) return;
  scratch_.clear();
  const std::string_view octets = decode_leaf(copy, scratch_);
  if (octets.size() != copy.size || octets.size() > limits::kContentOctets - content_bytes_) return;
  content_bytes_ += octets.size();
  for (std::size_t at = 0; at < octets.size(); at += limits::kCleanChunk)
    out.emplace_back(clean::PartContent{number, std::string(octets.substr(at, limits::kCleanChunk))});
}

}  // namespace kiyome::sanitizer::mail

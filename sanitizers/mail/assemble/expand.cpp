// First pass: every leaf is decoded once, measured and, where it wraps something, opened; what is found is
// added below it and visited in its turn. The loop ends because nodes, depth and kept octets are bounded.
#include <algorithm>

#include "proto/base/limits.h"
#include "sanitizers/mail/assemble/assembly.h"
#include "sanitizers/mail/entity.h"
#include "sanitizers/mail/octets.h"
#include "sanitizers/mail/scanner.h"
#include "sanitizers/type/table.h"

namespace kiyome::sanitizer::mail {

using clean::Finding;

std::optional<Finding> Assembly::expand() {
  for (const Node& node : tree_.nodes()) {
    const bool text = node.is("text/plain") || node.is("text/html");
    if (text && !node.container && parameter_octets(node.disposition, "filename").empty() &&
        parameter_octets(node.type, "name").empty() && node.disposition.value != "attachment" &&
        node.end > node.body)
      unnamed_text_ = true;
  }
  for (std::int32_t i = 0; i < tree_.size() && !limit_; ++i) expand_node(i);
  return limit_;
}

void Assembly::expand_node(std::int32_t index) {
  Node& node = tree_.at(index);
  const bool holder = node.is_multipart() || is_message_type(node.media_type);
  if (holder && !node.file && node.end == node.body) node.container = true;  // and nothing in it
  if (node.container)
    expand_container(index);
  else if (!node.file && holder)
    expand_encoded_container(index);
  else
    expand_leaf(index);
}

// A container's size is that of its content; what stands before its first boundary line and behind its last
// is looked into.
void Assembly::expand_container(std::int32_t index) {
  Node& node = tree_.at(index);
  measure_container(node, tree_.content(node));
  if (!node.is_multipart()) return;
  const std::size_t body = node.body, preamble = node.preamble_end, epilogue = node.epilogue, end = node.end;
  if (preamble > body) expand_gap(index, body, preamble);
  if (epilogue != 0 && end > epilogue) expand_gap(index, epilogue, end);
}

// A message or multipart under the name of a program or a document is listed as that, too: some mail programs
// offer it so, and Word opens a multipart called .doc.
void Assembly::measure_container(Node& node, std::string_view octets) {
  node.size = octets.size();
  name_leaf(node);
  const std::string extension = type::extension_of(node.name);
  const bool runs = type::executable_extension(extension);
  node.listed = runs || (type::known_extension(extension) && !is_text_name(node.name) && extension != "msg" &&
                         extension != "mht" && extension != "mhtml");
  if (runs) note(node.findings, Finding::kExecutable);
  if (node.listed) measure(node, octets);
}

void Assembly::expand_gap(std::int32_t index, std::size_t begin, std::size_t end) {
  const Node& node = tree_.at(index);
  const std::string_view octets = tree_.buffer(node.buffer).substr(begin, end - begin);
  if (octets.size() < 64) return;  // nothing that matters is shorter
  find_wrapped(index, octets, nullptr);
  if (!limit_) find_relics(index, octets, nullptr);
}

// A multipart or message whose parts are not to be seen until its transfer encoding is undone (RFC 2045
// section 6.4 forbids it, some readers do it), or that has no parts at all.
void Assembly::expand_encoded_container(std::int32_t index) {
  Node& node = tree_.at(index);
  std::string decoded;
  const std::string_view octets = decode_leaf(node, decoded);
  const bool encoded = octets.data() == decoded.data() && !decoded.empty();
  const bool message = is_message_type(node.media_type);
  if (encoded && !octets.empty()) {
    measure_container(node, octets);
    std::uint32_t buffer = 0;
    if (!keep(std::move(decoded), buffer)) return;
    const std::int32_t before = tree_.size();
    if (!scan_below(index, buffer, message)) return;
    if (message || tree_.size() > before + 1) {
      tree_.at(index).container = true;
      return;
    }
  }
  // A multipart without a boundary line: its content is a text.
  note(tree_.at(index).findings, Finding::kBrokenStructure);
  if (!encoded) tree_.at(index).media_type = message ? "application/octet-stream" : "text/plain";
  if (encoded)
    tree_.at(index).container = true;
  else
    expand_leaf(index);
}

// Result: false when a limit was reached.
bool Assembly::scan_below(std::int32_t parent, std::uint32_t buffer, bool message) {
  const bool parts = !message && tree_.at(parent).is_multipart();
  const std::optional<Finding> limit = scan(tree_, buffer, parent,
                                            message ? Start::message
                                            : parts ? Start::parts
                                                    : Start::part);
  if (limit) stop(*limit);
  return !limit;
}

bool Assembly::keep(std::string octets, std::uint32_t& buffer) {
  if (tree_.kept_bytes() + octets.size() > limits::kMailDerivedBytes) {
    stop(Finding::kLimitSize);
    return false;
  }
  buffer = tree_.keep(std::move(octets));
  return true;
}

// Adds a file without a header of its own. Result: its index, or kNone when a limit was reached.
std::int32_t Assembly::add_file(std::int32_t parent, std::uint32_t buffer, std::string name,
                                std::string declared) {
  if (tree_.nodes().size() >= limits::kMailParts - 1) {
    stop(Finding::kLimitParts);
    return kNone;
  }
  if (tree_.at(parent).depth >= limits::kMailDepth) {
    stop(Finding::kLimitDepth);
    return kNone;
  }
  Node node;
  node.file = true;
  node.derived = true;
  node.buffer = buffer;
  node.end = tree_.buffer(buffer).size();
  node.name = std::move(name);
  node.declared_type = std::move(declared);
  node.media_type = node.declared_type.empty() ? "application/octet-stream" : node.declared_type;
  return tree_.add(parent, std::move(node));
}

}  // namespace kiyome::sanitizer::mail

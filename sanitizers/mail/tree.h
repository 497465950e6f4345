// The tree of a mail as the scanner finds it and the assembly completes it. Nodes never move in meaning: an
// index stays valid, children are linked in order. Buffers hold the original (0) and whatever had to be
// decoded to be looked into.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/types.h"
#include "sanitizers/mail/fields.h"
#include "sanitizers/mail/parameter.h"
#include "sanitizers/mail/transfer.h"

namespace kiyome::sanitizer::mail {

inline constexpr std::int32_t kNone = -1;

struct Node {
  // Where it stands.
  std::int32_t parent = kNone, first_child = kNone, last_child = kNone, next = kNone;
  std::uint32_t depth = 0;
  std::uint32_t buffer = 0;
  bool derived = false;                      // made of its parent's decoded content: its span is its parent's
  std::size_t begin = 0, body = 0, end = 0;  // header [begin, body), content [body, end) of the buffer
  std::size_t preamble_end = 0;              // of a container: content before its first boundary line
  std::size_t epilogue = 0;                  // and behind its last one (0 = none)

  // What its header says.
  bool message = false;  // its header is a message's header (From, Subject …)
  bool file = false;     // no header: a file out of a wrapping (TNEF, uuencode), named by `name`
  bool alone = false;    // its text does not belong to the body text (found where no reader looks)
  Fields fields;
  Parameterized type, disposition;
  std::string media_type;               // what it is treated as, lower case, never empty
  std::string declared_type;            // what a valid Content-Type said, or empty
  std::vector<std::string> boundaries;  // every reading of its boundary parameters
  Encoding encoding = Encoding::identity;
  bool container = false;  // its children are its content
  bool listed = false;     // a container or a shown text that is listed all the same

  // What the assembly adds.
  clean::Role role = clean::Role::attachment;
  std::string name, content_id, location, detected_type;
  bool names_differ = false;  // it has two names that mean different kinds of file
  std::uint64_t size = 0;
  std::array<std::uint8_t, 32> sha256{};
  std::vector<clean::Finding> findings;

  bool has(clean::Finding finding) const;
  bool is(std::string_view lower_type) const { return media_type == lower_type; }
  bool is_multipart() const { return media_type.compare(0, 10, "multipart/") == 0; }
};

class Tree {
 public:
  explicit Tree(std::string_view original) { buffers_.push_back(original); }

  std::vector<Node>& nodes() { return nodes_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  Node& at(std::int32_t index) { return nodes_[static_cast<std::size_t>(index)]; }
  const Node& at(std::int32_t index) const { return nodes_[static_cast<std::size_t>(index)]; }
  std::int32_t size() const { return static_cast<std::int32_t>(nodes_.size()); }

  std::string_view buffer(std::uint32_t number) const { return buffers_[number]; }
  // Keeps decoded octets for as long as the tree. Result: the number of the new buffer.
  std::uint32_t keep(std::string octets) {
    kept_bytes_ += octets.size();
    owned_.push_back(std::move(octets));
    buffers_.emplace_back(owned_.back());
    return static_cast<std::uint32_t>(buffers_.size() - 1);
  }
  // A window into octets that live as long as the tree.
  std::uint32_t view(std::string_view octets) {
    buffers_.push_back(octets);
    return static_cast<std::uint32_t>(buffers_.size() - 1);
  }
  std::size_t kept_bytes() const { return kept_bytes_; }

  std::string_view content(const Node& node) const {
    return buffers_[node.buffer].substr(node.body, node.end - node.body);
  }

  // Adds a child behind its siblings. Result: its index. References to nodes are invalid afterwards.
  std::int32_t add(std::int32_t parent, Node node);

  // The state before children are added below `parent` on trial, and the way back to it.
  struct Mark {
    std::int32_t size = 0, parent = kNone, first_child = kNone, last_child = kNone;
  };
  Mark mark(std::int32_t parent) const {
    return {size(), parent, at(parent).first_child, at(parent).last_child};
  }
  void rollback(const Mark& mark);

 private:
  std::vector<Node> nodes_;
  std::deque<std::string> owned_;
  std::vector<std::string_view> buffers_;
  std::size_t kept_bytes_ = 0;
};

// Adds a finding once, at most kCleanFindings.
void note(std::vector<clean::Finding>& findings, clean::Finding finding);

}  // namespace kiyome::sanitizer::mail

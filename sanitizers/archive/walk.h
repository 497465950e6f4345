// How an archive is gone through: a walk finds the entries in the order of their parts and gives their octets
// to a visitor. Walked twice (to measure, then to deliver), with the same result each time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/findings.h"

namespace kiyome::sanitizer::archive {

// What is known of a file before its octets. Views live as long as the call.
struct EntryHead {
  std::string_view name;               // as stored, at most kArchiveNameOctets
  bool utf8 = false;                   // the archive says that the name is UTF-8
  std::string_view other_name;         // another name that some reader would use, or empty
  std::optional<std::uint64_t> size;   // unpacked, as the archive claims
  std::optional<clean::Finding> held;  // why its octets are not to be had: encrypted, a link …
  std::vector<clean::Finding> notes;
};

class Visitor {
 public:
  virtual ~Visitor() = default;
  enum class Wish { octets, pass_over, stop };
  // A file, or something else that is no folder.
  virtual Wish entry(const EntryHead& head) = 0;
  // Some of its octets, if they were wished for; false: no more of them.
  virtual bool octets(std::string_view some) = 0;
  // The end of its octets, and what is wrong with them.
  virtual void end_of_entry(std::optional<clean::Finding> trouble) = 0;
};

struct WalkEnd {
  std::optional<clean::Finding> refusal;  // the whole archive cannot be trusted or read
  std::vector<clean::Finding> notes;      // about the archive
};

class Walk {
 public:
  virtual ~Walk() = default;
  virtual WalkEnd walk(Visitor& visitor) = 0;
  // Whether entries can be passed over without unpacking them.
  virtual bool has_directory() const = 0;
};

}  // namespace kiyome::sanitizer::archive

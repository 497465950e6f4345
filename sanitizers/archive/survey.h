// The first walk through an archive: what each file is, how large, and whether it may be delivered. Holds one
// unpacked file at a time, and small ones for the delivery. Hostile input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clean/types.h"
#include "sanitizers/archive/walk.h"

namespace kiyome::sanitizer::archive {

// One entry after the first walk. `part.index` is its place from 1.
struct Found {
  std::string stored_name;
  bool utf8 = false;
  clean::Part part;
  bool whole = false;  // its octets could be had: size and digest are theirs
  bool kept = false;
  std::string octets;  // if kept
};

// Octets that grow in place: a large file does not need its size twice over while it grows.
class Growing {
 public:
  Growing() = default;
  Growing(const Growing&) = delete;
  Growing& operator=(const Growing&) = delete;
  ~Growing() { release(); }
  void append(std::string_view some);  // throws std::bad_alloc
  void clear() { size_ = 0; }
  void release();
  std::string_view view() const { return {data_, size_}; }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

class Survey : public Visitor {
 public:
  // `passable`: an entry can be passed over without unpacking it.
  explicit Survey(bool passable) : passable_(passable) {}

  Wish entry(const EntryHead& head) override;
  bool octets(std::string_view some) override;
  void end_of_entry(std::optional<clean::Finding> trouble) override;

  // Decodes all names together; after the walk.
  void name_entries();
  std::optional<clean::Finding> refusal() const { return refusal_; }
  std::vector<Found>& found() { return found_; }

 private:
  void measure(Found& found);
  void hold(Found& found, clean::Finding finding);
  bool give_up(clean::Finding finding);

  const bool passable_;
  std::vector<Found> found_;
  std::optional<clean::Finding> refusal_;
  std::optional<clean::Finding> trouble_;  // of the entry in hand
  std::string other_name_;                 // of the entry in hand
  Growing content_;
  std::uint64_t claimed_ = 0, expanded_ = 0, kept_ = 0;
};

}  // namespace kiyome::sanitizer::archive

// Header fields of the clean output grammar: one after another, unfolded, with the way back to where each
// octet stands. Trusts nothing. Linear. One FieldReader has one owner.
#pragma once

#include <string>
#include <string_view>

#include "service/gate/verify_fault.h"

namespace kiyome::gate {

class FieldReader {
 public:
  // Reads from `begin` of `octets`; a field that reaches beyond `end_max` is a fault.
  FieldReader(std::string_view octets, std::size_t begin, std::size_t end_max)
      : octets_(octets), at_(begin), end_max_(end_max) {}

  // Reads the next field, or passes over the empty line and then has no field. Faults count from the begin of
  // `octets`.
  Checked next();
  bool has_field() const { return !name_.empty(); }
  std::string_view name() const { return name_; }
  std::string_view value() const { return value_; }  // valid until next()
  std::size_t field_offset() const { return begin_; }
  std::size_t at() const { return at_; }  // behind what was read

  // Where the octet `value_offset` of the value stands.
  std::size_t offset_of(std::size_t value_offset) const;
  Checked placed(Checked bad) const {
    if (bad) bad->offset = offset_of(bad->offset);
    return bad;
  }
  // Lines that hold an encoded word are at most 76 octets (RFC 2047 section 2).
  Checked check_word_lines() const;

 private:
  Checked read_line(std::size_t& end) const;

  std::string_view octets_;
  std::size_t at_, end_max_;
  std::size_t begin_ = 0, value_begin_ = 0;
  std::string_view name_, value_;
  std::string unfolded_;
};

}  // namespace kiyome::gate

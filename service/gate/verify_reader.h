// Reads a strict text front to back. The first thing that does not stand there stays as the fault; from then
// on nothing is read and every number is 0. Trusts nothing. Linear; not thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "service/gate/verify_fault.h"

namespace kiyome::gate {

class Reader {
 public:
  explicit Reader(std::string_view octets) : octets_(octets) {}

  // What is read from here on; said when something else stands there.
  void about(const char* reason) { reason_ = reason; }

  void expect(std::string_view literal);
  bool eat(std::string_view literal);  // true, and passed, when it stands here
  // Decimal without sign and leading zeros.
  std::uint64_t number(std::uint64_t min, std::uint64_t max);
  // The same with at most three digits behind a point, in thousandths (PDF.md: R).
  std::uint32_t thousandths(std::uint32_t min, std::uint32_t max);
  unsigned upper_hex(unsigned digits);  // at most 8
  std::string_view take(std::uint64_t size);

  void refuse(std::size_t offset, const char* reason);
  void refuse() { refuse(at_, reason_); }

  std::string_view rest() const { return bad_ ? std::string_view() : octets_.substr(at_); }
  std::size_t at() const { return at_; }
  bool done() const { return at_ == octets_.size(); }
  const Checked& bad() const { return bad_; }
  const char* reason() const { return reason_; }

 private:
  bool is_digit_here() const { return at_ < octets_.size() && octets_[at_] >= '0' && octets_[at_] <= '9'; }

  std::string_view octets_;
  std::size_t at_ = 0;
  const char* reason_ = "";
  Checked bad_;
};

}  // namespace kiyome::gate

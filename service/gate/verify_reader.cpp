#include "service/gate/verify_reader.h"

#include <algorithm>

namespace kiyome::gate {

void Reader::refuse(std::size_t offset, const char* reason) {
  if (!bad_) bad_ = fault(offset, reason);
}

void Reader::expect(std::string_view literal) {
  if (bad_ || eat(literal)) return;
  const std::string_view here = rest().substr(0, literal.size());
  const auto same = std::mismatch(here.begin(), here.end(), literal.begin()).first - here.begin();
  refuse(at_ + static_cast<std::size_t>(same), reason_);
}

bool Reader::eat(std::string_view literal) {
  if (bad_ || !octets_.substr(at_).starts_with(literal)) return false;
  at_ += literal.size();
  return true;
}

std::uint64_t Reader::number(std::uint64_t min, std::uint64_t max) {
  if (bad_) return 0;
  const std::size_t begin = at_;
  std::uint64_t value = 0;
  for (; is_digit_here(); ++at_) {
    const auto digit = static_cast<std::uint64_t>(octets_[at_] - '0');
    // No leading zero, and never past the end of what the number may be.
    if ((at_ > begin && value == 0) || digit > max || value > (max - digit) / 10) {
      refuse();
      return 0;
    }
    value = value * 10 + digit;
  }
  if (at_ == begin) refuse();
  if (value < min) refuse(begin, reason_);
  return bad_ ? 0 : value;
}

std::uint32_t Reader::thousandths(std::uint32_t min, std::uint32_t max) {
  const std::size_t begin = at_;
  std::uint64_t value = number(0, max / 1000) * 1000;
  if (eat(".")) {
    std::uint32_t unit = 100;
    char last = '0';
    for (; unit != 0 && is_digit_here(); ++at_, unit /= 10) {
      last = octets_[at_];
      value += static_cast<std::uint32_t>(last - '0') * unit;
    }
    if (last == '0' || is_digit_here()) refuse();  // no digit, a zero at the end, or a fourth one
  }
  if (value < min || value > max) refuse(begin, reason_);
  return bad_ ? 0 : static_cast<std::uint32_t>(value);
}

unsigned Reader::upper_hex(unsigned digits) {
  unsigned value = 0;
  for (; digits != 0 && !bad_; --digits) {
    const char c = done() ? '\0' : octets_[at_];
    if (c >= '0' && c <= '9') {
      value = value << 4 | static_cast<unsigned>(c - '0');
    } else if (c >= 'A' && c <= 'F') {
      value = value << 4 | static_cast<unsigned>(c - 'A' + 10);
    } else {
      refuse();
      return 0;
    }
    ++at_;
  }
  return bad_ ? 0 : value;
}

std::string_view Reader::take(std::uint64_t size) {
  if (bad_) return {};
  if (size > octets_.size() - at_) {
    refuse();
    return {};
  }
  const std::string_view out = octets_.substr(at_, static_cast<std::size_t>(size));
  at_ += out.size();
  return out;
}

}  // namespace kiyome::gate

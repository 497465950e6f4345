#include "service/gate/verify_fields.h"

#include <algorithm>

#include "proto/base/limits.h"

namespace kiyome::gate {
namespace {

constexpr std::size_t kWordLine = 76;

}  // namespace

// One line at at_: printable ASCII, not too long; `end` is where its CRLF stands.
Checked FieldReader::read_line(std::size_t& end) const {
  std::size_t i = at_;
  while (i < octets_.size() && octets_[i] >= 0x20 && octets_[i] <= 0x7E) ++i;
  if (octets_.substr(i, 2) != "\r\n") return fault(i, "octet that no header field bears");
  if (i - at_ > limits::kCleanMailLine) return fault(at_, "line longer than 998 octets");
  if (i > at_ && octets_[i - 1] == ' ') return fault(i - 1, "space at the end of a header line");
  if (i > end_max_) return fault(end_max_, "header too long");
  end = i;
  return std::nullopt;
}

Checked FieldReader::next() {
  begin_ = at_;
  name_ = value_ = {};
  std::size_t end = 0;
  if (Checked bad = read_line(end)) return bad;
  at_ = end + 2;
  if (end == begin_) return std::nullopt;
  const std::size_t colon = octets_.substr(begin_, end - begin_).find(':');
  if (colon == std::string_view::npos || colon == 0) return fault(begin_, "not a header field");
  name_ = octets_.substr(begin_, colon);
  value_begin_ = begin_ + colon + 1;
  value_ = octets_.substr(value_begin_, end - value_begin_);
  if (at_ < octets_.size() && octets_[at_] == ' ') {
    unfolded_.assign(value_);
    while (at_ < octets_.size() && octets_[at_] == ' ') {
      if (Checked bad = read_line(end)) return bad;
      unfolded_.append(octets_, at_, end - at_);
      at_ = end + 2;
    }
    value_ = unfolded_;
  }
  if (value_.empty()) return std::nullopt;
  if (value_[0] != ' ') return fault(value_begin_, "no space after the field name");
  value_.remove_prefix(1);
  ++value_begin_;
  return std::nullopt;
}

std::size_t FieldReader::offset_of(std::size_t value_offset) const {
  // The SP after the colon may itself stand behind a fold.
  std::size_t at = value_begin_ - 1;
  for (std::size_t left = value_offset + 1; at < at_; ++at) {
    while (octets_.substr(at, 2) == "\r\n" && at + 2 < at_) at += 2;
    if (left-- == 0) break;
  }
  return at;
}

Checked FieldReader::check_word_lines() const {
  for (std::size_t line = begin_; line < at_;) {
    const std::size_t end = octets_.find('\r', line);
    if (end - line > kWordLine &&
        octets_.substr(line, end - line).find("=?UTF-8?B?") != std::string_view::npos)
      return fault(line, "line with an encoded word longer than 76 octets");
    line = end + 2;
  }
  return std::nullopt;
}

}  // namespace kiyome::gate

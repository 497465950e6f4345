// The codes that words of a clean PDF are written in, and the ToUnicode text that says what they mean
// (compose/PDF.md, "Codes"). Trusts nothing. Linear; memory for the characters beyond the basic plane alone.
#pragma once

#include <cstdint>
#include <string_view>

#include "service/gate/verify_fault.h"

namespace kiyome::gate {

class PdfCodes {
 public:
  // True when a word may show the code. Those from E000 on appear in order.
  bool shows(unsigned code);
  // `text` is the whole inflated ToUnicode: it maps the codes that were shown, each to a character of its
  // own.
  Checked check_to_unicode(std::string_view text) const;

  static constexpr std::size_t kFirstBeyond = 0xE000, kMostBeyond = 6400;

 private:
  std::size_t beyond_ = 0;  // codes from E000 on that were shown
};

}  // namespace kiyome::gate
